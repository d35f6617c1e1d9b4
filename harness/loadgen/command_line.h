#pragma once

#include <optional>
#include <string>

#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

struct CommandLine {
  Workload workload;
  bool json = false;
  std::string hgrm_file;  ///< Empty: none is wanted.
  bool observed = false;  ///< Pause at the milestones of an Observer, until a line comes on stdin.
};

/// Reads the program's options into `command`. For --help, --version and bad usage it prints what
/// is to be said, and returns the status (0 or 2) for the program to exit with.
[[nodiscard]] std::optional<int> parse_command_line(int argc, const char* const* argv,
                                                    CommandLine& command);

}  // namespace echolab::loadgen
