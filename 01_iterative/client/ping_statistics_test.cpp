#include "01_iterative/client/ping_statistics.h"

#include <gtest/gtest.h>

namespace echolab {
namespace {

using RoundTripTime = PingStatistics::RoundTripTime;

PingStatistics statistics_of(std::initializer_list<double> milliseconds) {
  PingStatistics statistics;
  for (const double time : milliseconds) {
    statistics.sent();
    statistics.received(RoundTripTime(time));
  }
  return statistics;
}

TEST(PingStatistics, the_summary_is_that_of_ping) {
  EXPECT_EQ(statistics_of({2, 4, 4, 4, 5, 5, 7, 9}).summary(),
            "8 sent, 8 received, 0% loss\n"
            "rtt min/avg/max/mdev = 2.000/5.000/9.000/2.000 ms\n");
}

TEST(PingStatistics, one_answer_deviates_from_nothing) {
  EXPECT_EQ(statistics_of({0.25}).summary(),
            "1 sent, 1 received, 0% loss\n"
            "rtt min/avg/max/mdev = 0.250/0.250/0.250/0.000 ms\n");
}

TEST(PingStatistics, without_an_answer_there_is_no_time_to_tell) {
  PingStatistics statistics;
  statistics.sent();
  statistics.sent();
  EXPECT_EQ(statistics.summary(), "2 sent, 0 received, 100% loss\n");
  EXPECT_FALSE(statistics.is_complete());
}

TEST(PingStatistics, nothing_sent_is_nothing_lost) {
  EXPECT_EQ(PingStatistics().summary(), "0 sent, 0 received, 0% loss\n");
}

TEST(PingStatistics, the_loss_is_a_share_of_what_was_sent) {
  PingStatistics statistics = statistics_of({1, 1, 1});
  EXPECT_TRUE(statistics.is_complete());
  statistics.sent();
  EXPECT_FALSE(statistics.is_complete());
  EXPECT_TRUE(statistics.summary().starts_with("4 sent, 3 received, 25% loss\nrtt "));
}

TEST(PingStatistics, the_deviation_of_long_times_keeps_its_digits) {
  const double hour = 3'600'000;
  EXPECT_NE(statistics_of({hour, hour + 0.002}).summary().find("/0.001 ms"), std::string::npos);
}

TEST(RoundTripTime, has_three_digits_and_its_unit) {
  EXPECT_EQ(to_text(RoundTripTime(0.0452)), "45.2 µs");
  EXPECT_EQ(to_text(RoundTripTime(1.234)), "1.23 ms");
  EXPECT_EQ(to_text(RoundTripTime(123.4)), "123 ms");
  EXPECT_EQ(to_text(RoundTripTime(0.99999)), "1000 µs");
  EXPECT_EQ(to_text(RoundTripTime(5432.1)), "5432 ms");
}

}  // namespace
}  // namespace echolab
