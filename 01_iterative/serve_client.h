#pragma once

#include "common/options.h"
#include "common/unique_fd.h"

namespace echolab {

/// Serves one client with blocking calls until it has finished, fails, or stays idle for longer
/// than `options` allow. Never throws: one client's trouble ends that client only. The caller owns
/// the socket and closes it.
void serve_client(const UniqueFd& client, const Options& options);

}  // namespace echolab
