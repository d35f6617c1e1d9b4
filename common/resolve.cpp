#include "common/resolve.h"

#include <stdexcept>

#include "common/system_error.h"

namespace echolab {

AddressList resolve(const std::string& host, const std::string& port, int socket_type, int flags) {
  addrinfo hints{};
  hints.ai_socktype = socket_type;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error == EAI_SYSTEM) throw system_error("getaddrinfo");
  if (error != 0) throw std::runtime_error(::gai_strerror(error));
  return {found, &::freeaddrinfo};
}

}  // namespace echolab
