// udp-chat: a chat room of datagrams
// The idea: one socket for everybody. A datagram tells by its address whose it is; what a member
// says is sent to each of the others. Nobody connects, so members name themselves, and stay for as
// long as something is heard of them.
// What blocks, and where: poll, until there is a datagram or a signal, or a member has been silent
// for too long. sendto never does: where there is no room the datagram is lost.
// State per client, and who owns it: an address, a name and a time, in a DatagramRoom that only
// this thread touches: no lock anywhere. (The client has two threads.)
// What one more client costs: some 200 bytes, and a further sendto for all that the others say.
// How it fails: what is lost stays lost, and nobody is told; the room of lab 02's chat_server does
// not lose a word. And an address proves nothing: whoever forges one can speak and leave in a
// member's name, or subscribe a victim to the room's talk until it expires. Others' protocols have
// the newcomer return a secret first (DTLS, RFC 9147, 5.1; QUIC, RFC 9000, 8.1).
// Run it: ./lab run udp-chat --port 7007
// Compare with: diff 01_iterative/udp_echo_server.cpp 02_threads/udp_chat_server.cpp
// Lab: 02_threads/README.md

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "01_iterative/client/wait_until_ready.h"
#include "01_iterative/datagram.h"
#include "02_threads/datagram_room.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// Each datagram becomes as many as there are members: the number of these always has a limit, too.
constexpr std::size_t kMostMembers = 1000;

DatagramRoom::Limits limits_of(const Options& options) {
  return {std::min(options.max_clients, kMostMembers), options.idle_timeout};
}

/// Blocks until there may be a datagram to receive, or `deadline` passes: true. False once the
/// shutdown is requested.
bool wait_readable(const UniqueFd& socket, const Shutdown& shutdown, Clock::time_point deadline) {
  std::array<pollfd, 2> watched{{{shutdown.fd(), POLLIN, 0}, {socket.get(), POLLIN, 0}}};
  // poll(2): without it, recvfrom would have to block, and a signal just before it would be lost.
  if (::poll(watched.data(), watched.size(), milliseconds_until(deadline)) < 0 && errno != EINTR) {
    throw system_error("poll");
  }
  return !shutdown.requested();
}

void send_all(const UniqueFd& socket, const std::vector<DatagramRoom::Outgoing>& outgoing,
              DatagramTotals& totals, DroppedDatagrams& dropped) {
  for (const auto& [to, text] : outgoing) {
    // sendto(2): sends all of it or nothing. To be sent is not to arrive.
    if (::sendto(socket.get(), text.data(), text.size(), 0, to.get(), to.length) < 0) {
      dropped.add(to, system_error("sendto").what());
    } else {
      ++totals.sent;
    }
  }
}

DatagramTotals run(const UniqueFd& socket, const Options& options, Shutdown& shutdown) {
  const std::uint16_t own_port = bound_address(socket).port();
  // Longer than any message may be: what has no room is cut off, and was too long anyway.
  std::array<char, DatagramRoom::kMaxMessage + 64> buffer;
  DatagramTotals totals;
  DroppedDatagrams dropped;
  DatagramRoom room(limits_of(options));
  while (wait_readable(socket, shutdown, room.next_expiry())) {
    send_all(socket, room.expire(Clock::now()), totals, dropped);
    // recvfrom(2): takes one whole datagram, and who sent it. 0 bytes are a datagram, not an end.
    SocketAddress sender;
    const ssize_t received =
        ::recvfrom(socket.get(), buffer.data(), buffer.size(), 0, sender.get(), &sender.length);
    if (received < 0) {
      receive_failed(errno);
      continue;
    }
    ++totals.received;
    if (is_a_servers_port(sender.port(), own_port)) {
      dropped.add(sender, "not answered, since that is a server's port");
      continue;
    }
    const std::string_view text(buffer.data(), static_cast<std::size_t>(received));
    send_all(socket, room.receive(sender, text, Clock::now()), totals, dropped);
  }
  log::event("SHUTTING DOWN");
  send_all(socket, room.farewell(), totals, dropped);
  return totals;
}

}  // namespace echolab

// Who has gone without a word would else be sent datagrams for ever. Clients speak thrice as often.
int main(int argc, char** argv) {
  return echolab::udp_server_main("udp-chat", argc, argv, echolab::run, {"--idle-timeout=60s"});
}
