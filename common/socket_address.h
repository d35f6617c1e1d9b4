#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

namespace echolab {

/// "127.0.0.1:7007" or "[::1]:7007": a colon in the host calls for brackets (RFC 3986, 3.2.2).
[[nodiscard]] std::string host_and_port(std::string_view host, std::string_view port);

/// The same for an address as system calls give it, numbers only (getnameinfo(3)); words that say
/// so when its family has none.
[[nodiscard]] std::string to_text(const sockaddr_storage& address, socklen_t length);

/// The address that socket `fd` is bound to (getsockname(2)).
/// Throws std::system_error.
[[nodiscard]] std::string local_address(int fd);

/// The same for the other end (getpeername(2)); "a client that has gone" when it has.
[[nodiscard]] std::string peer_address(int fd);

}  // namespace echolab
