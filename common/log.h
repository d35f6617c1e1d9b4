#pragma once

#include <chrono>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

/// The servers' log: one line an event, on stderr, in the words that socket tutorials use.
namespace echolab::log {

/// Silences every event: a server that is measured logs nothing.
void set_quiet(bool quiet);

/// Whether events are dropped, so that a caller need not gather what nobody will read.
[[nodiscard]] bool quiet();

/// Writes `[EVENT] details`, or `[EVENT]` alone, as one line by one write(2): lines of several
/// threads and processes do not mix.
void write_line(std::string_view event, std::string_view details);

/// event("NEW CONNECTION", "{}", peer) logs `[NEW CONNECTION] 127.0.0.1:40123`. Destructors log,
/// too: a line for which there is no memory is left out, rather than end the server.
template <typename... Arguments>
void event(std::string_view name, fmt::format_string<Arguments...> format,
           Arguments&&... arguments) {
  if (quiet()) return;
  try {
    write_line(name, fmt::format(format, std::forward<Arguments>(arguments)...));
  } catch (const std::bad_alloc&) {
  }
}

inline void event(std::string_view name) {
  event(name, "");
}

/// Lets one log line a second pass, of those that could come without end.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// True if nothing has passed in the second before `now`: the line is to be written.
  [[nodiscard]] bool lets_pass(Clock::time_point now = Clock::now()) {
    const bool passes = now - passed_at_ >= std::chrono::seconds(1);
    if (passes) passed_at_ = now;
    return passes;
  }

 private:
  Clock::time_point passed_at_{};
};

}  // namespace echolab::log
