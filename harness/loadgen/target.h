#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "common/unique_fd.h"
#include "harness/loadgen/source_address.h"

namespace echolab::loadgen {

/// The server under load: a resolved address to connect to.
class Target {
 public:
  /// A name or a numeric IPv4 or IPv6 address. Throws std::runtime_error if getaddrinfo(3) knows
  /// none.
  Target(const std::string& host, std::uint16_t port);

  /// Begins to connect a new non-blocking socket (connect(2), EINPROGRESS), Nagle's algorithm off:
  /// with more than one request in flight, it would hold small ones back. Whether the connection
  /// came about shows when the socket is used. Throws std::system_error that names the call.
  [[nodiscard]] UniqueFd start_connect();

  /// "127.0.0.1:7007" or "[::1]:7007".
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
  };
  [[nodiscard]] static Address resolve(const std::string& host, std::uint16_t port);
  [[nodiscard]] const sockaddr* address() const;

  Address address_;
  std::string text_;
  SourceAddresses sources_;
};

}  // namespace echolab::loadgen
