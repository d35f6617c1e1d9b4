#pragma once

#include "01_iterative/client/client_options.h"
#include "common/unique_fd.h"

namespace echolab {

/// Sends `options.pings` times `ping` to a server that answers `pong`, one after the other, and
/// then `done`. Shows each round-trip time and a summary, as ping(8) does. Throws Failure when an
/// answer is missing or wrong, and Interrupted once `interrupt` is readable, the summary having
/// been shown.
void ping(const UniqueFd& server, const ClientOptions& options, int interrupt);

}  // namespace echolab
