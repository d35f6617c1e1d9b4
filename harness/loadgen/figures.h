#pragma once

#include <chrono>

#include "harness/loadgen/tally.h"

namespace echolab::loadgen {

/// In the units that the reports use; a latency histogram counts nanoseconds.
inline constexpr double kMicrosecond = 1000;

inline double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

inline double percentile_us(const Histogram& latency, double percentile) {
  return static_cast<double>(latency.value_at_percentile(percentile)) / kMicrosecond;
}

inline double max_us(const Histogram& latency) {
  return static_cast<double>(latency.max()) / kMicrosecond;
}

/// At p99: what a client that counts from the send does not see. The term is Gil Tene's. Only for
/// an open loop.
inline double coordinated_omission_us(const Tally& tally) {
  return percentile_us(tally.latency, 99) - percentile_us(tally.open_loop->latency_from_send, 99);
}

}  // namespace echolab::loadgen
