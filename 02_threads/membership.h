#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "01_iterative/client/client_options.h"
#include "02_threads/lease.h"
#include "common/unique_fd.h"

namespace echolab {

/// Becomes a member of the room at `options.server`: names itself until it is welcome. Returns the
/// socket, which is non-blocking, and from now on receives from that server only. Throws Failure,
/// also where the room refuses the name, and Interrupted.
[[nodiscard]] UniqueFd join_room(const ClientOptions& options, int interrupt);

/// Sends a datagram to the room. It may be lost on the way, or for lack of room in the socket.
/// Throws Failure where nobody would receive it. Any thread may call it at any time.
void say(const UniqueFd& server, std::string_view text);

/// A member's place in the room, which join_room() has found: keeps it, and hears what is said. For
/// one thread.
class Membership {
 public:
  /// Both must outlive this object.
  Membership(const UniqueFd& server, const ClientOptions& options);

  /// When the next sign of life is due.
  [[nodiscard]] Lease::Clock::time_point next_sign() const { return lease_.next_sign(); }

  /// Gives a sign of life if one is due. Throws Failure when the server has given none for longer
  /// than `--timeout`.
  void keep();

  /// Receives a datagram, if there is one: what the user is to read, with its line end; "" if
  /// nothing. Throws Failure.
  [[nodiscard]] std::string hear();

  /// True when the server has said goodbye.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  const UniqueFd& server_;
  std::chrono::milliseconds timeout_;
  Lease lease_;
  std::string name_;
  bool finished_ = false;
};

}  // namespace echolab
