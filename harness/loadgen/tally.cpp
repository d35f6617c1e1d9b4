#include "harness/loadgen/tally.h"

#include <algorithm>

namespace echolab::loadgen {
namespace {

void keep_first(std::string& mine, const std::string& other) {
  if (mine.empty()) mine = other;
}

}  // namespace

void Faults::merge(const Faults& other) {
  mismatches += other.mismatches;
  surplus_bytes += other.surplus_bytes;
  swapped += other.swapped;
  early_closes += other.early_closes;
  unanswered += other.unanswered;
  connect_failures += other.connect_failures;
  idle_unserved += other.idle_unserved;
  left_open += other.left_open;
  keep_first(first_mismatch, other.first_mismatch);
  keep_first(first_early_close, other.first_early_close);
  keep_first(first_connect_failure, other.first_connect_failure);
}

void OpenLoopTally::merge(const OpenLoopTally& other) {
  offered += other.offered;
  owed += other.owed;
  latency_from_send.merge(other.latency_from_send);
  schedule_lag.merge(other.schedule_lag);
}

void Tally::merge(const Tally& other) {
  latency.merge(other.latency);
  if (other.open_loop) {
    if (!open_loop) open_loop.emplace();
    open_loop->merge(*other.open_loop);
  }
  echoes += other.echoes;
  total_echoes += other.total_echoes;
  served += other.served;
  held += other.held;
  busy = std::max(busy, other.busy);
  ended = std::max(ended, other.ended);
  faults.merge(other.faults);
}

}  // namespace echolab::loadgen
