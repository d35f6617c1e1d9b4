#include "01_iterative/client/connect_with_timeout.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "01_iterative/client/failure.h"
#include "01_iterative/client/lookup.h"
#include "01_iterative/client/wait_until_ready.h"
#include "common/escape.h"
#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {
namespace {

AddressList look_up(const Destination& to, Clock::time_point deadline, int interrupt) {
  Lookup lookup(to.host, to.port);
  if (!wait_until_ready(lookup.fd(), POLLIN, deadline, interrupt)) {
    throw Failure("LOOKUP", fmt::format("No answer about the name '{}' within the time-out. Check "
                                        "this machine's network.",
                                        escaped(to.host)));
  }
  try {
    return lookup.addresses();
  } catch (const std::exception& error) {
    throw Failure("LOOKUP", fmt::format("{}: '{}'. Check the name and this machine's network.",
                                        error.what(), escaped(to.host)));
  }
}

// Who connects to a free port of his own machine may be given that very port to connect from, and
// then TCP connects the socket with itself (RFC 9293, 3.5: simultaneous open).
bool is_connected_with_itself(const UniqueFd& server) {
  return local_address(server.get()) == peer_address(server.get());
}

void throw_unless_connected(const UniqueFd& server) {
  int error = 0;
  socklen_t length = sizeof error;
  // connect(2), EINPROGRESS: once the socket is writable, SO_ERROR tells what became of it.
  if (::getsockopt(server.get(), SOL_SOCKET, SO_ERROR, &error, &length) < 0) error = errno;
  if (error == 0 && is_connected_with_itself(server)) error = ECONNREFUSED;
  if (error != 0) throw system_error("connect", error);
}

UniqueFd connect_to(const addrinfo& address, const Destination& to, Clock::time_point deadline,
                    int interrupt) {
  UniqueFd server(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!server) throw system_error("socket");
  // tcp(7): without it, a short line might wait until the one before it is acknowledged.
  const int on = 1;
  ::setsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int result = ::connect(server.get(), address.ai_addr, address.ai_addrlen);
  if (result < 0 && errno != EINPROGRESS && errno != EINTR) throw system_error("connect");
  if (!wait_until_ready(server.get(), POLLOUT, deadline, interrupt)) {
    throw timeout_failure("connection", to.timeout);
  }
  throw_unless_connected(server);
  return server;
}

// An address that swallows what is sent to it must leave time for the others.
Clock::time_point share_of(Clock::time_point deadline, const addrinfo* address) {
  int addresses_left = 0;
  for (; address != nullptr; address = address->ai_next) ++addresses_left;
  const Clock::time_point now = Clock::now();
  return now + (deadline - now) / addresses_left;
}

}  // namespace

UniqueFd connect_with_timeout(const Destination& to, int interrupt) {
  return connect_to_first(to, interrupt, [&](const addrinfo& address, Clock::time_point deadline) {
    return connect_to(address, to, deadline, interrupt);
  });
}

UniqueFd connect_to_first(const Destination& to, int interrupt, const ConnectTo& connect_to) {
  const Clock::time_point deadline = Clock::now() + to.timeout;
  const AddressList addresses = look_up(to, deadline, interrupt);
  std::optional<Failure> first_failure;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    try {
      return connect_to(*address, share_of(deadline, address));
    } catch (const Interrupted&) {
      throw;
    } catch (const Failure& failure) {
      if (!first_failure) first_failure = failure;
    } catch (const std::system_error& error) {
      if (!first_failure) first_failure = failure_of(error);
    }
  }
  throw *first_failure;  // getaddrinfo(3) finds an address, or fails
}

}  // namespace echolab
