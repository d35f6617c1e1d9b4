#include "harness/loadgen/target.h"

#include <netdb.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include "common/system_error.h"

namespace echolab::loadgen {
namespace {

void enable(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) != 0) throw system_error(name);
}

void bind_to(int fd, const sockaddr_in& source) {
  // Without this option, bind would reserve a port for this address whatever the destination is.
  enable(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "setsockopt IP_BIND_ADDRESS_NO_PORT");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
    throw system_error("bind");
}

}  // namespace

Target::Target(const std::string& host, std::uint16_t port)
    : address_(resolve(host, port)), sources_(address_.storage) {
  std::array<char, NI_MAXHOST> numeric{};
  ::getnameinfo(address(), address_.length, numeric.data(), numeric.size(), nullptr, 0,
                NI_NUMERICHOST);
  const bool ipv6 = address_.storage.ss_family == AF_INET6;
  text_ = ipv6 ? fmt::format("[{}]:{}", numeric.data(), port)
               : fmt::format("{}:{}", numeric.data(), port);
}

Target::Address Target::resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    throw std::runtime_error(fmt::format("cannot resolve {}: {}", host, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  return address;
}

const sockaddr* Target::address() const {
  return reinterpret_cast<const sockaddr*>(&address_.storage);
}

UniqueFd Target::start_connect() {
  for (;;) {
    constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    UniqueFd socket(::socket(address_.storage.ss_family, kType, 0));
    if (!socket) throw system_error("socket");
    enable(socket.get(), IPPROTO_TCP, TCP_NODELAY, "setsockopt TCP_NODELAY");
    if (const auto source = sources_.next()) bind_to(socket.get(), *source);
    if (::connect(socket.get(), address(), address_.length) == 0) return socket;
    if (errno == EINPROGRESS || errno == EINTR) return socket;
    if (errno != EADDRNOTAVAIL || !sources_.skip()) throw system_error("connect");
  }
}

}  // namespace echolab::loadgen
