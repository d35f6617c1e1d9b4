#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace echolab {

/// The exception for a failed system call: "bind: Address already in use".
[[nodiscard]] inline std::system_error system_error(const std::string& call, int error = errno) {
  return {error, std::system_category(), call};
}

}  // namespace echolab
