#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace echolab::loadgen {

/// Counts of latencies in nanoseconds, up to an hour, to 3 significant digits: an HdrHistogram.
///
/// The layout is the published one (http://hdrhistogram.org; highest trackable value 3.6e12, lowest
/// discernible value 1), so that figures and files compare with those of other tools. Values
/// below 2048 have a bucket of their own; from there on, buckets are twice as wide in every
/// doubling of the value, 1024 of them each, so that a bucket is never wider than a thousandth of
/// what it holds. All values of one bucket are *equivalent*. Recording is a shift and an increment.
class Histogram {
 public:
  static constexpr std::uint64_t kHighestValue = 3'600'000'000'000;

  Histogram();

  /// Counts one value; what exceeds kHighestValue is counted as that.
  void record(std::uint64_t value) {
    value = value < kHighestValue ? value : kHighestValue;
    ++counts_[index_of(value)];
    ++count_;
    if (value > max_) max_ = value;
  }

  /// Adds all that `other` counted.
  void merge(const Histogram& other);

  /// How many values were recorded.
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// The highest value equivalent to the largest recorded; 0 when there is none.
  [[nodiscard]] std::uint64_t max() const { return count_ == 0 ? 0 : highest_equivalent(max_); }

  /// From the middles of the buckets, as the published algorithm has it; 0 when there are none.
  [[nodiscard]] double mean() const;
  [[nodiscard]] double standard_deviation() const;

  /// The smallest bucket edge with at least `percentile` per cent (0 to 100) of the values at or
  /// below it: the highest value equivalent to that percentile; 0 when nothing was recorded.
  [[nodiscard]] std::uint64_t value_at_percentile(double percentile) const;

  /// A row of the percentile distribution.
  struct Step {
    std::uint64_t value;       ///< The highest equivalent value at...
    double percentile;         ///< ...this percentile, 0 to 100.
    std::uint64_t cumulative;  ///< How many values are at or below it.
  };

  /// The distribution in steps that shrink towards 100 %: `ticks_per_half` of them in every halving
  /// of the distance. The last one is 100.
  [[nodiscard]] std::vector<Step> percentile_steps(unsigned ticks_per_half = 5) const;

  /// The smallest and the largest value that share a bucket with `value`.
  [[nodiscard]] static std::uint64_t lowest_equivalent(std::uint64_t value);
  [[nodiscard]] static std::uint64_t highest_equivalent(std::uint64_t value);

  /// The layout's figures, as the file format wants them.
  [[nodiscard]] static unsigned bucket_count();
  [[nodiscard]] static unsigned sub_bucket_count();

 private:
  [[nodiscard]] static std::size_t index_of(std::uint64_t value);
  [[nodiscard]] static std::uint64_t value_at(std::size_t index);
  [[nodiscard]] static double middle_of(std::size_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

// Published names: a *bucket* is a doubling of the range, its *sub-buckets* the actual counters.
namespace layout {

// Values below twice 10^3 need a resolution of one for three digits; the next power of two is 2048.
constexpr unsigned kSubBucketBits = 11;
constexpr std::uint64_t kSubBuckets = std::uint64_t{1} << kSubBucketBits;
constexpr std::uint64_t kHalf = kSubBuckets / 2;

/// How far `value` has to be shifted to become a sub-bucket's number: 0 below 2048, 1 below 4096...
constexpr unsigned bucket_of(std::uint64_t value) {
  return 64 - kSubBucketBits - static_cast<unsigned>(__builtin_clzll(value | (kSubBuckets - 1)));
}

}  // namespace layout

// Only the first bucket uses its lower half (the lower half of every other is the bucket before),
// so that bucket b starts at (b + 1) * kHalf less the kHalf that it lacks.
inline std::size_t Histogram::index_of(std::uint64_t value) {
  const unsigned bucket = layout::bucket_of(value);
  return bucket * layout::kHalf + (value >> bucket);
}

}  // namespace echolab::loadgen
