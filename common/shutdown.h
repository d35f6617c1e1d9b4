#pragma once

#include <chrono>

#include "common/unique_fd.h"

namespace echolab {

/// The kit's one SIGINT/SIGTERM story.
///
/// The difficulty is a race. A server that checks a flag and then blocks in recv(2) sleeps through
/// a signal that arrives between the two. So here a signal does not interrupt anything; it changes
/// the state of descriptors, and a descriptor keeps its state until somebody looks:
///
///   - fd() becomes readable and stays so. Whoever waits for several descriptors (select, poll,
///     epoll, asio) waits for this one too.
///   - A blocking recv on a client's socket is ended by shutdown(2) with SHUT_RD, called from the
///     signal handler (EndsOnShutdown) or from another thread: recv still returns what has already
///     arrived, and then 0, as if the client had finished sending. What is owed to the client is
///     sent on the path that half-closing clients use every day.
///
/// The event-driven servers call SHUT_RD too, once fd() is readable: one story for all of them.
///
/// A client may still be sending when its stream is ended so: its socket gets a LingeringClose,
/// until the grace is over. A second signal has its default action: it ends the process at once.
/// (The same signal within a tenth of a second is not a second one.)
class Shutdown {
 public:
  /// How long clients may take to fetch what they are owed.
  static constexpr std::chrono::seconds kGrace{2};

  /// Installs the handlers; one object a process. Throws std::system_error.
  Shutdown();

  /// Readable once a signal has come.
  [[nodiscard]] int fd() const { return wakeup_.get(); }

  [[nodiscard]] static bool requested();

  /// True once the grace that began with the signal has passed.
  [[nodiscard]] static bool grace_over();

  /// How long to wait before asking again for what nothing can wait for.
  static constexpr std::chrono::milliseconds kPause{10};

  /// Asks for the shutdown from within, from any process of the server: the process that installed
  /// the handlers gets a SIGTERM, which never counts as a second one.
  static void request();

  /// To be called in a process just forked off, which is told to stop by its parent's SIGTERM and
  /// not by Ctrl-C: from here on it dies when its parent dies (prctl(2), PR_SET_PDEATHSIG).
  static void continue_in_child();

  /// The same for a process that waits for fd(): from now on that is its own descriptor, which only
  /// its own SIGTERM makes readable. Throws std::system_error.
  void continue_in_worker();

 private:
  UniqueFd wakeup_;
};

/// While it lives, a signal ends the receiving side of `client`, and after the grace both sides:
/// for a process that serves one client at a time with blocking calls.
class EndsOnShutdown {
 public:
  explicit EndsOnShutdown(const UniqueFd& client);
  ~EndsOnShutdown();
  EndsOnShutdown(const EndsOnShutdown&) = delete;
  EndsOnShutdown& operator=(const EndsOnShutdown&) = delete;
};

}  // namespace echolab
