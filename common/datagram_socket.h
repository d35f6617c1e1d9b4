#pragma once

#include "common/options.h"
#include "common/unique_fd.h"

namespace echolab {

/// A UDP socket, bound as `options` say. It is non-blocking: a datagram that select(2) or poll(2)
/// reported may turn out to be damaged, and a blocking recv would then wait for the next one.
/// Throws std::runtime_error that names the address and the failed call.
[[nodiscard]] UniqueFd open_datagram_socket(const Options& options);

}  // namespace echolab
