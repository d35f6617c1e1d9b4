#include "common/socket_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <system_error>

#include <gtest/gtest.h>

#include "common/unique_fd.h"

namespace echolab {
namespace {

TEST(SocketAddressTest, a_host_with_colons_is_set_in_brackets) {
  EXPECT_EQ(host_and_port("127.0.0.1", "7007"), "127.0.0.1:7007");
  EXPECT_EQ(host_and_port("::1", "7007"), "[::1]:7007");
}

TEST(SocketAddressTest, an_address_becomes_numbers_and_not_names) {
  sockaddr_storage address{};
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_addr = in6addr_loopback;
  ipv6.sin6_port = ::htons(7);
  EXPECT_EQ(to_text(address, sizeof ipv6), "[::1]:7");
}

TEST(SocketAddressTest, an_address_of_no_family_has_a_text_all_the_same) {
  EXPECT_EQ(to_text({}, sizeof(sockaddr_storage)), "an address of an unknown family");
}

TEST(SocketAddressTest, the_two_ends_of_a_connection_name_each_other) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  auto* const address = reinterpret_cast<sockaddr*>(&loopback);
  socklen_t length = sizeof loopback;
  ASSERT_EQ(::bind(listener.get(), address, length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), address, &length), 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address, length), 0);
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(peer_address(server.get()), local_address(client.get()));
  EXPECT_EQ(peer_address(client.get()), local_address(server.get()));
}

TEST(SocketAddressTest, a_socket_without_a_peer_has_a_name_for_it_all_the_same) {
  const UniqueFd alone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(peer_address(alone.get()), "a client that has gone");
}

TEST(SocketAddressTest, what_is_no_socket_has_no_local_address) {
  EXPECT_THROW((void)local_address(-1), std::system_error);
}

}  // namespace
}  // namespace echolab
