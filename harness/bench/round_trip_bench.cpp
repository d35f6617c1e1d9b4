// A whole round trip against each of the kit's servers: round_trip/select/clients:10/bytes:64.
// One iteration is one echo, and its time the run's duration divided by the echoes. The counters:
// p50_us and p99_us are what a single client waits for, server_cpu_us is what the server's
// processes spend on an echo, in microseconds. "client-bound" means that the generator was the
// limit: then the time says nothing about the server, and server_cpu_us still does.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/bench/process_tree.h"
#include "harness/bench/server_process.h"
#include "harness/loadgen/run.h"

namespace echolab::bench {
namespace {

constexpr std::array<std::int64_t, 4> kClients{1, 10, 100, 1000};
constexpr std::array<std::int64_t, 2> kBytes{64, 16 * 1024};
constexpr std::uint64_t kEchoesAClient = 20;  // at least: the first few are no steady state
constexpr auto kWarmup = std::chrono::milliseconds(50);

// Models that take few clients at a time: with more, there is nothing to measure.
constexpr std::array<std::pair<const char*, std::int64_t>, 3> kMostClients{
    {{"iterative", 1}, {"prefork", 10}, {"thread-pool", 10}}};

struct Measured {
  loadgen::Result result;
  double server_cpu_seconds = 0;  // for the driven echoes
};

std::filesystem::path programs() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

// The models whose servers lie beside this program: what could not be built is not there.
std::vector<std::string> models() {
  const std::string ending = "_server";
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(programs())) {
    std::string name = entry.path().filename();
    if (name.size() <= ending.size() || !name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    std::replace(name.begin(), name.end(), '_', '-');
    found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string program_of(std::string model) {
  std::replace(model.begin(), model.end(), '-', '_');
  return programs() / (model + "_server");
}

Measured measure(const benchmark::State& state, const std::string& model) {
  const ServerProcess server(program_of(model));
  loadgen::Workload workload;
  workload.port = server.port();
  workload.clients = static_cast<unsigned>(state.range(0));
  workload.bytes = static_cast<std::size_t>(state.range(1));
  workload.requests =
      std::max(static_cast<std::uint64_t>(state.max_iterations), kEchoesAClient * workload.clients);
  workload.warmup = kWarmup;
  Measured measured;
  loadgen::Observer observer;
  double before = 0;
  observer.opened = [&] { before = process_tree_cpu_seconds(server.id()); };
  observer.driven = [&] {
    measured.server_cpu_seconds = process_tree_cpu_seconds(server.id()) - before;
  };
  const std::atomic<bool> never_interrupted{false};
  measured.result = loadgen::run(workload, never_interrupted, observer);
  return measured;
}

double microseconds(const loadgen::Result& result, double percentile) {
  return static_cast<double>(result.tally.latency.value_at_percentile(percentile)) / 1000;
}

void report(benchmark::State& state, const Measured& measured) {
  const loadgen::Result& result = measured.result;
  if (!result.void_reasons.empty()) return state.SkipWithError(result.void_reasons.front().c_str());
  // There may have been more echoes than iterations: their share of the time counts.
  state.SetIterationTime(result.seconds * static_cast<double>(state.max_iterations) /
                         static_cast<double>(*result.workload.requests));
  state.counters["p50_us"] = microseconds(result, 50);
  state.counters["p99_us"] = microseconds(result, 99);
  state.counters["server_cpu_us"] =
      measured.server_cpu_seconds * 1e6 / static_cast<double>(result.driven_echoes);
  state.counters["echoes/s"] = result.echoes_per_second();
  if (result.client_bound()) state.SetLabel("client-bound");
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

std::int64_t most_clients(const std::string& model) {
  const auto* const limited = std::find_if(kMostClients.begin(), kMostClients.end(),
                                           [&](const auto& entry) { return entry.first == model; });
  return limited == kMostClients.end() ? kClients.back() : limited->second;
}

void register_for(const std::string& model) {
  auto* const family =
      benchmark::RegisterBenchmark(("round_trip/" + model).c_str(),
                                   [model](benchmark::State& state) { round_trip(state, model); });
  family->ArgNames({"clients", "bytes"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  for (const std::int64_t clients : kClients) {
    if (clients > most_clients(model)) break;
    for (const std::int64_t bytes : kBytes) family->Args({clients, bytes});
  }
}

}  // namespace
}  // namespace echolab::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const std::string& model : echolab::bench::models()) echolab::bench::register_for(model);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
