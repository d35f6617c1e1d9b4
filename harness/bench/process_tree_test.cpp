#include "harness/bench/process_tree.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include <gtest/gtest.h>

namespace echolab::bench {
namespace {

constexpr std::clock_t kSpent = CLOCKS_PER_SEC / 50;

/// Computes for 20 ms of CPU time, says so, and waits for the end of `lifeline`.
[[noreturn]] void compute_and_wait(int report, int lifeline) {
  while (std::clock() < kSpent) continue;
  char byte = 'x';
  if (::write(report, &byte, 1) == 1) [[maybe_unused]]
    const auto end = ::read(lifeline, &byte, 1);
  ::_exit(0);
}

/// A child that does nothing, with a child of its own that has computed.
class ProcessTree : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe(report_.data()), 0);
    ASSERT_EQ(::pipe(lifeline_.data()), 0);
    child_ = ::fork();
    if (child_ == 0) live();
    char byte = 0;
    ASSERT_EQ(::read(report_[0], &byte, 1), 1);
  }

  void TearDown() override {
    ::close(lifeline_[1]);
    ::waitpid(child_, nullptr, 0);
    for (const int fd : {report_[0], report_[1], lifeline_[0]}) ::close(fd);
  }

  [[noreturn]] void live() const {
    ::close(lifeline_[1]);
    const pid_t grandchild = ::fork();
    if (grandchild == 0) compute_and_wait(report_[1], lifeline_[0]);
    ::waitpid(grandchild, nullptr, 0);
    ::_exit(0);
  }

  std::array<int, 2> report_{};
  std::array<int, 2> lifeline_{};
  pid_t child_ = -1;
};

TEST_F(ProcessTree, HoldsTheRootAndAllThatDescendsFromIt) {
  const auto tree = process_tree(child_);
  EXPECT_EQ(tree.size(), 2);
  EXPECT_EQ(tree.front(), child_);
}

TEST_F(ProcessTree, CountsTheCpuTimeOfAGrandchild) {
  EXPECT_GE(process_tree_cpu_seconds(child_), static_cast<double>(kSpent) / CLOCKS_PER_SEC);
}

TEST_F(ProcessTree, CountsNothingOfWhatHasEnded) {
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  ::waitpid(ended, nullptr, 0);
  EXPECT_EQ(process_tree_cpu_seconds(ended), 0);
}

}  // namespace
}  // namespace echolab::bench
