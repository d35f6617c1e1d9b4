#include "common/log.h"

#include <gtest/gtest.h>

namespace echolab::log {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RateLimit::Clock::time_point kStart{seconds(1000)};

TEST(RateLimit, lets_the_first_line_pass) {
  RateLimit limit;
  EXPECT_TRUE(limit.lets_pass(kStart));
}

TEST(RateLimit, lets_one_line_a_second_pass) {
  RateLimit limit;
  ASSERT_TRUE(limit.lets_pass(kStart));
  EXPECT_FALSE(limit.lets_pass(kStart));
  EXPECT_FALSE(limit.lets_pass(kStart + milliseconds(999)));
  EXPECT_TRUE(limit.lets_pass(kStart + seconds(1)));
}

TEST(RateLimit, counts_the_second_from_the_last_line_that_has_passed) {
  RateLimit limit;
  ASSERT_TRUE(limit.lets_pass(kStart));
  EXPECT_TRUE(limit.lets_pass(kStart + milliseconds(1500)));
  EXPECT_FALSE(limit.lets_pass(kStart + milliseconds(2499)));
  EXPECT_TRUE(limit.lets_pass(kStart + milliseconds(2500)));
}

}  // namespace
}  // namespace echolab::log
