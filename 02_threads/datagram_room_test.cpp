#include "02_threads/datagram_room.h"

#include <netinet/in.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/log.h"

namespace echolab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

const Texts kNothing;

constexpr DatagramRoom::Limits kLimits{4, seconds(60)};

template <typename... Text>
Texts texts(const Text&... text) {
  return {std::string(text)...};
}

SocketAddress address(std::uint16_t port) {
  SocketAddress result;
  result.length = sizeof(sockaddr_in);
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(result.storage);
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

/// A room, and a clock that only the test moves. Members are known by their ports.
class Room : public testing::Test {
 protected:
  Room() { log::set_quiet(true); }

  Texts receive(std::uint16_t port, std::string_view datagram) {
    return as_text(room_.receive(address(port), datagram, now_));
  }

  /// "PORT: text" for each datagram that is to be sent.
  static Texts as_text(const std::vector<DatagramRoom::Outgoing>& outgoing) {
    Texts texts;
    for (const auto& [to, text] : outgoing)
      texts.push_back(std::to_string(to.port()) + ": " + text);
    return texts;
  }

  void join_alice_and_bob() {
    receive(1001, "/name alice");
    receive(1002, "/name bob");
  }

  DatagramRoom room_{kLimits};
  DatagramRoom::Clock::time_point now_{};
};

TEST(Welcome, can_be_read_as_it_is_said) {
  for (const auto silence :
       {milliseconds(60'000), milliseconds(500), milliseconds(3'600'000), milliseconds(0)}) {
    const auto welcome = Welcome::in(Welcome{"alice", silence}.text());
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->name, "alice");
    EXPECT_EQ(welcome->silence, silence);
  }
}

TEST(Welcome, is_not_read_into_anything_else) {
  for (const char* text :
       {"", "* you are ", "* alice joined", "alice: * you are bob", "* you are not alone",
        "* you are , unless you are silent for", "* you are alice, unless you are silent for ever",
        "* you are alice, unless you are silent for 0 s",
        "* you are alice, unless you are silent for nan s",
        "* you are alice, unless you are silent for 1e300 s"}) {
    EXPECT_FALSE(Welcome::in(text)) << text;
  }
}

TEST_F(Room, welcomes_who_says_a_name) {
  EXPECT_EQ(receive(1001, "/name alice"),
            texts("1001: * you are alice, unless you are silent for 60 s\n"));
}

TEST_F(Room, announces_a_newcomer_to_the_others) {
  receive(1001, "/name alice");
  EXPECT_EQ(receive(1002, "/name bob\n"),
            texts("1001: * bob joined\n", "1002: * you are bob, unless you are silent for 60 s\n"));
}

TEST_F(Room, welcomes_again_who_repeats_the_name_and_tells_nobody_else) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1002, "/name bob"),
            texts("1002: * you are bob, unless you are silent for 60 s\n"));
}

TEST_F(Room, relays_a_message_to_all_but_its_author) {
  join_alice_and_bob();
  receive(1003, "/name carol");
  EXPECT_EQ(receive(1001, "hello"), texts("1002: alice: hello\n", "1003: alice: hello\n"));
}

TEST_F(Room, takes_off_a_line_end_of_either_kind) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1001, "hello\n"), texts("1002: alice: hello\n"));
  EXPECT_EQ(receive(1001, "hello\r\n"), texts("1002: alice: hello\n"));
}

TEST_F(Room, makes_visible_what_would_command_a_terminal_or_forge_a_line) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1001, "\x1b[2J\nbob: \xff"), texts("1002: alice: \\x1b[2J\\x0abob: \\xff\n"));
}

TEST_F(Room, relays_nothing_of_those_that_have_no_name) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1003, "hello"), texts("1003: * error: who are you? Say: /name NAME\n"));
}

TEST_F(Room, never_answers_what_a_server_says) {
  join_alice_and_bob();
  for (const char* text : {"* error: who are you? Say: /name NAME\n", "* you are bob", "* "}) {
    EXPECT_EQ(receive(1001, text), kNothing);
    EXPECT_EQ(receive(1003, text), kNothing);
  }
}

TEST_F(Room, says_nothing_to_the_members_that_a_server_would_not_swallow) {
  join_alice_and_bob();
  for (const char* text : {"", "/name alice", "/name bob", "/name ", "quit"}) {
    for (const DatagramRoom::Outgoing& answer : room_.receive(address(1001), text, now_)) {
      EXPECT_TRUE(answer.text.starts_with(DatagramRoom::kServersMark)) << answer.text;
    }
  }
}

TEST_F(Room, tells_who_sends_an_empty_datagram_who_he_is) {
  join_alice_and_bob();
  for (const char* text : {"", "\n"}) {
    EXPECT_EQ(receive(1001, text),
              texts("1001: * you are alice, unless you are silent for 60 s\n"));
    EXPECT_EQ(receive(1003, text), texts("1003: * error: who are you? Say: /name NAME\n"));
  }
}

TEST_F(Room, refuses_a_message_that_is_too_long_and_keeps_the_member) {
  join_alice_and_bob();
  const std::string longest(DatagramRoom::kMaxMessage, 'x');
  EXPECT_EQ(receive(1001, longest + "\r\n"), texts("1002: alice: " + longest + "\n"));
  EXPECT_EQ(receive(1001, longest + "xx"),
            texts("1001: * error: a message has at most 1024 bytes\n"));
  EXPECT_EQ(receive(1001, "hello"), texts("1002: alice: hello\n"));
}

TEST_F(Room, refuses_names_that_are_no_names) {
  const std::string too_long(33, 'x');
  for (const std::string name : {"", "two words", "alice:", "*", "/alice", too_long.c_str()}) {
    EXPECT_EQ(receive(1001, "/name " + name),
              texts("1001: * error: '" + name + "' is not a name\n"));
  }
  EXPECT_EQ(receive(1001, "/name \x1b[2J\xff"),
            texts("1001: * error: '\\x1b[2J\\xff' is not a name\n"));
  EXPECT_EQ(receive(1001, "/name " + std::string(32, 'x')).size(), 1U);
}

TEST_F(Room, gives_a_name_to_one_member_at_a_time) {
  join_alice_and_bob();
  const Texts refusal = texts("1003: * error: the name 'alice' is taken\n");
  EXPECT_EQ(receive(1003, "/name alice"), refusal);
  receive(1001, "quit");
  EXPECT_EQ(
      receive(1003, "/name alice"),
      texts("1002: * alice joined\n", "1003: * you are alice, unless you are silent for 60 s\n"));
}

TEST_F(Room, announces_that_a_member_has_changed_its_name) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1001, "/name carol"),
            texts("1002: * alice is now carol\n",
                  "1001: * you are carol, unless you are silent for 60 s\n"));
  EXPECT_EQ(receive(1001, "/name bob"), texts("1001: * error: the name 'bob' is taken\n"));
  EXPECT_EQ(receive(1001, "hello"), texts("1002: carol: hello\n"));
}

TEST_F(Room, lets_a_member_leave) {
  join_alice_and_bob();
  EXPECT_EQ(receive(1001, "quit\n"),
            texts("1002: * alice left: quit\n", "1001: * goodbye: quit\n"));
  EXPECT_EQ(receive(1002, "anybody here?"), kNothing);
}

TEST_F(Room, says_goodbye_again_since_the_first_may_have_been_lost) {
  EXPECT_EQ(receive(1001, "quit"), texts("1001: * goodbye\n"));
}

TEST_F(Room, is_bounded) {
  for (std::uint16_t port = 1001; port <= 1004; ++port) {
    receive(port, "/name member-" + std::to_string(port));
  }
  EXPECT_EQ(receive(1005, "/name late"), texts("1005: * error: the room is full\n"));
  receive(1001, "quit");
  EXPECT_EQ(receive(1005, "/name late").size(), 4U);
}

TEST_F(Room, has_nothing_to_expire_without_members) {
  EXPECT_EQ(room_.next_expiry(), DatagramRoom::Clock::time_point::max());
  EXPECT_EQ(as_text(room_.expire(now_ + seconds(3600))), kNothing);
}

TEST_F(Room, removes_a_member_that_is_silent_for_too_long_and_says_so) {
  receive(1001, "/name alice");
  now_ += seconds(1);
  receive(1002, "/name bob");
  EXPECT_EQ(room_.next_expiry(), now_ + seconds(59));
  EXPECT_EQ(as_text(room_.expire(now_ + seconds(58))), kNothing);
  EXPECT_EQ(
      as_text(room_.expire(now_ + seconds(59))),
      texts("1002: * alice left: silent for too long\n", "1001: * goodbye: silent for too long\n"));
  EXPECT_EQ(room_.next_expiry(), now_ + seconds(60));
}

TEST_F(Room, takes_any_datagram_of_a_member_for_a_sign_of_life) {
  receive(1001, "/name alice");
  const std::string too_long(2000, 'x');
  for (const std::string text : {"", "hello", "/name alice", too_long.c_str()}) {
    now_ += seconds(59);
    receive(1001, text);
    EXPECT_EQ(as_text(room_.expire(now_)), kNothing);
    EXPECT_EQ(room_.next_expiry(), now_ + seconds(60));
  }
}

TEST_F(Room, removes_several_at_once) {
  join_alice_and_bob();
  EXPECT_EQ(room_.expire(now_ + seconds(60)).size(), 3U);
  EXPECT_EQ(room_.next_expiry(), DatagramRoom::Clock::time_point::max());
}

TEST_F(Room, keeps_its_members_for_ever_where_silence_has_no_limit) {
  DatagramRoom room({4, seconds(0)});
  EXPECT_EQ(as_text(room.receive(address(1001), "/name alice", now_)),
            texts("1001: * you are alice\n"));
  EXPECT_EQ(room.next_expiry(), DatagramRoom::Clock::time_point::max());
  EXPECT_EQ(as_text(room.expire(now_ + seconds(86'400))), kNothing);
}

TEST_F(Room, tells_all_members_that_the_server_ends) {
  join_alice_and_bob();
  EXPECT_EQ(as_text(room_.farewell()), texts("1001: * goodbye: the server is shutting down\n",
                                             "1002: * goodbye: the server is shutting down\n"));
}

}  // namespace
}  // namespace echolab
