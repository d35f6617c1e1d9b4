#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <optional>

namespace echolab::loadgen {

/// Hands out the addresses to connect from.
///
/// A connection is named by two addresses and two ports, and to one server port only the client's
/// own port can vary: about 28,000 of them (ip(7), ip_local_port_range), each blocked for a minute
/// after its connection was closed (TIME_WAIT). But all of 127.0.0.0/8 is this host. So after every
/// 20,000 connections the next address is taken: 127.0.0.1, 127.0.0.2, ... and round again. Only
/// for a target in that network: IPv6 has a single loopback address.
///
/// Shared by the threads of a run.
class SourceAddresses {
 public:
  static constexpr std::uint64_t kConnectionsPerAddress = 20'000;
  static constexpr std::uint64_t kAddresses = 200;

  explicit SourceAddresses(const sockaddr_storage& target);

  /// The address for one more connection; none when the kernel's own choice is as good.
  [[nodiscard]] std::optional<sockaddr_in> next();

  /// The current address has no port left: goes on to the next one. False if there is only one.
  [[nodiscard]] bool skip();

 private:
  bool rotates_;
  std::atomic<std::uint64_t> connections_{0};
};

}  // namespace echolab::loadgen
