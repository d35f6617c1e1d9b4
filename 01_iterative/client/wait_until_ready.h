#pragma once

#include <chrono>

namespace echolab {

using Clock = std::chrono::steady_clock;

/// For a wait that has no end.
constexpr Clock::time_point kForever = Clock::time_point::max();

/// Blocks until `fd` is ready for `events` (POLLIN, POLLOUT), or has failed: true. False when
/// `deadline` passes first. Throws Interrupted once `interrupt` is readable (-1: never is), and
/// std::system_error.
[[nodiscard]] bool wait_until_ready(int fd, short events, Clock::time_point deadline,
                                    int interrupt);

/// The time that is left until `deadline`, in milliseconds as poll(2) takes them: -1 for kForever.
[[nodiscard]] int milliseconds_until(Clock::time_point deadline);

}  // namespace echolab
