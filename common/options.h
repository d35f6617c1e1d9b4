#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "common/services/service_options.h"

namespace echolab {

/// The command line of the servers: what all of them share, and what some models add.
struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7007;  // 0: the kernel takes a free one
  int backlog = 4096;         // listen(2); the kernel cuts it to net.core.somaxconn
  std::size_t max_clients = std::numeric_limits<std::size_t>::max();
  std::chrono::milliseconds idle_timeout{0};  // 0: a silent client may stay for ever
  bool quiet = false;

  // Taken by the models that name them: see parse_options().
  ServiceOptions service;
  std::size_t workers = 1;
  std::chrono::milliseconds nap{0};
  bool edge_triggered = false;
  std::string selector;
  std::string dispatch;
  bool echo_self = false;
};

/// Options that a model takes beyond the shared ones, "--workers=10" with its default, or "--nap";
/// and shared ones that have another default there, "--idle-timeout=60s".
using ExtraOptions = std::vector<std::string>;

/// Reads the command line of the server `model`. Ends the process with status 0 after --help and
/// --version, and with status 2, after one line that says what is wrong, on bad usage.
[[nodiscard]] Options parse_options(const std::string& model, int argc, char** argv,
                                    const ExtraOptions& extra_options);

}  // namespace echolab
