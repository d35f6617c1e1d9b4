#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "common/client_record.h"
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
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool wants_input() const { return session_->wants_input(); }
  [[nodiscard]] bool wants_output() const { return !session_->output().empty(); }

  /// Receives once, so that a client that never stops sending gets its turn and no more, and sends
  /// what that gave rise to.
  void on_readable();

  /// Sends as much of what is pending as the client's window takes.
  void on_writable();

  /// The server shuts down: what has arrived is still answered, and then the stream ends.
  void end_input();

  /// True when the client is to be removed: it has finished, failed, or been idle for too long.
  [[nodiscard]] bool finished();

 private:
  void receive();
  void send_output();
  void fail(std::string_view reason);
  void count_as_active();

  UniqueFd socket_;
  std::unique_ptr<Session> session_;
  ClientRecord record_;
  std::chrono::milliseconds idle_timeout_;
  std::chrono::steady_clock::time_point active_at_{};
  bool failed_ = false;
};

/// How long an event loop may sleep, in milliseconds as poll(2) takes them: -1, for ever, unless
/// something depends on time: an idle time-out, a listener's rest, the grace of a shutdown.
[[nodiscard]] int sleep_limit(const Listener& listener, const Options& options);

}  // namespace echolab
