#include "04_poll/selector.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/unique_fd.h"

namespace echolab {
namespace {

constexpr int kAtOnce = 0;          // milliseconds
constexpr int kPatience = 20'000;   // milliseconds: for what is sure to come, on a loaded machine
constexpr std::size_t kMany = 300;  // pairs of sockets: their descriptors fit FD_SETSIZE

/// Two sockets: what one sends the other receives.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near = UniqueFd(ends[0]);
    far = UniqueFd(ends[1]);
  }

  [[nodiscard]] int fd() const { return near.get(); }
  void send_from_far() const { EXPECT_EQ(::send(far.get(), "x", 1, MSG_NOSIGNAL), 1); }
  void receive() const {
    char byte = 0;
    EXPECT_EQ(::recv(near.get(), &byte, 1, 0), 1);
  }
  void fill() const {
    const std::array<char, 4096> bytes{};
    while (::send(near.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    }
  }

  UniqueFd near;
  UniqueFd far;
};

/// The tests are the same for all selectors: it is the point of the interface.
class SelectorTest : public ::testing::TestWithParam<std::string> {
 protected:
  /// What `fd` is ready for; 0 if it is not reported.
  Selector::Events events_of(int fd, int timeout = kAtOnce) {
    Selector::Events events = 0;
    for (const Selector::Ready& ready : selector_->select(timeout)) {
      if (ready.fd == fd) events |= ready.events;
    }
    return events;
  }

  std::unique_ptr<Selector> selector_ = make_selector(GetParam());
  Pair pair_;
};

INSTANTIATE_TEST_SUITE_P(Selectors, SelectorTest, ::testing::Values("epoll", "poll", "select"),
                         [](const auto& name) { return name.param; });

TEST_P(SelectorTest, nothing_is_ready_when_nothing_is_registered) {
  EXPECT_TRUE(selector_->select(kAtOnce).empty());
}

TEST_P(SelectorTest, a_silent_descriptor_is_not_reported) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  EXPECT_TRUE(selector_->select(kAtOnce).empty());
}

TEST_P(SelectorTest, a_descriptor_with_bytes_to_read_is_reported) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead);
}

TEST_P(SelectorTest, readiness_is_reported_until_it_is_used) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead);
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead);
  pair_.receive();
  EXPECT_EQ(events_of(pair_.fd()), 0U);
}

TEST_P(SelectorTest, a_descriptor_with_room_is_ready_for_writing) {
  selector_->register_fd(pair_.fd(), Selector::kWrite);
  EXPECT_EQ(events_of(pair_.fd()), Selector::kWrite);
}

TEST_P(SelectorTest, a_full_descriptor_is_not_ready_for_writing) {
  selector_->register_fd(pair_.fd(), Selector::kWrite);
  pair_.fill();
  EXPECT_EQ(events_of(pair_.fd()), 0U);
}

TEST_P(SelectorTest, both_events_are_reported_together) {
  selector_->register_fd(pair_.fd(), Selector::kRead | Selector::kWrite);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead | Selector::kWrite);
}

TEST_P(SelectorTest, only_the_events_that_were_asked_for_are_reported) {
  selector_->register_fd(pair_.fd(), Selector::kWrite);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kWrite);
}

TEST_P(SelectorTest, modify_replaces_the_events) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  selector_->modify(pair_.fd(), Selector::kWrite);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kWrite);
}

TEST_P(SelectorTest, a_descriptor_modified_to_no_events_is_passed_over_until_it_is_modified_back) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.send_from_far();
  selector_->modify(pair_.fd(), 0);
  EXPECT_EQ(events_of(pair_.fd()), 0U);
  selector_->modify(pair_.fd(), Selector::kRead);
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead);
}

TEST_P(SelectorTest, an_unregistered_descriptor_is_not_reported) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.send_from_far();
  selector_->unregister(pair_.fd());
  EXPECT_TRUE(selector_->select(kAtOnce).empty());
}

TEST_P(SelectorTest, a_descriptor_may_be_registered_again) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  selector_->unregister(pair_.fd());
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.send_from_far();
  EXPECT_EQ(events_of(pair_.fd()), Selector::kRead);
}

TEST_P(SelectorTest, a_descriptor_may_be_unregistered_just_after_it_was_closed) {
  const int fd = pair_.fd();
  selector_->register_fd(fd, Selector::kRead);
  pair_.near.reset();
  selector_->unregister(fd);
  EXPECT_TRUE(selector_->select(kAtOnce).empty());
}

TEST_P(SelectorTest, the_end_of_the_stream_is_something_to_read) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  pair_.far.reset();
  EXPECT_NE(events_of(pair_.fd()) & Selector::kRead, 0U);
}

TEST_P(SelectorTest, a_hang_up_is_reported_to_a_descriptor_that_waits_for_room) {
  pair_.fill();
  selector_->register_fd(pair_.fd(), Selector::kWrite);
  pair_.far.reset();
  EXPECT_NE(events_of(pair_.fd()) & Selector::kWrite, 0U);
}

TEST_P(SelectorTest, it_sleeps_until_a_descriptor_is_ready) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  const std::jthread sender([this] { pair_.send_from_far(); });
  EXPECT_EQ(events_of(pair_.fd(), kPatience), Selector::kRead);
}

TEST_P(SelectorTest, it_sleeps_for_ever_with_minus_one) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  const std::jthread sender([this] { pair_.send_from_far(); });
  EXPECT_EQ(events_of(pair_.fd(), -1), Selector::kRead);
}

TEST_P(SelectorTest, it_wakes_after_the_time_out) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  EXPECT_TRUE(selector_->select(1).empty());
}

TEST_P(SelectorTest, exactly_the_ready_ones_of_many_are_reported) {
  std::vector<Pair> pairs(kMany);
  for (const Pair& pair : pairs) selector_->register_fd(pair.fd(), Selector::kRead);
  std::vector<int> expected;
  for (std::size_t i = 0; i < kMany; i += 7) {
    pairs[i].send_from_far();
    expected.push_back(pairs[i].fd());
  }
  std::vector<int> reported;
  for (const Selector::Ready& ready : selector_->select(kAtOnce)) reported.push_back(ready.fd);
  std::sort(reported.begin(), reported.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(reported, expected);
}

TEST_P(SelectorTest, descriptors_may_be_unregistered_and_registered_while_the_answer_is_read) {
  std::vector<Pair> pairs(kMany);
  for (const Pair& pair : pairs) {
    pair.send_from_far();
    selector_->register_fd(pair.fd(), Selector::kRead);
  }
  std::size_t reported = 0;
  for (const Selector::Ready& ready : selector_->select(kAtOnce)) {
    selector_->unregister(ready.fd);
    if (++reported % 2 == 0) selector_->register_fd(ready.fd, Selector::kRead);
  }
  EXPECT_EQ(reported, kMany);
  EXPECT_EQ(selector_->select(kAtOnce).size(), kMany / 2);
}

/// While it lives, a signal comes every few milliseconds, and interrupts whatever call blocks.
class RepeatedSignal {
 public:
  RepeatedSignal() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &before_);
    every(5000);
  }
  ~RepeatedSignal() {
    every(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  RepeatedSignal(const RepeatedSignal&) = delete;
  RepeatedSignal& operator=(const RepeatedSignal&) = delete;

 private:
  static void every(suseconds_t microseconds) {
    const itimerval timer{{0, microseconds}, {0, microseconds}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction before_ {};
};

TEST_P(SelectorTest, a_signal_ends_the_sleep_with_an_empty_answer) {
  selector_->register_fd(pair_.fd(), Selector::kRead);
  const RepeatedSignal signal;
  EXPECT_TRUE(selector_->select(-1).empty());
}

/// While it lives, the soft limit of descriptors is `limit`, or the hard limit if that is lower.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lowered{std::min(limit, before_.rlim_max), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(PollSelectorTest, beyond_the_limit_of_descriptors_the_newest_is_lost) {
  constexpr int kLimit = 64;
  const auto selector = make_selector("poll");
  const Pair pair;
  std::vector<UniqueFd> watched;
  while (watched.size() < kLimit + 1) {
    // Their numbers begin at the limit: below it sanitizers need some descriptors of their own.
    watched.emplace_back(::fcntl(pair.fd(), F_DUPFD_CLOEXEC, kLimit));
    selector->register_fd(watched.back().get(), Selector::kRead);
  }
  pair.send_from_far();

  const DescriptorLimit limit(kLimit);
  const auto lost = selector->select(kAtOnce);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].fd, watched.back().get());
  EXPECT_EQ(lost[0].events, Selector::kLost);

  selector->unregister(watched.back().get());
  EXPECT_EQ(selector->select(kAtOnce).size(), static_cast<std::size_t>(kLimit));
}

TEST(SelectSelectorTest, a_descriptor_that_does_not_fit_fd_setsize_is_refused) {
  const auto selector = make_selector("select");
  const Pair pair;
  const DescriptorLimit enough(FD_SETSIZE + 1);
  const UniqueFd last_that_fits(::fcntl(pair.fd(), F_DUPFD_CLOEXEC, FD_SETSIZE - 1));
  const UniqueFd first_that_does_not(::fcntl(pair.fd(), F_DUPFD_CLOEXEC, FD_SETSIZE));
  if (!first_that_does_not) GTEST_SKIP() << "the hard limit of descriptors is too low";
  EXPECT_NO_THROW(selector->register_fd(last_that_fits.get(), Selector::kRead));
  EXPECT_THROW(selector->register_fd(first_that_does_not.get(), Selector::kRead),
               std::out_of_range);
}

TEST(MakeSelectorTest, a_name_that_is_none_is_refused) {
  EXPECT_THROW(static_cast<void>(make_selector("kqueue")), std::invalid_argument);
}

}  // namespace
}  // namespace echolab
