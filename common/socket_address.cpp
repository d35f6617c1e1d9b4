#include "common/socket_address.h"

#include <netdb.h>

#include <array>

#include <fmt/core.h>

#include "common/system_error.h"

namespace echolab {

std::string host_and_port(std::string_view host, std::string_view port) {
  const bool has_colons = host.find(':') != std::string_view::npos;
  return has_colons ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string to_text(const sockaddr_storage& address, socklen_t length) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  // getnameinfo(3): one call for every address family.
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host.data(), host.size(),
                    port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "an address of an unknown family";
  }
  return host_and_port(host.data(), port.data());
}

std::string local_address(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) < 0) {
    throw system_error("getsockname");
  }
  return to_text(address, length);
}

std::string peer_address(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) < 0) {
    return "a client that has gone";
  }
  return to_text(address, length);
}

}  // namespace echolab
