#pragma once

#include <string>
#include <vector>

#include "01_iterative/client/connect_with_timeout.h"
#include "common/framing.h"

namespace echolab {

/// The command line of the clients: what all of them share, and what some add.
struct ClientOptions {
  Destination server;

  // Taken by the clients that name them: see parse_client_options().
  Framing framing = Framing::kLine;  // --framing
  unsigned pings = 0;                // --ping; 0: a conversation
  std::string name;                  // --name, in a chat
};

/// What a client's --help says, and which options it takes beyond the shared ones: "--ping".
struct ClientManual {
  std::string program;
  std::string description;
  std::vector<std::string> extra_options;
};

/// Reads `[HOST [PORT]]`, `--timeout` and the extra options. Ends the process with status 0 after
/// --help and --version, and with status 2, after one line that says what is wrong, on bad usage.
[[nodiscard]] ClientOptions parse_client_options(const ClientManual& manual, int argc, char** argv);

}  // namespace echolab
