#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/loadgen/tally.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// What a run found out.
struct Result {
  /// From this share of the measured window on, a thread counts as having had no time to spare.
  static constexpr double kClientBound = 0.9;

  Workload workload;
  std::string target;               ///< "127.0.0.1:7007": the address that was resolved.
  Tally tally;                      ///< Of all threads.
  double seconds = 0;               ///< Length of the measured window.
  std::uint64_t driven_echoes = 0;  ///< Whole answers between opened and driven (see Observer).
  double client_cpu_seconds = 0;    ///< Of the whole process, in the same time.
  /// How many connections were held at once on average; only for churn with think time.
  std::optional<double> effective_concurrency;
  std::optional<RudeTally> rude;  ///< Of the rude clients, if there are any.
  bool interrupted = false;
  std::vector<std::string> void_reasons;  ///< Sentences. Without one, the figures are good.

  [[nodiscard]] double echoes_per_second() const;
  [[nodiscard]] double client_cpu_seconds_per_million_echoes() const;
  /// The generator, not the server, was the limit.
  [[nodiscard]] bool client_bound() const { return tally.busy >= kClientBound; }
  /// Open loop: the generator fell behind its own schedule, and the run is void for that.
  [[nodiscard]] bool generator_late() const;
};

/// Is told of a run's milestones, for one that takes readings of the server in between. While it
/// is, nothing is under way between the clients and the server.
struct Observer {
  std::function<void()> opened = [] {};  ///< All connections are open, and all clients were served.
  std::function<void()> driven = [] {};  ///< All was answered; but for churn, all are still open.
};

/// Does the whole run and returns in a time that the workload bounds, whatever the server does.
/// Throws nothing for what goes wrong on the way: that makes the result void. Ends early when
/// `interrupted` becomes true.
[[nodiscard]] Result run(Workload workload, const std::atomic<bool>& interrupted,
                         const Observer& observer = {});

}  // namespace echolab::loadgen
