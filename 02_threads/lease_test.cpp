#include "02_threads/lease.h"

#include <gtest/gtest.h>

namespace echolab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{5};
constexpr Lease::Clock::time_point kStart{seconds(1000)};

TEST(Lease, begins_with_a_sign) {
  const Lease lease(kPatience, kStart);
  EXPECT_EQ(lease.next_sign(), kStart);
  EXPECT_TRUE(lease.sign_is_due(kStart));
  EXPECT_FALSE(lease.is_lost(kStart));
}

TEST(Lease, is_renewed_after_a_third_of_what_the_server_remembers) {
  Lease lease(kPatience, kStart);
  lease.sign_given(kStart);
  lease.answered(seconds(60), kStart + seconds(1));
  EXPECT_EQ(lease.next_sign(), kStart + seconds(21));
  EXPECT_FALSE(lease.sign_is_due(kStart + milliseconds(20'999)));
  EXPECT_TRUE(lease.sign_is_due(kStart + seconds(21)));
}

TEST(Lease, repeats_a_sign_that_is_not_answered) {
  Lease lease(kPatience, kStart);
  lease.sign_given(kStart);
  EXPECT_EQ(lease.next_sign(), kStart + Lease::kRepeat);
  lease.sign_given(kStart + Lease::kRepeat);
  EXPECT_EQ(lease.next_sign(), kStart + 2 * Lease::kRepeat);
}

TEST(Lease, is_lost_when_no_sign_is_answered_for_too_long) {
  Lease lease(kPatience, kStart);
  lease.sign_given(kStart);
  lease.sign_given(kStart + seconds(4));
  EXPECT_FALSE(lease.is_lost(kStart + milliseconds(4'999)));
  EXPECT_TRUE(lease.is_lost(kStart + seconds(5)));
}

TEST(Lease, is_not_lost_while_no_sign_was_due) {
  Lease lease(kPatience, kStart);
  lease.sign_given(kStart);
  lease.answered(seconds(60), kStart);
  EXPECT_FALSE(lease.is_lost(kStart + seconds(59)));
}

TEST(Lease, counts_its_patience_anew_after_an_answer) {
  Lease lease(kPatience, kStart);
  lease.sign_given(kStart);
  lease.answered(seconds(60), kStart + seconds(4));
  lease.sign_given(kStart + seconds(24));
  EXPECT_FALSE(lease.is_lost(kStart + seconds(28)));
  EXPECT_TRUE(lease.is_lost(kStart + seconds(29)));
}

TEST(Lease, of_a_server_that_remembers_for_ever_is_renewed_to_see_whether_it_is_there) {
  Lease lease(kPatience, kStart);
  lease.answered(milliseconds(0), kStart);
  EXPECT_GE(lease.next_sign(), kStart + seconds(10));
  EXPECT_LE(lease.next_sign(), kStart + seconds(60));
}

TEST(Lease, of_a_server_that_remembers_next_to_nothing_is_not_renewed_without_pause) {
  Lease lease(kPatience, kStart);
  lease.answered(milliseconds(1), kStart);
  EXPECT_GT(lease.next_sign(), kStart + milliseconds(1));
}

}  // namespace
}  // namespace echolab
