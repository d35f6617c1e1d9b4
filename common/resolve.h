#pragma once

#include <netdb.h>

#include <memory>
#include <string>

namespace echolab {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// The socket addresses, IPv4 and IPv6, that `host` (a name or a number) and `port` stand for, in
/// the order in which they are to be tried: getaddrinfo(3), of which `socket_type` and `flags` are
/// hints. Throws std::system_error, or std::runtime_error that says "Name or service not known" and
/// the like.
[[nodiscard]] AddressList resolve(const std::string& host, const std::string& port, int socket_type,
                                  int flags);

}  // namespace echolab
