#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include "05_async/ring.h"
#include "common/cannot_run_here.h"
#include "common/unique_fd.h"

namespace echolab {

/// A ring, and two connected sockets. Skips the test where there is no io_uring.
class UringTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      require_io_uring();
    } catch (const CannotRunHere& error) {
      GTEST_SKIP() << error.what();
    }
    ring_ = std::make_unique<Ring>();
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    server_ = UniqueFd(pair[0]);
    client_ = UniqueFd(pair[1]);
  }

  /// Submits what is prepared, and hands on completions until there are no more. All that can be
  /// done is done at once, since no other thread is involved.
  template <typename Handle>
  void run_ring(Handle handle) {
    bool completed = true;
    while (completed) {
      completed = false;
      ring_->submit_and_wait(std::chrono::milliseconds(0));
      ring_->for_each_completion([&](const Completion& completion) {
        completed = true;
        handle(completion);
      });
    }
  }

  std::unique_ptr<Ring> ring_;
  UniqueFd server_;
  UniqueFd client_;
};

}  // namespace echolab
