#include "common/datagram_socket.h"

#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include <fmt/core.h>

#include "common/resolve.h"
#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {
namespace {

// udp(7). Neither SO_REUSEADDR, which for UDP would let two servers share a port without a word,
// nor is it needed: no connection lingers here.
UniqueFd open_bound_socket(const std::string& host, const std::string& port) {
  const AddressList address = resolve(host, port, SOCK_DGRAM, AI_PASSIVE);
  UniqueFd socket(
      ::socket(address->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!socket) throw system_error("socket");
  if (::bind(socket.get(), address->ai_addr, address->ai_addrlen) < 0) throw system_error("bind");
  return socket;
}

}  // namespace

UniqueFd open_datagram_socket(const Options& options) {
  const std::string port = std::to_string(options.port);
  try {
    return open_bound_socket(options.host, port);
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}", host_and_port(options.host, port), error.what()));
  }
}

}  // namespace echolab
