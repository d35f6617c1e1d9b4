#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace echolab::loadgen {

/// Monotonic (CLOCK_MONOTONIC): a clock that is set while a request is under way spoils nothing.
using Clock = std::chrono::steady_clock;
using Duration = std::chrono::nanoseconds;

/// How the requests of an open loop are spread over time.
enum class Arrivals { kUniform, kPoisson };

/// What the clients do to the server: the whole of a run's parameters.
struct Workload {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7007;

  unsigned clients = 1;
  std::size_t bytes = 64;  ///< Size of a request, and so of its answer.
  unsigned depth = 1;      ///< Requests that a client keeps in flight.
  Duration think{0};       ///< A client's pause after an answer; with churn, before it hangs up.
  bool churn = false;      ///< A new connection for every request.
  unsigned idle = 0;       ///< Silent connections besides, open all the time.

  /// Requests due a second, over all clients: the loop is open. Without it, it is closed: a client
  /// asks again because it was answered.
  std::optional<double> rate;
  Arrivals arrivals = Arrivals::kUniform;
  std::uint64_t seed = 1;  ///< Of Poisson arrivals.

  unsigned slow_readers = 0;     ///< Rude clients besides (see RudeClients): send and never read,
  unsigned dribble = 0;          ///< send a byte at a time,
  double resets_per_second = 0;  ///< or reset the connection, one client each time.

  [[nodiscard]] bool has_rude_clients() const {
    return slow_readers > 0 || dribble > 0 || resets_per_second > 0;
  }

  Duration warmup = std::chrono::milliseconds(200);  ///< Driven like the rest, not measured.
  Duration duration = std::chrono::seconds(1);       ///< Length of the measured window, unless...
  std::optional<std::uint64_t> requests;             ///< ...it is to end after so many echoes.
  Duration patience = std::chrono::seconds(2);       ///< The longest wait without any answer.

  unsigned threads = 1;  ///< Event loops that share the clients.
};

}  // namespace echolab::loadgen
