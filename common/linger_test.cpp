#include "common/linger.h"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "common/listener.h"
#include "common/shutdown.h"

namespace echolab {
namespace {

/// Both ends of a TCP connection.
struct Pair {
  UniqueFd server;
  UniqueFd client;
};

Pair connected_pair() {
  Options options;
  options.port = 0;
  const Listener listener(options);
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::getsockname(listener.fd(), generic, &length), 0);
  UniqueFd client(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), generic, length), 0);
  return {UniqueFd(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)), std::move(client)};
}

void send_text(const UniqueFd& socket, const std::string& text) {
  ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

std::string receive_until_end(const UniqueFd& socket) {
  std::string received;
  std::array<char, 1000> buffer;
  for (ssize_t count = 0; (count = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0;) {
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received;
}

TEST(LingeringClose, is_done_at_once_when_nothing_is_owed) {
  const Pair pair = connected_pair();
  EXPECT_TRUE(LingeringClose(pair.server.get()).done());
}

TEST(LingeringClose, a_client_that_sends_on_still_gets_what_it_was_owed) {
  Pair pair = connected_pair();
  send_text(pair.client, std::string(100'000, 'x'));
  send_text(pair.server, "farewell");
  LingeringClose lingering(pair.server.get());
  while (!lingering.done()) {
  }
  send_text(pair.client, "more");
  pair.server.reset();
  EXPECT_EQ(receive_until_end(pair.client), "farewell");
}

TEST(LingeringClose, what_the_client_sends_is_thrown_away_and_ends_first) {
  const Pair pair = connected_pair();
  send_text(pair.client, "unwanted");
  LingeringClose lingering(pair.server.get());
  EXPECT_FALSE(lingering.done());  // more may be underway
  EXPECT_TRUE(lingering.done());
  char byte = 0;
  EXPECT_EQ(::recv(pair.server.get(), &byte, 1, MSG_DONTWAIT), -1);
}

TEST(LingeringClose, is_not_done_while_the_client_has_not_received_all) {
  const Pair pair = connected_pair();
  const std::string block(64 * 1024, 'x');
  while (::send(pair.server.get(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
  }
  LingeringClose lingering(pair.server.get());
  EXPECT_FALSE(lingering.done());
}

TEST(LingeringClose, is_done_when_the_client_has_closed_and_acknowledges_nothing_more) {
  Pair pair = connected_pair();
  pair.client.reset();
  send_text(pair.server, "farewell");  // is answered with a reset
  const auto started = std::chrono::steady_clock::now();
  LingeringClose lingering(pair.server.get());
  while (!lingering.done()) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, LingeringClose::kLongest);
}

TEST(LingeringClose, counts_from_its_first_question_until_it_is_gone) {
  const Pair pair = connected_pair();
  {
    LingeringClose lingering(pair.server.get());
    EXPECT_FALSE(LingeringClose::any());
    (void)lingering.done();
    (void)lingering.done();
    EXPECT_TRUE(LingeringClose::any());
  }
  EXPECT_FALSE(LingeringClose::any());
}

TEST(LingeringClose, counts_in_the_thread_that_asks_only) {
  const Pair pair = connected_pair();
  LingeringClose lingering(pair.server.get());
  (void)lingering.done();
  bool other_thread_lingers = true;
  std::thread([&] { other_thread_lingers = LingeringClose::any(); }).join();
  EXPECT_FALSE(other_thread_lingers);
}

}  // namespace
}  // namespace echolab
