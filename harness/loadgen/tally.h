#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/loadgen/histogram.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// What went wrong: counts, and the first of each kind in words.
struct Faults {
  std::uint64_t mismatches = 0;        ///< Bytes that differ from those sent.
  std::uint64_t surplus_bytes = 0;     ///< Bytes that came though none were due.
  std::uint64_t swapped = 0;           ///< Bytes, in whole words, sent on another connection.
  std::uint64_t early_closes = 0;      ///< Connections that the server ended before the client.
  std::uint64_t unanswered = 0;        ///< Requests still without an answer when patience ended.
  std::uint64_t connect_failures = 0;  ///< Connections that did not come about.
  std::uint64_t idle_unserved = 0;     ///< Silent connections that the server did not take.
  std::uint64_t left_open = 0;         ///< Connections not closed after the client's end of stream.
  std::string first_mismatch;
  std::string first_early_close;
  std::string first_connect_failure;

  void merge(const Faults& other);
};

/// What only an open loop has: figures of the requests due in the window.
struct OpenLoopTally {
  std::uint64_t offered = 0;    ///< How many were due.
  std::uint64_t owed = 0;       ///< How many of them were never answered.
  Histogram latency_from_send;  ///< Of those answered, in nanoseconds.
  Histogram schedule_lag;       ///< How late the generator noticed what was due, in nanoseconds.

  void merge(const OpenLoopTally& other);
};

/// What became of the rude clients. A server may cut them: that is counted, and no fault.
struct RudeTally {
  std::uint64_t slow_readers_cut = 0;  ///< Closed, reset or never let in by the server.
  std::uint64_t dribblers_cut = 0;     ///< The same of dribblers.
  std::uint64_t dribbled_echoes = 0;   ///< Whole, verified answers to dribblers.
  std::uint64_t resets = 0;            ///< Connections that were broken off.
};

/// What one worker saw, and after merging, what all saw.
struct Tally {
  /// In nanoseconds. Closed loop: of answers after the warm-up, from sending the request. Open
  /// loop: of all requests due in the window, from the moment they were due, answered or owed.
  Histogram latency;
  std::optional<OpenLoopTally> open_loop;  ///< None in a closed loop.
  std::uint64_t echoes = 0;                ///< Whole answers in the measured window.
  std::uint64_t total_echoes = 0;          ///< Whole answers, warm-up and end included.
  std::uint64_t served = 0;                ///< Clients with at least one whole answer.
  Duration held{0};         ///< Time in the window for which churning clients held on.
  double busy = 0;          ///< Share of the window that a thread spent on a processor.
  Clock::time_point ended;  ///< When the measured window ended.
  Faults faults;

  void merge(const Tally& other);
};

}  // namespace echolab::loadgen
