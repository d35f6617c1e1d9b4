#pragma once

#include <chrono>
#include <optional>

namespace echolab {

/// The end of a connection that the server closes first.
///
/// The client may be sending still. To close its socket at once would throw away what is underway
/// to it, because the kernel answers data for a closed socket with a reset. So the server throws
/// away what still comes, and closes when the client's kernel has acknowledged all that was sent:
/// RFC 9112, 9.6, tells the same of HTTP servers.
class LingeringClose {
 public:
  /// How long a client may take to receive what it is owed, from the first call of done() on.
  static constexpr std::chrono::seconds kLongest{2};

  /// The socket `client` must stay open for as long as done() is called.
  explicit LingeringClose(int client) : client_(client) {}
  ~LingeringClose();
  LingeringClose(const LingeringClose&) = delete;
  LingeringClose& operator=(const LingeringClose&) = delete;

  /// True when the socket may be closed. Nothing can wait for an acknowledgement: ask again after
  /// Shutdown::kPause. Does not block.
  [[nodiscard]] bool done();

  /// True while some connection of this thread is only being closed, from the first call of done()
  /// on: a matter of time, not of readiness.
  [[nodiscard]] static bool any();

 private:
  using Clock = std::chrono::steady_clock;

  int client_;
  std::optional<Clock::time_point> gives_up_at_;
};

}  // namespace echolab
