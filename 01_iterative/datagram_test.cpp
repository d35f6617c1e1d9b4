#include "01_iterative/datagram.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include <gtest/gtest.h>

#include "common/datagram_socket.h"
#include "common/log.h"

namespace echolab {
namespace {

constexpr std::uint16_t kOwn = 7007;

Options loopback(const char* host) {
  Options options;
  options.host = host;
  options.port = 0;
  return options;
}

TEST(SocketAddress, tells_the_address_and_the_port_of_ipv4) {
  const SocketAddress address = bound_address(open_datagram_socket(loopback("127.0.0.1")));
  EXPECT_NE(address.port(), 0);
  EXPECT_EQ(address.text(), "127.0.0.1:" + std::to_string(address.port()));
}

TEST(SocketAddress, tells_the_address_and_the_port_of_ipv6) {
  const SocketAddress address = bound_address(open_datagram_socket(loopback("::1")));
  EXPECT_NE(address.port(), 0);
  EXPECT_EQ(address.text(), "[::1]:" + std::to_string(address.port()));
}

TEST(SocketAddress, of_the_same_sender_has_the_same_text_whatever_its_flow_label) {
  SocketAddress address;
  address.length = sizeof(sockaddr_in6);
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(40123);
  const std::string text = address.text();
  ipv6.sin6_flowinfo = htonl(4711);
  EXPECT_EQ(text, "[::]:40123");
  EXPECT_EQ(address.text(), text);
}

TEST(SocketAddress, of_an_unknown_family_has_no_port) {
  SocketAddress address;
  address.storage.ss_family = AF_UNSPEC;
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.text(), "an address of an unknown family");
}

TEST(IsAServersPort, holds_for_the_small_services_that_would_answer_the_answer) {
  for (const std::uint16_t port : {7, 13, 17, 19, 37, 53, 123, 1023}) {
    EXPECT_TRUE(is_a_servers_port(port, kOwn)) << port;
  }
}

TEST(IsAServersPort, holds_for_a_port_like_ones_own_and_for_none) {
  EXPECT_TRUE(is_a_servers_port(kOwn, kOwn));
  EXPECT_TRUE(is_a_servers_port(0, kOwn));
}

TEST(IsAServersPort, does_not_hold_for_those_of_clients) {
  for (const std::uint16_t port : {1024, 7008, 40123, 65535}) {
    EXPECT_FALSE(is_a_servers_port(port, kOwn)) << port;
  }
}

TEST(ReceiveFailed, passes_over_what_says_something_of_one_datagram_only) {
  for (const int error : {EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH, ENOMEM}) {
    EXPECT_NO_THROW(receive_failed(error)) << error;
  }
}

TEST(ReceiveFailed, throws_for_mistakes_of_the_program) {
  EXPECT_THROW(receive_failed(EBADF), std::system_error);
}

TEST(DroppedDatagrams, log_one_line_a_second_however_many_they_are) {
  const SocketAddress peer = bound_address(open_datagram_socket(loopback("127.0.0.1")));
  DroppedDatagrams dropped;
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) dropped.add(peer, "no reason");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "[ERROR] dropped 1 datagram; " + peer.text() + ": no reason\n");
}

}  // namespace
}  // namespace echolab
