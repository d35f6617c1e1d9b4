#include "harness/loadgen/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include "common/system_error.h"
#include "harness/loadgen/figures.h"
#include "harness/loadgen/idle_connections.h"
#include "harness/loadgen/rude_clients.h"
#include "harness/loadgen/target.h"
#include "harness/loadgen/verdict.h"
#include "harness/loadgen/worker.h"

namespace echolab::loadgen {
namespace {

using Workers = std::vector<std::unique_ptr<Worker>>;

// So long after the decision to begin, an open loop's first request is due: the threads are up
// then.
constexpr Duration kThreadStart = std::chrono::milliseconds(5);

// User and system time of the process so far (getrusage(2)).
double process_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Raises the soft descriptor limit as far as needed and allowed (getrlimit(2)).
void provide_descriptors(const Workload& workload) {
  constexpr rlim_t kOthers = 32;  // streams, event loops, the files of libraries
  const rlim_t connections =
      rlim_t{workload.clients} + workload.idle + workload.slow_readers + workload.dribble;
  const rlim_t needed = connections + workload.threads + kOthers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw std::runtime_error(
        fmt::format("{} connections need {} descriptors, and the hard limit is {}: use fewer "
                    "clients, or raise it (ulimit -Hn)",
                    connections, needed, limit.rlim_max));
  }
  limit.rlim_cur = needed;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw system_error("setrlimit");
  }
}

// Runs `step` for every worker, each in its thread, and waits for all of them.
template <typename Step>
void on_all(const Workers& workers, Step step) {
  std::vector<std::future<void>> steps;
  for (const auto& worker : workers) {
    steps.push_back(std::async(std::launch::async, [&step, &worker] { step(*worker); }));
  }
  for (auto& finished : steps) finished.get();
}

Tally merged(const Workers& workers) {
  Tally tally;
  for (const auto& worker : workers) tally.merge(worker->tally());
  return tally;
}

// Drives all clients through one and the same window. What is measured outside the window, as CPU
// time is, begins when all are open and ends before any is closed: a server's price for a
// connection is not part of its price for an echo (unless clients churn).
Window drive(Result& result, const Workers& workers, const Observer& observer) {
  observer.opened();
  const Workload& workload = result.workload;
  Window window;
  window.begin = Clock::now() + (workload.rate ? kThreadStart : Duration(0));
  window.start = window.begin + workload.warmup;
  if (!workload.requests) window.end = window.start + workload.duration;
  const double cpu_before = process_cpu_seconds();
  const std::uint64_t echoes_before = merged(workers).total_echoes;
  on_all(workers, [&window](Worker& worker) { worker.drive(window); });
  result.client_cpu_seconds = process_cpu_seconds() - cpu_before;
  result.driven_echoes = merged(workers).total_echoes - echoes_before;
  observer.driven();
  on_all(workers, [](Worker& worker) { worker.close_all(); });
  return window;
}

// Opens everything, and if all are served, drives them.
void open_and_drive(Result& result, Target& target, const std::atomic<bool>& interrupted,
                    const Observer& observer) {
  const Workload& workload = result.workload;
  RudeClients rude(workload, target);
  Faults idle_faults;
  const IdleConnections idle(target, workload.idle, workload.patience, idle_faults);
  Workers workers;
  for (unsigned i = 0; i < workload.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(workload, i, target, interrupted));
  }
  if (idle.complete()) {
    on_all(workers, [](Worker& worker) { worker.open_all(); });
  }
  const Tally opened = merged(workers);
  const bool sound = void_reasons(workload, result.target, opened).empty();
  Window window;
  if (sound && opened.served == workload.clients && !interrupted) {
    window = drive(result, workers, observer);
  }
  idle.check(idle_faults);
  result.tally = merged(workers);
  result.tally.faults.merge(idle_faults);
  if (workload.has_rude_clients()) result.rude = rude.end(result.tally.faults);
  result.seconds = std::max(0.0, in_seconds(result.tally.ended - window.start));
  if (workload.churn && workload.think > Duration(0) && result.seconds > 0) {
    result.effective_concurrency = in_seconds(result.tally.held) / result.seconds;
  }
}

}  // namespace

double Result::echoes_per_second() const {
  return seconds > 0 ? static_cast<double>(tally.echoes) / seconds : 0;
}

double Result::client_cpu_seconds_per_million_echoes() const {
  if (driven_echoes == 0) return 0;
  return client_cpu_seconds / static_cast<double>(driven_echoes) * 1e6;
}

bool Result::generator_late() const {
  return lateness_reason(tally).has_value();
}

Result run(Workload workload, const std::atomic<bool>& interrupted, const Observer& observer) {
  workload.threads = std::min(workload.threads, workload.clients);
  Result result;
  result.workload = workload;
  result.target = fmt::format("{}:{}", workload.host, workload.port);
  try {
    provide_descriptors(workload);
    Target target(workload.host, workload.port);
    result.target = target.text();
    open_and_drive(result, target, interrupted, observer);
    result.void_reasons = void_reasons(workload, result.target, result.tally);
    if (const auto late = lateness_reason(result.tally)) result.void_reasons.push_back(*late);
  } catch (const std::exception& error) {
    result.void_reasons.emplace_back(error.what());
  }
  result.interrupted = interrupted;
  if (interrupted) result.void_reasons.emplace_back("interrupted");
  return result;
}

}  // namespace echolab::loadgen
