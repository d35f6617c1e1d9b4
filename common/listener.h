#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/log.h"
#include "common/options.h"
#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// The listening socket, and what becomes of a client that there is no room for.
///
/// It is non-blocking, whatever the model. Between the moment when poll(2) reports a connection and
/// the call of accept(2), the client may have gone: a blocking accept would then wait for the next
/// one, and everybody else with it (Stevens, UNP, 16.6).
class Listener {
 public:
  /// How long accept is left alone after it failed for lack of resources.
  static constexpr std::chrono::milliseconds kRest{100};

  /// Listens as `options` say, or on the socket that systemd hands over (LISTEN_PID, LISTEN_FDS).
  /// Throws std::system_error that names the failed call, std::runtime_error on a bad address.
  explicit Listener(const Options& options);

  /// A further listener on the same port: the kernel shares the newcomers out among them all
  /// (socket(7), SO_REUSEPORT). Throws std::system_error.
  [[nodiscard]] Listener another(const Options& options) const;

  /// The descriptor to call accept(2) on; -1 once closed.
  [[nodiscard]] int fd() const { return socket_.get(); }

  /// The descriptor to wait for; -1, which poll(2) ignores, while the listener rests and once it is
  /// closed.
  [[nodiscard]] int fd_to_watch() const { return resting() ? -1 : fd(); }

  /// "127.0.0.1:7007" or "[::1]:7007".
  [[nodiscard]] const std::string& address() const { return address_; }

  [[nodiscard]] bool is_ipv6() const { return address_.front() == '['; }

  /// Blocks until there may be a client to accept, or `other` is readable: true. False once the
  /// shutdown is requested. For the models whose other calls block: an event loop waits for all of
  /// these descriptors itself. Throws std::system_error.
  [[nodiscard]] bool wait_readable(const Shutdown& shutdown, int other = -1) const;

  /// accept(2) failed with `error`. Most errors concern the one connection, or say that there is
  /// none, and are passed over. Out of descriptors or memory, one newcomer is turned away (by means
  /// of a descriptor held in reserve) or the listener rests for kRest: left as it is, it would stay
  /// readable, and the server would spin. Throws std::system_error for errors that only a
  /// programming mistake can cause.
  void accept_failed(int error);

  /// A client is being closed because there is no room for it. One log line a second says so.
  void turned_away(std::string_view reason);

  /// True for kRest after accept_failed() found nothing better to do.
  [[nodiscard]] bool resting() const;

  [[nodiscard]] bool closed() const { return !socket_; }

  /// Stops accepting: newcomers are refused from now on.
  void close();

 private:
  using Clock = std::chrono::steady_clock;

  explicit Listener(UniqueFd socket);
  bool turn_away_with_reserve(std::string_view reason);

  UniqueFd socket_;
  UniqueFd reserve_;
  std::string address_;
  Clock::time_point rest_until_{};
  log::RateLimit rate_limit_;
  std::uint64_t turned_away_count_ = 0;  // since the last log line
};

}  // namespace echolab
