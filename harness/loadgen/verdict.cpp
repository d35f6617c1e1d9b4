#include "harness/loadgen/verdict.h"

#include <fmt/format.h>

namespace echolab::loadgen {
namespace {

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? " was" : "s were");
}

std::string seconds(Duration duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

// Clients that wait for their first answer while others are connected show what the server's model
// can do: that is no fault, but nothing to measure either.
std::string not_all_served(const Workload& workload, std::uint64_t served) {
  const std::string within = seconds(workload.patience);
  if (served == 0) {
    return fmt::format("none of {} clients was answered within {}", workload.clients, within);
  }
  if (served == 1) {
    return fmt::format("1 of {} clients was served: the server takes one client at a time",
                       workload.clients);
  }
  return fmt::format("{} of {} clients were served at once: no other was answered within {}",
                     served, workload.clients, within);
}

std::string not_all_idle_served(const Workload& workload, const Faults& faults) {
  const std::uint64_t served = workload.idle - faults.idle_unserved;
  return fmt::format("{} of {} silent clients {} served at once{}", served, workload.idle,
                     served == 1 ? "was" : "were",
                     served == 1 ? ": the server takes one client at a time" : "");
}

std::string wrong_bytes(const Faults& faults) {
  std::vector<std::string> counts;
  if (faults.mismatches > 0) counts.push_back(counted(faults.mismatches, "byte") + " wrong");
  if (faults.swapped > 0) counts.push_back(counted(faults.swapped, "byte") + " another client's");
  if (faults.surplus_bytes > 0) {
    counts.push_back(counted(faults.surplus_bytes, "byte") + " too many");
  }
  return fmt::format("{}; the first: {}", fmt::join(counts, ", "), faults.first_mismatch);
}

constexpr double kJudgedPercentile = 99;
constexpr std::uint64_t kUsualLag = 250'000;  // nanoseconds
constexpr std::uint64_t kLargestPart = 10;    // a tenth

}  // namespace

std::vector<std::string> void_reasons(const Workload& workload, const std::string& target,
                                      const Tally& tally) {
  const Faults& faults = tally.faults;
  std::vector<std::string> reasons;
  if (faults.connect_failures > 0) {
    reasons.push_back(
        fmt::format("cannot connect to {}: {}", target, faults.first_connect_failure));
  }
  if (faults.idle_unserved > 0) reasons.push_back(not_all_idle_served(workload, faults));
  if (!faults.first_mismatch.empty()) reasons.push_back(wrong_bytes(faults));
  if (faults.early_closes > 0) {
    reasons.push_back(fmt::format("{} closed too early by the server; the first: {}",
                                  counted(faults.early_closes, "connection"),
                                  faults.first_early_close));
  }
  if (faults.unanswered > 0) {
    reasons.push_back(tally.served < workload.clients
                          ? not_all_served(workload, tally.served)
                          : fmt::format("{} not answered within {}",
                                        counted(faults.unanswered, "request"),
                                        seconds(workload.patience)));
  }
  if (faults.left_open > 0) {
    reasons.push_back(
        fmt::format("{} not closed by the server within {} of the client's end of "
                    "stream",
                    counted(faults.left_open, "connection"), seconds(workload.patience)));
  }
  return reasons;
}

std::optional<std::string> lateness_reason(const Tally& tally) {
  if (!tally.open_loop) return std::nullopt;
  const std::uint64_t lag = tally.open_loop->schedule_lag.value_at_percentile(kJudgedPercentile);
  const std::uint64_t latency = tally.latency.value_at_percentile(kJudgedPercentile);
  if (lag <= kUsualLag || lag * kLargestPart <= latency) return std::nullopt;
  const auto milliseconds = [](std::uint64_t value) { return static_cast<double>(value) / 1e6; };
  return fmt::format(
      "the load generator was itself {:.2f} ms late at p99, which is too much of a p99 of {:.2f} "
      "ms: free a processor for it, use more --threads, or a lower --rate",
      milliseconds(lag), milliseconds(latency));
}

}  // namespace echolab::loadgen
