#pragma once

#include <netdb.h>

#include <chrono>
#include <functional>
#include <string>

#include "01_iterative/client/wait_until_ready.h"
#include "common/unique_fd.h"

namespace echolab {

/// Where a server is, and how long it may take to answer.
struct Destination {
  std::string host = "127.0.0.1";  ///< a name, or an address of either family
  std::string port = "7007";
  std::chrono::milliseconds timeout{5000};  ///< for all addresses of the host together
};

/// Connects to the first address of the host that accepts: a non-blocking socket. Blocks for at
/// most `to.timeout`, the lookup of the name included. Throws Interrupted once the descriptor
/// `interrupt` is readable (-1: never is), and Failure that names the trouble with the first, the
/// preferred address. Throws std::system_error where this machine is the trouble.
[[nodiscard]] UniqueFd connect_with_timeout(const Destination& to, int interrupt);

/// Connects to one address, by `deadline`. Throws Failure, Interrupted and std::system_error.
using ConnectTo = std::function<UniqueFd(const addrinfo& address, Clock::time_point deadline)>;

/// The same for clients that have a way of their own to connect to an address.
[[nodiscard]] UniqueFd connect_to_first(const Destination& to, int interrupt,
                                        const ConnectTo& connect_to);

}  // namespace echolab
