// udp-echo: datagrams, each by itself
// The idea: receive a datagram, send it back to where it came from, receive the next. It is the
// other half of RFC 862. There are no connections: nothing to accept, and nothing to close.
// What blocks, and where: poll, until there is a datagram or a signal. sendto never does: where
// there is no room the datagram is dropped, as any router on its way might have done.
// State per client, and who owns it: none. The address comes with each datagram.
// What one more client costs: nothing. One socket serves them all; when it is full, all lose.
// How it fails: datagrams get lost, doubled and overtaken, and nobody is told: what TCP does about
// it, a client must do for itself. And whoever forges the address of a sender has a third one
// answered. If that is a server, too, the two may answer each other for ever: see
// is_a_servers_port() for what can be known of it. Never offer this service to the Internet.
// Run it: ./lab run udp-echo --port 7007
// Compare with: diff 01_iterative/iterative_server.cpp 01_iterative/udp_echo_server.cpp
// Lab: 01_iterative/README.md

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "01_iterative/datagram.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// Blocks until there may be a datagram to receive: true. False once the shutdown is requested.
bool wait_readable(const UniqueFd& socket, const Shutdown& shutdown) {
  std::array<pollfd, 2> watched{{{shutdown.fd(), POLLIN, 0}, {socket.get(), POLLIN, 0}}};
  // poll(2): without it, recvfrom would have to block, and a signal just before it would be lost.
  if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) throw system_error("poll");
  return !shutdown.requested();
}

/// Why a datagram of `length` bytes from the port `sender` gets no answer; "" when it gets one.
std::string_view objection(std::size_t length, std::uint16_t sender, std::uint16_t own) {
  if (length > kMaxDatagram) return "longer than a datagram can be";
  if (is_a_servers_port(sender, own)) return "not answered, since that is a server's port";
  return {};
}

DatagramTotals run(const UniqueFd& socket, const Options& /*options*/, Shutdown& shutdown) {
  const std::uint16_t own_port = bound_address(socket).port();
  std::array<std::byte, kMaxDatagram> buffer;
  DatagramTotals totals;
  DroppedDatagrams dropped;
  while (wait_readable(socket, shutdown)) {
    // recvfrom(2): takes one whole datagram, and who sent it. 0 bytes are a datagram, not an end.
    // What the buffer has no room for is cut off; MSG_TRUNC tells how long it was.
    SocketAddress sender;
    const ssize_t received = ::recvfrom(socket.get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                        sender.get(), &sender.length);
    if (received < 0) {
      receive_failed(errno);
      continue;
    }
    ++totals.received;
    const auto length = static_cast<std::size_t>(received);
    if (const auto reason = objection(length, sender.port(), own_port); !reason.empty()) {
      dropped.add(sender, reason);
      continue;
    }
    // sendto(2): sends all of it or nothing. To be sent is not to arrive.
    if (::sendto(socket.get(), buffer.data(), length, 0, sender.get(), sender.length) < 0) {
      dropped.add(sender, system_error("sendto").what());
      continue;
    }
    ++totals.sent;
  }
  log::event("SHUTTING DOWN");
  return totals;
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::udp_server_main("udp-echo", argc, argv, echolab::run);
}
