#include "harness/loadgen/verdict.h"

#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"

namespace echolab::loadgen {
namespace {

constexpr std::uint64_t kMicroseconds = 1000;
constexpr std::uint64_t kMilliseconds = 1'000'000;

// Of an open loop in which 10 % of the requests were slow and noticed late.
Tally open_loop(std::uint64_t lag, std::uint64_t latency) {
  Tally tally;
  tally.open_loop.emplace();
  for (int i = 0; i < 100; ++i) {
    tally.open_loop->schedule_lag.record(i < 90 ? 20 * kMicroseconds : lag);
    tally.latency.record(i < 90 ? 50 * kMicroseconds : latency);
  }
  return tally;
}

TEST(LatenessReason, there_is_none_for_what_every_timer_takes) {
  EXPECT_FALSE(lateness_reason(open_loop(200 * kMicroseconds, 230 * kMicroseconds)));
}

TEST(LatenessReason, names_both_figures_and_the_remedy) {
  const auto reason = lateness_reason(open_loop(3 * kMilliseconds, 4 * kMilliseconds));
  ASSERT_TRUE(reason);
  EXPECT_CONTAINS(*reason, "3.00 ms late at p99");
  EXPECT_CONTAINS(*reason, "a p99 of 4.00 ms");
  EXPECT_CONTAINS(*reason, "free a processor");
}

TEST(LatenessReason, there_is_none_beside_a_server_that_is_much_slower) {
  EXPECT_FALSE(lateness_reason(open_loop(3 * kMilliseconds, 180 * kMilliseconds)));
}

TEST(LatenessReason, there_is_none_in_a_closed_loop) {
  Tally tally;
  tally.latency.record(kMilliseconds);
  EXPECT_FALSE(lateness_reason(tally));
}

}  // namespace
}  // namespace echolab::loadgen
