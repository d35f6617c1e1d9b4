#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace echolab {

/// Waits until some of many descriptors are ready: what select(2), poll(2) and epoll(7) have in
/// common, in the words of Python's selectors module. A server that is written against it runs on
/// any of them.
///
/// Readiness is level-triggered: it is reported until somebody uses it. It is a hint: the call that
/// was to succeed may still say EAGAIN.
class Selector {
 public:
  using Events = unsigned;
  static constexpr Events kRead = 1;   ///< EVENT_READ: a call would receive or accept
  static constexpr Events kWrite = 2;  ///< EVENT_WRITE: a call would send
  static constexpr Events kLost = 4;   ///< the system no longer takes this descriptor: close it

  /// A descriptor, and what it is ready for. Errors and hang-ups count as readiness for everything:
  /// the call that is made then learns what happened.
  struct Ready {
    int fd;
    Events events;
  };

  Selector() = default;
  virtual ~Selector() = default;
  Selector(const Selector&) = delete;
  Selector& operator=(const Selector&) = delete;

  /// Watches `fd` for `events` from now on. (`register` is a reserved word of C++.) Throws
  /// std::exception where there is no room for it, and says why.
  virtual void register_fd(int fd, Events events) = 0;

  /// Watches `fd`, which is registered, for other events from now on. With none it is passed over
  /// for a time; a hang-up may be reported all the same.
  virtual void modify(int fd, Events events) = 0;

  /// Watches `fd` no longer, which may be closed already, if only just now.
  virtual void unregister(int fd) = 0;

  /// Sleeps until a descriptor is ready, but no longer than `timeout` milliseconds, or for ever
  /// with -1. Returns those that are ready, none after the time-out or a signal; valid until the
  /// next call. Throws std::system_error.
  [[nodiscard]] virtual std::span<const Ready> select(int timeout) = 0;
};

/// A selector on the system call `name`: "epoll", "poll" or "select". Throws std::system_error.
[[nodiscard]] std::unique_ptr<Selector> make_selector(std::string_view name);

}  // namespace echolab
