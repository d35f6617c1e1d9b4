// What making and comparing payload costs: both happen for every echo, next to a send and a recv of
// some microseconds.

#include <cstddef>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/loadgen/payload.h"

namespace echolab::loadgen {
namespace {

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void write(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  PayloadStream stream(1, bytes);
  std::vector<std::byte> message(bytes);
  for ([[maybe_unused]] auto _ : state) {
    stream.copy_to(message);
    stream.skip(bytes);
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

void verify(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const PayloadStream stream(1, bytes);
  std::vector<std::byte> message(bytes);
  stream.copy_to(message);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(stream.matching_prefix(message));
  count_bytes(state);
}

BENCHMARK(write)->Name("BM_PayloadWrite")->ArgName("bytes")->Arg(64)->Arg(64 << 10);
BENCHMARK(verify)->Name("BM_PayloadVerify")->ArgName("bytes")->Arg(64)->Arg(64 << 10);

}  // namespace
}  // namespace echolab::loadgen
