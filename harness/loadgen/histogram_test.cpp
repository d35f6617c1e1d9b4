#include "harness/loadgen/histogram.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace echolab::loadgen {
namespace {

Histogram recorded(std::initializer_list<std::uint64_t> values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  return histogram;
}

Histogram one_to(std::uint64_t last) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= last; ++value) histogram.record(value);
  return histogram;
}

// The layout for 3 significant digits and a highest value of 3.6e12: 2048 sub-buckets, and as many
// doublings of 2048 as it takes to pass the highest value (2048 * 2^31 > 3.6e12).
TEST(HistogramLayout, has_the_published_number_of_buckets) {
  EXPECT_EQ(Histogram::sub_bucket_count(), 2048U);
  EXPECT_EQ(Histogram::bucket_count(), 32U);
}

TEST(HistogramLayout, keeps_small_values_apart) {
  for (const std::uint64_t value : {0, 1, 1000, 2046, 2047}) {
    EXPECT_EQ(Histogram::lowest_equivalent(value), value);
    EXPECT_EQ(Histogram::highest_equivalent(value), value);
  }
}

TEST(HistogramLayout, doubles_the_width_with_every_doubling_of_the_value) {
  EXPECT_EQ(Histogram::lowest_equivalent(2049), 2048U);
  EXPECT_EQ(Histogram::highest_equivalent(2048), 2049U);
  EXPECT_EQ(Histogram::highest_equivalent(4095), 4095U);
  EXPECT_EQ(Histogram::lowest_equivalent(4099), 4096U);
  EXPECT_EQ(Histogram::highest_equivalent(4096), 4099U);
  EXPECT_EQ(Histogram::lowest_equivalent(10'007), 10'000U);
  EXPECT_EQ(Histogram::highest_equivalent(10'000), 10'007U);
}

TEST(HistogramLayout, is_never_coarser_than_a_thousandth) {
  for (std::uint64_t value = 1; value < Histogram::kHighestValue; value = value * 3 / 2 + 1) {
    const auto lowest = Histogram::lowest_equivalent(value);
    const auto highest = Histogram::highest_equivalent(value);
    ASSERT_LE(lowest, value);
    ASSERT_GE(highest, value);
    ASSERT_LE((highest - lowest) * 1000, value) << value;
  }
}

TEST(HistogramLayout, leaves_no_gap_and_no_overlap) {
  std::uint64_t value = 0;
  while (value < Histogram::kHighestValue) {
    ASSERT_EQ(Histogram::lowest_equivalent(value), value);
    value = Histogram::highest_equivalent(value) + 1;
  }
}

TEST(Histogram, has_nothing_to_say_when_empty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.value_at_percentile(99), 0U);
  EXPECT_TRUE(histogram.percentile_steps().empty());
}

TEST(Histogram, finds_percentiles_by_rank) {
  const Histogram histogram = one_to(1000);
  EXPECT_EQ(histogram.value_at_percentile(0), 1U);
  EXPECT_EQ(histogram.value_at_percentile(50), 500U);
  EXPECT_EQ(histogram.value_at_percentile(90), 900U);
  EXPECT_EQ(histogram.value_at_percentile(99.9), 999U);
  EXPECT_EQ(histogram.value_at_percentile(100), 1000U);
}

TEST(Histogram, rounds_a_percentile_to_the_highest_equivalent_value) {
  EXPECT_EQ(recorded({10'000}).value_at_percentile(50), 10'007U);
  EXPECT_EQ(recorded({10'000}).max(), 10'007U);
}

// The case that HdrHistogram was made for: 10,000 quick answers and one of 100 s, in microseconds.
// 100,000,000 >> 16 = 1525 is a sub-bucket, whose last value is (1526 << 16) - 1.
TEST(Histogram, tells_one_long_stall_from_many_quick_answers) {
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) histogram.record(1000);
  histogram.record(100'000'000);
  EXPECT_EQ(histogram.value_at_percentile(99.99), 1000U);
  EXPECT_EQ(histogram.value_at_percentile(99.999), 100'007'935U);
  EXPECT_NEAR(histogram.mean(), (10'000 * 1000.0 + 100'000'000.0) / 10'001, 10);
}

TEST(Histogram, takes_mean_and_deviation_from_the_middles_of_the_buckets) {
  const Histogram histogram = recorded({2048, 2049, 4096, 4099});  // middles 2049, 2049, 4098, 4098
  EXPECT_DOUBLE_EQ(histogram.mean(), 3073.5);
  EXPECT_DOUBLE_EQ(histogram.standard_deviation(), 1024.5);
}

TEST(Histogram, counts_what_is_too_long_as_the_longest) {
  EXPECT_EQ(recorded({~std::uint64_t{0}}).max(),
            Histogram::highest_equivalent(Histogram::kHighestValue));
}

TEST(Histogram, merged_is_as_if_recorded_in_one) {
  Histogram both = recorded({5, 5000, 70'000});
  both.merge(recorded({7, 900'000}));
  const Histogram one = recorded({5, 5000, 70'000, 7, 900'000});
  EXPECT_EQ(both.count(), one.count());
  EXPECT_EQ(both.max(), one.max());
  EXPECT_EQ(both.mean(), one.mean());
  for (const double percentile : {0, 20, 40, 60, 80, 100}) {
    EXPECT_EQ(both.value_at_percentile(percentile), one.value_at_percentile(percentile));
  }
}

}  // namespace
}  // namespace echolab::loadgen
