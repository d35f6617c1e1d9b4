// What the latency recorder costs: it runs once for every echo, so it must not show in the figures.

#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/loadgen/histogram.h"

namespace echolab::loadgen {
namespace {

// Latencies as a loaded server's: most near 100 us, a few a hundred times that.
std::vector<std::uint64_t> latencies() {
  std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp): the same values in every run
  std::lognormal_distribution<double> distribution(11.5, 1.0);
  std::vector<std::uint64_t> values(4096);
  for (std::uint64_t& value : values) value = static_cast<std::uint64_t>(distribution(random));
  return values;
}

Histogram filled() {
  Histogram histogram;
  for (const std::uint64_t value : latencies()) histogram.record(value);
  return histogram;
}

void record(benchmark::State& state) {
  const auto values = latencies();
  Histogram histogram;
  std::size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    histogram.record(values[next++ % values.size()]);
    benchmark::ClobberMemory();
  }
}

void merge(benchmark::State& state) {
  Histogram sum;
  const Histogram part = filled();
  for ([[maybe_unused]] auto _ : state) {
    sum.merge(part);
    benchmark::ClobberMemory();
  }
}

void percentile(benchmark::State& state) {
  const Histogram histogram = filled();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(histogram.value_at_percentile(99));
}

BENCHMARK(record)->Name("BM_HistogramRecord");
BENCHMARK(merge)->Name("BM_HistogramMerge");
BENCHMARK(percentile)->Name("BM_HistogramPercentile");

}  // namespace
}  // namespace echolab::loadgen
