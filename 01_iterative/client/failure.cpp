#include "01_iterative/client/failure.h"

#include <cerrno>

#include <fmt/format.h>

namespace echolab {

Failure failure_of(const std::system_error& error) {
  const std::string message = error.code().message();
  switch (error.code().value()) {
    case ECONNREFUSED:
      return {"REFUSED", message + ". Make sure the server is running."};
    case ETIMEDOUT:
      return {"TIMEOUT", message + ". Check the address, the network and its firewalls."};
    case ECONNRESET:
    case EPIPE:
      return {"RESET", "Connection reset by the server. Its log may say why."};
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {"UNREACHABLE", message + ". Check the address and this machine's network."};
    default:
      return {"ERROR", error.what()};
  }
}

Failure timeout_failure(const std::string& awaited, std::chrono::milliseconds timeout) {
  return {"TIMEOUT",
          fmt::format("No {} within {:g} s. Check the address and the server, or wait longer with "
                      "--timeout.",
                      awaited, std::chrono::duration<double>(timeout).count())};
}

}  // namespace echolab
