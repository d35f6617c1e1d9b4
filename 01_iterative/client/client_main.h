#pragma once

#include "01_iterative/client/client_options.h"
#include "common/unique_fd.h"

namespace echolab {

/// What a client does while it is connected. `server` is non-blocking; once the descriptor
/// `interrupt` is readable, the user wants to leave. Throws Failure for an early end.
using Talk = void (*)(const UniqueFd& server, const ClientOptions& options, int interrupt);

/// How a client gets its socket, from which it is [CONNECTED]. Throws Failure.
using Connect = UniqueFd (*)(const ClientOptions& options, int interrupt);

/// The usual way: connect_with_timeout().
[[nodiscard]] UniqueFd connect_stream(const ClientOptions& options, int interrupt);

/// What main() of every client does: reads the options, connects, talks, and tells on stderr what
/// becomes of the connection, [CONNECTING] first and [DISCONNECTED] last. Returns the exit status:
/// 0, or 1 where the connection failed or was ended early, also by Ctrl-C. Bad usage ends the
/// process with status 2.
int client_main(const ClientManual& manual, int argc, char** argv, Talk talk,
                Connect connect = connect_stream);

}  // namespace echolab
