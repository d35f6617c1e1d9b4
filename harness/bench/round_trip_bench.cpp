// A whole round trip against each of the kit's servers: `BM_RoundTrip/select/clients:10/bytes:64`.
// One iteration is one echo; its time is the run's duration divided by the echoes, while p50_us and
// p99_us are what a single client waits for.

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "harness/bench/server_process.h"
#include "harness/loadgen/run.h"

namespace echolab::bench {
namespace {

// The servers' programs lie beside this one.
std::string program_of(std::string model) {
  std::replace(model.begin(), model.end(), '-', '_');
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path() / (model + "_server");
}

loadgen::Result measure(const benchmark::State& state, const std::string& model) {
  const ServerProcess server(program_of(model));
  loadgen::Workload workload;
  workload.port = server.port();
  workload.clients = static_cast<unsigned>(state.range(0));
  workload.bytes = static_cast<std::size_t>(state.range(1));
  workload.requests = state.max_iterations;
  const std::atomic<bool> never_interrupted{false};
  return loadgen::run(workload, never_interrupted);
}

double microseconds(const loadgen::Result& result, double percentile) {
  return static_cast<double>(result.tally.latency.value_at_percentile(percentile)) / 1000;
}

void report(benchmark::State& state, const loadgen::Result& result) {
  if (!result.void_reasons.empty()) return state.SkipWithError(result.void_reasons.front().c_str());
  state.SetIterationTime(result.seconds);
  state.counters["p50_us"] = microseconds(result, 50);
  state.counters["p99_us"] = microseconds(result, 99);
  state.counters["echoes/s"] = result.echoes_per_second();
}

void round_trip(benchmark::State& state, const std::string& model) {
  // All iterations in one go: they are one closed-loop run, not that many separate ones.
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(state.max_iterations))) {
    try {
      report(state, measure(state, model));
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
    if (state.error_occurred()) return;
  }
}

void register_for(const std::string& model) {
  auto* const family =
      benchmark::RegisterBenchmark(("BM_RoundTrip/" + model).c_str(),
                                   [model](benchmark::State& state) { round_trip(state, model); });
  family->ArgNames({"clients", "bytes"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  family->Args({1, 64});
  // An iterative server takes one client at a time: with more, there is nothing to measure.
  if (model != "iterative") family->Args({10, 64})->Args({100, 64});
}

}  // namespace
}  // namespace echolab::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const char* model :
       {"iterative", "thread-per-client", "select", "poll", "asio-callbacks", "fork-per-client"}) {
    echolab::bench::register_for(model);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
