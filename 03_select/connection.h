#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>

#include "common/client_record.h"
#include "common/linger.h"
#include "common/listener.h"
#include "common/options.h"
#include "common/session.h"
#include "common/unique_fd.h"

namespace echolab {

/// One client of an event loop: its non-blocking socket and its session. Nothing here blocks, and
/// nothing here throws: one client's trouble ends that client only.
///
/// An event loop asks what the client waits for, sleeps until some client has it, and tells:
/// wants_input() -> on_readable(), wants_output() -> on_writable(). To be told too often is
/// harmless, because readiness is a hint: recv and send may still say EAGAIN.
class Connection {
 public:
  /// `socket` must be non-blocking (SOCK_NONBLOCK, accept4(2)).
  Connection(UniqueFd socket, const Options& options);

  /// The same, with a session of the caller's own.
  Connection(UniqueFd socket, const Options& options, std::unique_ptr<Session> session);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool wants_input() const { return session_->wants_input(); }
  [[nodiscard]] bool wants_output() const { return !session_->output().empty(); }

  /// How many bytes wait to be sent.
  [[nodiscard]] std::size_t unsent() const { return session_->output().size(); }

  /// Receives once, so that a client that never stops sending gets its turn and no more, and sends
  /// what that gave rise to. True when there may be more: bytes have come, or a signal interrupted.
  bool on_readable();

  /// Sends as much of what is pending as the client's window takes.
  void on_writable();

  /// Receives all that has arrived, for those who shall hear it before the server shuts down.
  void receive_arrived();

  /// The server gives the client up, for `reason`: what is pending is not sent.
  void fail(std::string_view reason);

  /// The server shuts down: what has arrived is still answered, and then the stream ends.
  void end_input();

  /// True when the client is to be removed: it has finished, failed, or been idle for too long.
  [[nodiscard]] bool finished();

 private:
  bool receive();
  void send_output();
  void count_as_active();
  [[nodiscard]] bool needs_to_linger() const;

  UniqueFd socket_;
  std::unique_ptr<Session> session_;
  ClientRecord record_;
  std::chrono::milliseconds idle_timeout_;
  std::chrono::steady_clock::time_point active_at_{};
  LingeringClose lingering_close_;
  bool failed_ = false;
};

/// Calls `add`, which makes a place for a newcomer among the connections. When there is none to be
/// had, for lack of memory mostly, the newcomer is turned away, and those connected go on.
template <typename Add>
void admit(Listener& listener, Add add) {
  try {
    add();
  } catch (const std::exception& error) {
    listener.turned_away(error.what());
  }
}

/// How long an event loop may sleep, in milliseconds as poll(2) takes them: -1, for ever, unless
/// something depends on time: an idle time-out, a listener's rest, a connection that lingers, the
/// grace of a shutdown.
[[nodiscard]] int sleep_limit(const Listener& listener, const Options& options);

/// When to look at all connections, for a loop that else looks at those only that are ready: what
/// depends on time shows itself by no event.
class Sweep {
 public:
  /// True once in `limit` milliseconds, which is what sleep_limit() said; never when that was -1.
  [[nodiscard]] bool is_due(int limit);

 private:
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace echolab
