#include "common/chat.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace echolab {
namespace {

using Lines = std::vector<std::string>;

const std::string kPrompt = "* what is your name?\n";
const std::string kNoName =
    "error: a name has 1 to 32 printable bytes, no space, no colon, and begins with neither * nor "
    "/\n";

/// A member that writes down what it hears.
class Listening final : public ChatMember {
 public:
  /// What was heard since the last call.
  Lines heard() { return std::exchange(lines_, {}); }

 private:
  void hear(std::string_view line) override { lines_.emplace_back(line); }

  Lines lines_;
};

class ChatRoomTest : public testing::Test {
 protected:
  /// Lets `member` in under `name`, and forgets what was heard meanwhile.
  void join(Listening& member, std::string_view name) {
    room.enter(member);
    room.say(member, name);
    for (Listening* const each : {&alice, &bob, &carol}) (void)each->heard();
  }

  ChatRoom room{/*echo_self=*/false};
  Listening alice, bob, carol;
};

TEST_F(ChatRoomTest, a_newcomer_is_asked_for_its_name) {
  room.enter(alice);
  EXPECT_EQ(alice.heard(), Lines{kPrompt});
}

TEST_F(ChatRoomTest, all_members_and_no_others_hear_who_joined) {
  room.enter(carol);
  (void)carol.heard();
  join(alice, "alice");
  room.enter(bob);
  room.say(bob, "bob");
  EXPECT_EQ(alice.heard(), Lines{"* bob joined\n"});
  EXPECT_EQ(bob.heard(), (Lines{kPrompt, "* bob joined\n"}));
  EXPECT_EQ(carol.heard(), Lines{});
}

TEST_F(ChatRoomTest, a_name_that_could_pass_for_something_else_is_refused_and_asked_for_again) {
  room.enter(alice);
  (void)alice.heard();
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a:"), std::string("*"), std::string("/who"),
        std::string("a\tb"), std::string("\x1b[2J"), std::string("\xff"), std::string(33, 'x'),
        std::string("a\0b", 3), std::string("\u202e")}) {
    room.say(alice, name);
    EXPECT_EQ(alice.heard(), (Lines{kNoName, kPrompt})) << testing::PrintToString(name);
  }
}

TEST_F(ChatRoomTest, the_longest_name_and_letters_of_any_alphabet_are_taken) {
  for (const std::string& name :
       {std::string(32, 'x'), std::string("Жанна"), std::string("a*/\\")}) {
    Listening member;
    room.enter(member);
    room.say(member, name);
    EXPECT_EQ(member.heard(), (Lines{kPrompt, "* " + name + " joined\n"}));
    room.leave(member);
  }
}

TEST_F(ChatRoomTest, a_name_that_a_member_has_is_refused) {
  join(alice, "alice");
  room.enter(bob);
  room.say(bob, "alice");
  room.say(bob, "error");
  room.say(bob, "Alice");
  EXPECT_EQ(bob.heard(), (Lines{kPrompt, "error: 'alice' is taken\n", kPrompt,
                                "error: 'error' is taken\n", kPrompt, "* Alice joined\n"}));
}

TEST_F(ChatRoomTest, a_message_is_heard_by_all_but_its_author) {
  join(alice, "alice");
  join(bob, "bob");
  join(carol, "carol");
  room.say(alice, "hello");
  EXPECT_EQ(alice.heard(), Lines{});
  EXPECT_EQ(bob.heard(), Lines{"alice: hello\n"});
  EXPECT_EQ(carol.heard(), Lines{"alice: hello\n"});
}

TEST_F(ChatRoomTest, with_echo_self_its_author_hears_a_message_too) {
  ChatRoom echoing(/*echo_self=*/true);
  echoing.enter(alice);
  echoing.say(alice, "alice");
  (void)alice.heard();
  echoing.say(alice, "hello");
  EXPECT_EQ(alice.heard(), Lines{"alice: hello\n"});
}

TEST_F(ChatRoomTest, what_would_command_a_terminal_is_escaped) {
  join(alice, "alice");
  join(bob, "bob");
  room.say(alice, "caf\u00e9 \x1b[2J\xff");
  EXPECT_EQ(bob.heard(), Lines{"alice: caf\u00e9 \\x1b[2J\\xff\n"});
}

TEST_F(ChatRoomTest, an_empty_line_is_passed_over) {
  join(alice, "alice");
  join(bob, "bob");
  room.say(alice, "");
  EXPECT_EQ(bob.heard(), Lines{});
}

TEST_F(ChatRoomTest, a_new_name_is_announced_to_all_and_the_old_one_is_free) {
  join(alice, "alice");
  join(bob, "bob");
  room.say(alice, "/name alicia");
  EXPECT_EQ(alice.heard(), Lines{"* alice is now alicia\n"});
  EXPECT_EQ(bob.heard(), Lines{"* alice is now alicia\n"});
  room.say(bob, "/name alice");
  EXPECT_EQ(alice.heard(), Lines{"* bob is now alice\n"});
}

TEST_F(ChatRoomTest, who_is_refused_a_new_name_keeps_the_old_one) {
  join(alice, "alice");
  join(bob, "bob");
  for (const char* const command : {"/name bob", "/name alice", "/name", "/name ", "/name a b"}) {
    room.say(alice, command);
    EXPECT_EQ(alice.heard().size(), 1U) << command;
    EXPECT_EQ(bob.heard(), Lines{}) << command;
  }
  room.say(alice, "still here");
  EXPECT_EQ(bob.heard(), Lines{"alice: still here\n"});
}

TEST_F(ChatRoomTest, the_list_holds_those_who_have_a_name) {
  join(bob, "bob");
  join(alice, "alice");
  room.enter(carol);
  room.say(bob, "/who");
  EXPECT_EQ(bob.heard(), Lines{"* here: alice, bob\n"});
  EXPECT_EQ(alice.heard(), Lines{});
}

TEST_F(ChatRoomTest, a_long_list_ends_with_a_number) {
  std::vector<std::unique_ptr<Listening>> members;
  for (int i = 0; i < 1000; ++i) {
    join(*members.emplace_back(std::make_unique<Listening>()), "member-" + std::to_string(i));
  }
  (void)members[0]->heard();
  room.say(*members[0], "/who");
  const Lines heard = members[0]->heard();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_LT(heard[0].size(), ChatRoom::kMaxListLine + ChatRoom::kMaxName);
  const std::string listed = heard[0].substr(0, heard[0].find(", and"));
  const auto count = static_cast<int>(std::count(listed.begin(), listed.end(), ',') + 1);
  EXPECT_EQ(heard[0], listed + ", and " + std::to_string(1000 - count) + " more\n");
}

TEST_F(ChatRoomTest, an_unknown_command_is_told_to_nobody_else) {
  join(alice, "alice");
  join(bob, "bob");
  for (const char* const command : {"/", "/whom", "/who am i", "/names x", "/quit now"}) {
    room.say(alice, command);
    EXPECT_EQ(alice.heard(),
              Lines{"error: no such command: there are /name NAME, /who and /quit\n"});
    EXPECT_EQ(bob.heard(), Lines{});
  }
}

TEST_F(ChatRoomTest, who_leaves_is_announced_once_and_hears_no_more) {
  join(alice, "alice");
  join(bob, "bob");
  room.leave(alice);
  room.leave(alice);
  EXPECT_EQ(bob.heard(), Lines{"* alice left\n"});
  room.say(bob, "anybody?");
  EXPECT_EQ(alice.heard(), Lines{});
}

TEST_F(ChatRoomTest, nothing_is_announced_of_one_that_never_had_a_name) {
  join(bob, "bob");
  room.enter(alice);
  room.leave(alice);
  EXPECT_EQ(bob.heard(), Lines{});
}

TEST_F(ChatRoomTest, at_the_end_everybody_is_told_once_and_nothing_more_is_said) {
  join(alice, "alice");
  join(bob, "bob");
  room.enter(carol);
  (void)carol.heard();
  room.close();
  room.close();
  room.say(alice, "too late");
  room.leave(alice);
  EXPECT_EQ(bob.heard(), Lines{"* the server is shutting down\n"});
  EXPECT_EQ(carol.heard(), Lines{"* the server is shutting down\n"});
}

/// A session that writes down what its client says.
class RecordedSession final : public ChatSession {
 public:
  Lines said;

 private:
  void say(std::string_view line) override { said.emplace_back(line); }
};

void receive(Session& session, std::string_view text) {
  session.receive(std::as_bytes(std::span(text)));
}

std::string output_of(const Session& session) {
  const auto output = session.output();
  return {reinterpret_cast<const char*>(output.data()), output.size()};
}

TEST(ChatSessionTest, lines_are_found_and_the_last_one_at_the_end_of_the_stream) {
  RecordedSession session;
  receive(session, "alice\r\n\nhel");
  receive(session, "lo\nlast");
  session.receive_eof();
  EXPECT_EQ(session.said, (Lines{"alice", "", "hello", "last"}));
  EXPECT_TRUE(session.finished());
}

TEST(ChatSessionTest, quit_ends_the_conversation_and_what_follows_is_not_said) {
  RecordedSession session;
  receive(session, "bye\n/quit\nmore\n");
  session.show("too late\n");
  EXPECT_EQ(session.said, Lines{"bye"});
  EXPECT_TRUE(session.closes_first());
  EXPECT_TRUE(session.finished());
}

TEST(ChatSessionTest, a_line_that_is_too_long_is_answered_and_ends_the_conversation) {
  RecordedSession session;
  receive(session, std::string(MessageReader::kMaxLine + 1, 'x'));
  session.show("too late\n");
  EXPECT_EQ(output_of(session), "error: line too long\n");
  EXPECT_TRUE(session.closes_first());
}

TEST(ChatSessionTest, a_client_that_does_not_read_is_not_read_from) {
  RecordedSession session;
  session.show(std::string(Session::kMaxPending, 'x'));
  EXPECT_FALSE(session.wants_input());
  session.sent(Session::kMaxPending);
  EXPECT_TRUE(session.wants_input());
}

}  // namespace
}  // namespace echolab
