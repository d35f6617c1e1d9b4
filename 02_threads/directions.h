#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "01_iterative/client/client_options.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/response_text.h"
#include "01_iterative/client/screen.h"
#include "01_iterative/client/typed_input.h"
#include "common/unique_fd.h"

namespace echolab {

// A connection has two directions, which have nothing to do with each other (RFC 9293, 3.8): each
// has its own bytes underway, and its own end. A chat client has an object for each of them. They
// share nothing but the socket, so that one thread may serve both, or each its own.

/// Reads once from standard input, which should be readable. Throws Failure.
void read_typed(TypedInput& typed);

/// What the user types, on its way to the server. At most 64 KiB of it are kept here: nothing more
/// is read from the user before those are sent.
class Outbound {
 public:
  /// `server` must be non-blocking, and outlive this object. With --name, the name goes first.
  Outbound(const UniqueFd& server, const ClientOptions& options);

  /// True while it is worth reading from the user.
  [[nodiscard]] bool wants_input() const { return pending_.empty() && typed_.wants_input(); }

  /// True while something waits for room in the server's window.
  [[nodiscard]] bool wants_output() const { return !pending_.empty() && !cut_off_; }

  /// Standard input is readable. Throws Failure.
  void on_typed();

  /// Sends as much as the window takes, and, at the end of the input, the end of this direction.
  void on_writable();

  /// True when all was sent, or can no longer be.
  [[nodiscard]] bool finished() const { return is_ended_ || cut_off_; }

  /// True when the user does not want to hear any more, either.
  [[nodiscard]] bool has_quit() const { return typed_.has_quit(); }

  /// The server has ended the other direction, and hears nothing any more: logs that it has, if the
  /// user has not ended this one before; throws Failure, if it cannot have heard all.
  void server_has_left();

 private:
  void send_pending();

  const UniqueFd& server_;
  TypedInput typed_;
  std::string pending_;    // taken from typed_, and not yet sent
  bool is_ended_ = false;  // all was sent, and then the end
  bool cut_off_ = false;   // nothing can be sent any more
  std::optional<Failure> failure_;
};

/// What the server sends, on its way to the screen. Nothing of it is kept.
class Inbound {
 public:
  /// `server` must be non-blocking, and outlive this object. Once `interrupt` is readable, nobody
  /// waits for a screen that is full.
  Inbound(const UniqueFd& server, int interrupt);

  /// Receives once, and shows it: line by line, with what would command the terminal made visible.
  /// Throws Failure, and Interrupted.
  void on_readable();

  /// True when the server has ended this direction.
  [[nodiscard]] bool finished() const { return is_ended_; }

 private:
  const UniqueFd& server_;
  Screen screen_;
  ResponseText text_{""};
  bool is_ended_ = false;
};

/// When it is destroyed, both directions are at their ends (shutdown(2)): threads that wait for the
/// server, in either, wait no longer. What has arrived can still be received.
class EndsStream {
 public:
  explicit EndsStream(const UniqueFd& server) : server_(server) {}
  ~EndsStream();
  EndsStream(const EndsStream&) = delete;
  EndsStream& operator=(const EndsStream&) = delete;

 private:
  const UniqueFd& server_;
};

}  // namespace echolab
