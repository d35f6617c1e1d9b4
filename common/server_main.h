#pragma once

#include <string>

#include "common/listener.h"
#include "common/options.h"
#include "common/shutdown.h"

namespace echolab {

/// What makes a server: serves clients of `listener` until the shutdown is complete.
using Run = void (*)(Listener& listener, const Options& options, Shutdown& shutdown);

/// The main() of every server: reads the command line, listens, prints the ready line
/// (`select listening on 127.0.0.1:7007`), runs, and prints what was served and what it cost.
/// Returns the exit status: 0, or 1 after one line that says what failed.
int server_main(const std::string& model, int argc, char** argv, Run run);

}  // namespace echolab
