#include "harness/loadgen/source_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace echolab::loadgen {
namespace {

sockaddr_storage ipv4(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, text, &address.sin_addr);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

std::string text(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> buffer{};
  return ::inet_ntop(AF_INET, &address.sin_addr, buffer.data(), buffer.size());
}

TEST(SourceAddresses, leave_the_first_connections_to_the_kernel) {
  SourceAddresses sources(ipv4("127.0.0.1"));
  for (std::uint64_t i = 0; i < SourceAddresses::kConnectionsPerAddress; ++i) {
    ASSERT_FALSE(sources.next().has_value());
  }
}

TEST(SourceAddresses, then_go_from_address_to_address) {
  SourceAddresses sources(ipv4("127.0.0.1"));
  ASSERT_TRUE(sources.skip());
  for (std::uint64_t i = 0; i < SourceAddresses::kConnectionsPerAddress; ++i) {
    ASSERT_EQ(text(sources.next().value()), "127.0.0.2");
  }
  EXPECT_EQ(text(sources.next().value()), "127.0.0.3");
}

TEST(SourceAddresses, come_round_again) {
  SourceAddresses sources(ipv4("127.0.0.1"));
  for (std::uint64_t i = 0; i < SourceAddresses::kAddresses; ++i) ASSERT_TRUE(sources.skip());
  EXPECT_EQ(text(sources.next().value()), "127.0.0.1");
}

TEST(SourceAddresses, cannot_be_chosen_outside_the_loopback_network) {
  SourceAddresses sources(ipv4("192.0.2.1"));
  EXPECT_FALSE(sources.skip());
  EXPECT_FALSE(sources.next().has_value());
}

TEST(SourceAddresses, cannot_be_chosen_for_ipv6) {
  sockaddr_storage address{};
  address.ss_family = AF_INET6;
  SourceAddresses sources(address);
  EXPECT_FALSE(sources.skip());
  EXPECT_FALSE(sources.next().has_value());
}

}  // namespace
}  // namespace echolab::loadgen
