#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "harness/loadgen/schedule.h"
#include "harness/loadgen/tally.h"
#include "harness/loadgen/window.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// One worker's requests in open loop: they are due whether or not earlier ones were answered, and
/// their latency counts from the moment they were due.
///
/// A request belongs to its client from the beginning, as a person's or a device's does, and as in
/// wrk2: it waits until that client's connection is free, even when others are. Handed to the next
/// free connection instead, requests would go around whom the server neglects. Nothing is dropped:
/// what is never answered counts with the time that it has waited.
class OpenLoop {
 public:
  /// Counts into `tally` what is due within the window.
  OpenLoop(const Workload& workload, unsigned worker, const Window& window, Tally& tally);

  /// Takes the next request from the schedule if it is due by `now`, and returns the index of the
  /// client that it belongs to.
  [[nodiscard]] std::optional<std::size_t> arrive(Clock::time_point now);

  /// Nothing more becomes due.
  [[nodiscard]] bool over() const { return stopped_ || schedule_.exhausted(); }
  /// When the next request will be due; only if not over.
  [[nodiscard]] Clock::time_point next_due() const { return schedule_.next().due; }
  /// Whatever the schedule still holds, ends here.
  void stop() { stopped_ = true; }

  /// How many requests of a client are due and not answered.
  [[nodiscard]] std::size_t unanswered(std::size_t client) const { return due_[client].size(); }

  /// The oldest of them, which was sent at `sent`, was answered `now`.
  void count_answer(std::size_t client, Clock::time_point sent, Clock::time_point now);

  /// All that are still unanswered never will be.
  void count_owed(Clock::time_point now);

 private:
  Schedule schedule_;
  Window window_;
  Tally& tally_;
  bool stopped_ = false;
  std::vector<std::deque<Clock::time_point>> due_;  // by client, the oldest request first
};

}  // namespace echolab::loadgen
