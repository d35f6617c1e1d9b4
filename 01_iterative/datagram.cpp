#include "01_iterative/datagram.h"

#include <netinet/in.h>

#include <cerrno>

#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {

std::uint16_t SocketAddress::port() const {
  switch (storage.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    default:
      return 0;
  }
}

std::string SocketAddress::text() const {
  return to_text(storage, length);
}

SocketAddress bound_address(const UniqueFd& socket) {
  SocketAddress address;
  if (::getsockname(socket.get(), address.get(), &address.length) < 0) {
    throw system_error("getsockname");
  }
  return address;
}

bool is_a_servers_port(std::uint16_t sender, std::uint16_t own) {
  return sender < IPPORT_RESERVED || sender == own;
}

void receive_failed(int error) {
  switch (error) {
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
      throw system_error("recvfrom", error);
    default:
      return;
  }
}

void DroppedDatagrams::add(const SocketAddress& peer, std::string_view reason) {
  ++count_;
  if (!rate_limit_.lets_pass()) return;
  log::event("ERROR", "dropped {} datagram{}; {}: {}", count_, count_ == 1 ? "" : "s", peer.text(),
             reason);
  count_ = 0;
}

}  // namespace echolab
