#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace echolab {

/// The command line that all servers share.
struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7007;  // 0: the kernel takes a free one
  int backlog = 4096;         // listen(2); the kernel cuts it to net.core.somaxconn
  std::size_t max_clients = std::numeric_limits<std::size_t>::max();
  std::chrono::milliseconds idle_timeout{0};  // 0: a silent client may stay for ever
  bool quiet = false;
};

/// Reads the command line of the server `model`. Ends the process with status 0 after --help and
/// --version, and with status 2, after one line that says what is wrong, on bad usage.
[[nodiscard]] Options parse_options(const std::string& model, int argc, char** argv);

}  // namespace echolab
