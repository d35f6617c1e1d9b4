#include "harness/loadgen/source_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace echolab::loadgen {
namespace {

bool is_loopback_ipv4(const sockaddr_storage& address) {
  if (address.ss_family != AF_INET) return false;
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &address, sizeof ipv4);
  return ::ntohl(ipv4.sin_addr.s_addr) >> 24U == IN_LOOPBACKNET;
}

}  // namespace

SourceAddresses::SourceAddresses(const sockaddr_storage& target)
    : rotates_(is_loopback_ipv4(target)) {}

std::optional<sockaddr_in> SourceAddresses::next() {
  if (!rotates_) return std::nullopt;
  const std::uint64_t turn = connections_.fetch_add(1) / kConnectionsPerAddress;
  if (turn == 0) return std::nullopt;
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK + static_cast<in_addr_t>(turn % kAddresses));
  return source;
}

bool SourceAddresses::skip() {
  if (rotates_) connections_.fetch_add(kConnectionsPerAddress);
  return rotates_;
}

}  // namespace echolab::loadgen
