#include "common/listener.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include <gtest/gtest.h>

namespace echolab {
namespace {

Options on_a_free_port(const std::string& host = "127.0.0.1") {
  Options options;
  options.host = host;
  options.port = 0;
  options.quiet = true;
  return options;
}

Options on_port_of(const Listener& listener) {
  Options options = on_a_free_port();
  const std::string port = listener.address().substr(listener.address().find(':') + 1);
  options.port = static_cast<std::uint16_t>(std::stoi(port));
  return options;
}

UniqueFd connect_to(const Listener& listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  EXPECT_EQ(::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  UniqueFd client(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  return client;
}

/// While it lives, this process can open no further descriptor.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() : NoMoreDescriptors(lowest_free()) {}
  /// No descriptor from `first_forbidden` on is given out.
  explicit NoMoreDescriptors(int first_forbidden) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{static_cast<rlim_t>(first_forbidden), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  static int lowest_free() { return UniqueFd(::dup(0)).get(); }

  rlimit before_{};
};

bool is_at_end_of_stream(const UniqueFd& client) {
  char byte = 0;
  return ::recv(client.get(), &byte, 1, 0) == 0;
}

TEST(ListenerTest, port_0_takes_a_free_one_and_the_address_names_it) {
  const Listener listener(on_a_free_port());
  EXPECT_TRUE(listener.address().starts_with("127.0.0.1:"));
  EXPECT_FALSE(listener.address().ends_with(":0"));
}

TEST(ListenerTest, an_ipv6_address_is_shown_in_brackets) {
  const Listener listener(on_a_free_port("::1"));
  EXPECT_TRUE(listener.address().starts_with("[::1]:"));
  EXPECT_TRUE(listener.is_ipv6());
}

TEST(ListenerTest, a_busy_port_is_named_together_with_the_call_that_failed) {
  const Listener first(on_a_free_port());
  try {
    const Listener second(on_port_of(first));
    FAIL() << "two listeners on one port";
  } catch (const std::exception& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot listen on " + first.address() + ": bind: Address already in use");
  }
}

TEST(ListenerTest, a_name_that_does_not_resolve_is_an_error) {
  EXPECT_THROW(Listener(on_a_free_port("no-such-host.invalid")), std::runtime_error);
}

TEST(ListenerTest, errors_of_one_connection_are_passed_over) {
  Listener listener(on_a_free_port());
  for (const int error : {EAGAIN, EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH}) {
    listener.accept_failed(error);
    EXPECT_FALSE(listener.resting()) << "errno " << error;
  }
}

TEST(ListenerTest, a_programming_mistake_is_not_passed_over) {
  Listener listener(on_a_free_port());
  EXPECT_THROW(listener.accept_failed(EBADF), std::system_error);
}

TEST(ListenerTest, out_of_descriptors_a_newcomer_is_turned_away) {
  Listener listener(on_a_free_port());
  const UniqueFd client = connect_to(listener);
  const NoMoreDescriptors limit;
  ASSERT_EQ(::accept(listener.fd(), nullptr, nullptr), -1);
  ASSERT_EQ(errno, EMFILE);
  listener.accept_failed(EMFILE);
  EXPECT_TRUE(is_at_end_of_stream(client));
  EXPECT_FALSE(listener.resting());
}

TEST(ListenerTest, the_reserve_descriptor_serves_again_and_again) {
  Listener listener(on_a_free_port());
  const UniqueFd first = connect_to(listener);
  const UniqueFd second = connect_to(listener);
  const NoMoreDescriptors limit;
  listener.accept_failed(EMFILE);
  listener.accept_failed(EMFILE);
  EXPECT_TRUE(is_at_end_of_stream(first));
  EXPECT_TRUE(is_at_end_of_stream(second));
}

TEST(ListenerTest, a_listener_rests_when_even_the_reserve_does_not_help) {
  Listener listener(on_a_free_port());
  const UniqueFd client = connect_to(listener);
  const NoMoreDescriptors limit(0);  // below the reserve's number: once closed, it is lost
  listener.accept_failed(EMFILE);
  EXPECT_TRUE(listener.resting());
  EXPECT_EQ(listener.fd_to_watch(), -1);
  EXPECT_GE(listener.fd(), 0);
}

// Out of descriptors, accept(2) fails before it looks whether there is anybody, and Asio, for one,
// calls it without being asked to: it would call it again and again.
TEST(ListenerTest, a_listener_rests_when_there_is_nobody_to_turn_away) {
  Listener listener(on_a_free_port());
  listener.accept_failed(EMFILE);
  EXPECT_TRUE(listener.resting());
}

TEST(ListenerTest, a_closed_listener_refuses_newcomers) {
  Listener listener(on_a_free_port());
  const UniqueFd early = connect_to(listener);
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ASSERT_EQ(::getpeername(early.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  listener.close();
  const UniqueFd late(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(late.get(), reinterpret_cast<sockaddr*>(&address), length), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
}

TEST(ListenerTest, another_listener_shares_the_port) {
  const Options options = on_a_free_port();
  Listener first(options);
  const Listener second = first.another(options);
  EXPECT_EQ(second.address(), first.address());
  first.close();
  // All newcomers go to the one that is left.
  const UniqueFd client = connect_to(second);
  const UniqueFd accepted(::accept(second.fd(), nullptr, nullptr));
  EXPECT_TRUE(accepted);
}

TEST(ListenerTest, a_shared_port_is_still_busy_for_a_second_server) {
  const Options options = on_a_free_port();
  const Listener first(options);
  const Listener second = first.another(options);
  EXPECT_THROW(Listener(on_port_of(first)), std::runtime_error);
}

}  // namespace
}  // namespace echolab
