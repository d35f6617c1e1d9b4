#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace echolab {

/// The exception for a failed system call: "bind: Address already in use".
[[nodiscard]] inline std::system_error system_error(const std::string& call, int error = errno) {
  return {error, std::system_category(), call};
}

/// True if a non-blocking call that failed with `error` is to be repeated when the descriptor is
/// ready. EINTR cannot strike one that has data; if it does strike, trying later is right.
[[nodiscard]] inline bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace echolab
