#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/log.h"
#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// The longest payload of a datagram: its length is a number of 16 bits (RFC 768). The headers
/// leave 65,507 of these bytes to IPv4, and 65,527 to IPv6.
constexpr std::size_t kMaxDatagram = 65'535;

/// Where a datagram came from, or goes to: an address and a port, of IPv4 or IPv6.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  /// As recvfrom(2) and sendto(2) take the addresses of all families.
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  /// 0 for a family that has none.
  [[nodiscard]] std::uint16_t port() const;

  /// "127.0.0.1:40123". Equal texts mean the same sender; equal bytes would ask for too much, since
  /// a sockaddr_in6 also holds the flow label (RFC 6437).
  [[nodiscard]] std::string text() const;
};

/// The address that `socket` is bound to. Throws std::system_error.
[[nodiscard]] SocketAddress bound_address(const UniqueFd& socket);

/// False if what came from the port `sender`, and says so of itself, is not to be answered by a
/// server on the port `own`.
///
/// Nobody has proved to be where a datagram says that it comes from. Under the forged address of
/// another server, the answer would be a request there, its answer a request here, and so on at
/// full speed, for ever (CERT CA-1996-01 tells it of echo and chargen; CVE-2024-2169). Ports below
/// 1024 (IPPORT_RESERVED) are those of servers: 7 is echo, 17 quote of the day, 19 chargen, 53
/// DNS. So is a port like one's own. And 0 means that the sender expects no answer (RFC 768).
[[nodiscard]] bool is_a_servers_port(std::uint16_t sender, std::uint16_t own);

/// Takes note that recvfrom(2) failed with `error`: with EAGAIN, since a datagram was damaged and
/// thrown away after poll(2) had reported it, or with what became of an earlier datagram
/// (ECONNREFUSED, udp(7)). Throws std::system_error for what only a programming mistake can cause.
void receive_failed(int error);

/// Datagrams that a server did not answer, or could not. One log line a second says so.
class DroppedDatagrams {
 public:
  void add(const SocketAddress& peer, std::string_view reason);

 private:
  std::uint64_t count_ = 0;  // since the last log line
  log::RateLimit rate_limit_;
};

}  // namespace echolab
