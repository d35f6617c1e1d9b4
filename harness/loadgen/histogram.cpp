#include "harness/loadgen/histogram.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace echolab::loadgen {
namespace {

// The published algorithm's tick: `ticks_per_half` steps in each half of what is left to 100 %.
double next_level(double level, unsigned ticks_per_half) {
  const double halvings = std::floor(std::log2(100.0 / (100.0 - level)));
  return level + 100.0 / (ticks_per_half * std::exp2(halvings + 1));
}

}  // namespace

Histogram::Histogram() : counts_((std::size_t{bucket_count()} + 1) * layout::kHalf) {}

unsigned Histogram::bucket_count() {
  return layout::bucket_of(kHighestValue) + 1;
}

unsigned Histogram::sub_bucket_count() {
  return layout::kSubBuckets;
}

std::uint64_t Histogram::value_at(std::size_t index) {
  if (index < layout::kSubBuckets) return index;
  const std::size_t bucket = index / layout::kHalf - 1;
  return (index - bucket * layout::kHalf) << bucket;
}

std::uint64_t Histogram::lowest_equivalent(std::uint64_t value) {
  return value_at(index_of(value));
}

std::uint64_t Histogram::highest_equivalent(std::uint64_t value) {
  return value_at(index_of(value) + 1) - 1;
}

double Histogram::middle_of(std::size_t index) {
  const std::uint64_t width = value_at(index + 1) - value_at(index);
  const std::uint64_t middle = value_at(index) + width / 2;
  return static_cast<double>(middle);
}

void Histogram::merge(const Histogram& other) {
  std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                 std::plus<>());
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
  if (count_ == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    sum += static_cast<double>(counts_[i]) * middle_of(i);
  }
  return sum / static_cast<double>(count_);
}

double Histogram::standard_deviation() const {
  if (count_ == 0) return 0;
  const double mean_value = mean();
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const double deviation = middle_of(i) - mean_value;
    sum += static_cast<double>(counts_[i]) * deviation * deviation;
  }
  return std::sqrt(sum / static_cast<double>(count_));
}

std::uint64_t Histogram::value_at_percentile(double percentile) const {
  if (count_ == 0) return 0;
  // One step down before rounding up: 99.9 % of 1000 values, in binary a little more than 999, are
  // 999 values and not 1000.
  const double bounded = std::clamp(std::nextafter(percentile, 0.0), 0.0, 100.0);
  const double exact = bounded * static_cast<double>(count_) / 100.0;
  const auto wanted = std::max(std::uint64_t{1}, static_cast<std::uint64_t>(std::ceil(exact)));
  std::uint64_t cumulative = 0;
  std::size_t index = 0;
  while ((cumulative += counts_[index]) < wanted) ++index;
  return highest_equivalent(value_at(index));
}

std::vector<Histogram::Step> Histogram::percentile_steps(unsigned ticks_per_half) const {
  std::vector<Step> steps;
  double level = 0;
  std::uint64_t cumulative = 0;
  for (std::size_t index = 0; cumulative < count_; ++index) {
    if (counts_[index] == 0) continue;
    cumulative += counts_[index];
    const std::uint64_t value = highest_equivalent(value_at(index));
    const double reached = 100.0 * static_cast<double>(cumulative) / static_cast<double>(count_);
    // The largest value gets one row at the level that was due, and then the row of 100 %.
    while (level <= reached) {
      steps.push_back({value, level, cumulative});
      if (cumulative == count_) break;
      level = next_level(level, ticks_per_half);
    }
  }
  if (count_ > 0) steps.push_back({max(), 100.0, count_});
  return steps;
}

}  // namespace echolab::loadgen
