#pragma once

#include <cstdint>
#include <string>

#include "common/listener.h"
#include "common/options.h"
#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// A model's serving loop: accepts and serves clients until the shutdown is requested.
using Run = void (*)(Listener& listener, const Options& options, Shutdown& shutdown);

/// Asks before all else whether the model can run on this machine: throws CannotRunHere if not.
using Requirement = void (*)();

/// What main() of every server does, which no lab teaches: reads the options, those that the model
/// takes beside the shared ones included, listens, prints the ready line, runs, and prints a
/// summary. Returns the exit status: 0, or, after one line on stderr, 1 when something failed and 3
/// when the model cannot run here. Bad usage ends the process with status 2.
int server_main(const std::string& model, int argc, char** argv, Run run,
                const ExtraOptions& extra_options = {}, Requirement requirement = nullptr);

/// The same for servers that have a service of their own, and so none to choose.
int chat_server_main(const std::string& model, int argc, char** argv, Run run);

/// What a server of datagrams has to tell at its end. Fewer may have come in than were sent to it.
struct DatagramTotals {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

/// A serving loop for datagrams: there are no connections, hence there is no listener.
using DatagramRun = DatagramTotals (*)(const UniqueFd& socket, const Options& options,
                                       Shutdown& shutdown);

/// The same for servers of UDP.
int udp_server_main(const std::string& model, int argc, char** argv, DatagramRun run,
                    const ExtraOptions& extra_options = {});

}  // namespace echolab
