#include "common/services/services.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "common/services/pingpong.h"

namespace echolab {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string take_output(Session& session) {
  const auto output = session.output();
  std::string text(reinterpret_cast<const char*>(output.data()), output.size());
  session.sent(output.size());
  return text;
}

/// A client's conversation with a service.
class Conversation {
 public:
  explicit Conversation(Service service, Framing framing = Framing::kLine)
      : session_(make_session({.service = service, .framing = framing})) {}

  /// What the service answers to bytes that come in one piece.
  std::string say(std::string_view text) {
    session_->receive(bytes_of(text));
    return take_output(*session_);
  }

  /// What the service still answers when the client has finished sending.
  std::string finish() {
    session_->receive_eof();
    return take_output(*session_);
  }

  Session& session() { return *session_; }

 private:
  std::unique_ptr<Session> session_;
};

TEST(AckService, each_message_is_acknowledged) {
  Conversation client(Service::kAck);
  EXPECT_EQ(client.say("hello\n"), "Message 'hello' received successfully\n");
  EXPECT_EQ(client.say("a\nb\r\n"),
            "Message 'a' received successfully\nMessage 'b' received successfully\n");
}

TEST(AckService, a_chunk_is_acknowledged_without_a_newline) {
  Conversation client(Service::kAck, Framing::kChunk);
  EXPECT_EQ(client.say("hello"), "Message 'hello' received successfully");
}

TEST(AckService, bytes_that_are_not_printable_come_back_escaped) {
  Conversation client(Service::kAck);
  EXPECT_EQ(client.say("\x1b\xff é\n"), "Message '\\x1b\\xff é' received successfully\n");
}

TEST(AckService, an_unfinished_message_at_the_end_of_the_stream_is_one) {
  Conversation client(Service::kAck);
  EXPECT_EQ(client.say("hel"), "");
  EXPECT_EQ(client.say("lo"), "");
  EXPECT_EQ(client.finish(), "Message 'hello' received successfully\n");
  EXPECT_TRUE(client.session().finished());
}

TEST(AckService, answers_longer_than_their_messages_stay_bounded_and_complete) {
  Conversation client(Service::kAck);
  const std::string empty_lines(Session::kMaxReceive, '\n');
  client.session().receive(bytes_of(empty_lines));
  EXPECT_FALSE(client.session().wants_input());
  client.session().receive_eof();
  std::string answers;
  while (!client.session().finished()) {
    ASSERT_LE(client.session().output().size(), Session::kMaxPending);
    answers += take_output(client.session());
  }
  EXPECT_EQ(answers.size(),
            empty_lines.size() * std::string_view("Message '' received successfully\n").size());
}

TEST(ByeService, messages_are_echoed_until_bye) {
  Conversation client(Service::kBye);
  EXPECT_EQ(client.say("hello\n"), "hello\n");
  EXPECT_FALSE(client.session().finished());
  EXPECT_EQ(client.say("bye\nnever heard\n"), "bye\n");
  EXPECT_TRUE(client.session().finished());
}

TEST(ByeService, only_a_whole_message_is_a_farewell) {
  Conversation client(Service::kBye);
  EXPECT_EQ(client.say("goodbye\nbye bye\nby"), "goodbye\nbye bye\n");
  EXPECT_FALSE(client.session().finished());
  EXPECT_EQ(client.say("e\n"), "bye\n");
  EXPECT_TRUE(client.session().finished());
}

TEST(ByeService, chunks_come_back_byte_by_byte) {
  Conversation client(Service::kBye, Framing::kChunk);
  EXPECT_EQ(client.say("hello"), "hello");
  EXPECT_EQ(client.say("two\r\nlines\r\n"), "two\r\nlines\r\n");
  EXPECT_EQ(client.say("bye"), "bye");
  EXPECT_TRUE(client.session().finished());
}

TEST(ByeService, two_messages_in_one_chunk_are_taken_for_one) {
  Conversation client(Service::kBye, Framing::kChunk);
  EXPECT_EQ(client.say("hello\nbye\n"), "hello\nbye\n");
  EXPECT_FALSE(client.session().finished());
}

TEST(PingpongService, ping_gets_pong_and_all_else_is_ignored) {
  Conversation client(Service::kPingpong);
  EXPECT_EQ(client.say("ping\n"), "pong\n");
  EXPECT_EQ(client.say("pong\nPING\n\nping \nping\n"), "pong\n");
}

TEST(PingpongService, done_closes_without_an_answer) {
  Conversation client(Service::kPingpong);
  EXPECT_EQ(client.say("ping\ndone\nping\n"), "pong\n");
  EXPECT_TRUE(client.session().finished());
}

TEST(PingpongService, done_is_told_once) {
  int told = 0;
  PingpongSession session({}, [&told] { ++told; });
  session.receive(bytes_of("ping\n"));
  EXPECT_EQ(told, 0);
  session.receive(bytes_of("done\ndone\n"));
  EXPECT_EQ(told, 1);
}

class PoliteService : public testing::Test {
 protected:
  std::string say(std::string_view text) {
    session_->receive(bytes_of(text));
    return take_output(*session_);
  }

  std::unique_ptr<Session> session_ =
      make_session({.service = Service::kPolite, .manners = {"good day", "farewell", 10}});
  const std::string greeting_ = take_output(*session_);
};

TEST_F(PoliteService, a_newcomer_is_greeted) {
  EXPECT_EQ(greeting_, "good day\n");
}

TEST_F(PoliteService, bytes_come_back_at_once_whatever_they_are) {
  EXPECT_EQ(say("fare"), "fare");
  EXPECT_EQ(say("well"), "well");
  EXPECT_FALSE(session_->finished());
}

TEST_F(PoliteService, it_closes_after_the_farewell_and_echoes_nothing_behind_it) {
  EXPECT_EQ(say("hello\nfarewell\nnever heard"), "hello\nfarewell\n");
  EXPECT_TRUE(session_->finished());
  EXPECT_TRUE(session_->closes_first());
}

TEST_F(PoliteService, a_farewell_may_come_in_pieces_and_end_with_crlf) {
  EXPECT_EQ(say("fare"), "fare");
  EXPECT_EQ(say("well\r"), "well\r");
  EXPECT_EQ(say("\n!"), "\n");
  EXPECT_TRUE(session_->finished());
}

TEST_F(PoliteService, only_a_whole_line_is_a_farewell) {
  say("a farewell\nfarewell!\n\nfarewell \n");
  EXPECT_FALSE(session_->finished());
}

TEST_F(PoliteService, a_line_as_long_as_the_limit_goes_and_a_longer_one_ends_all) {
  EXPECT_EQ(say("0123456789\r\n0123456789\n"), "0123456789\r\n0123456789\n");
  EXPECT_FALSE(session_->finished());
  EXPECT_EQ(say("0123456789a\nb"), "0123456789a\n");
  EXPECT_TRUE(session_->finished());
}

TEST_F(PoliteService, what_has_no_end_is_no_line_and_may_be_of_any_length) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(say("0123456789"), "0123456789");
  EXPECT_FALSE(session_->finished());
}

TEST(TemperatureService, celsius_gets_fahrenheit_with_two_decimals) {
  Conversation client(Service::kTemperature);
  EXPECT_EQ(client.say("100\n-40\n0\n36.6\n"), "212.00\n-40.00\n32.00\n97.88\n");
}

TEST(TemperatureService, numbers_may_be_written_in_the_usual_ways) {
  Conversation client(Service::kTemperature);
  EXPECT_EQ(client.say(" 100 \n+5\n1e2\n.5\n-0\n\t7\r\n"),
            "212.00\n41.00\n212.00\n32.90\n32.00\n44.60\n");
}

TEST(TemperatureService, what_is_no_number_is_refused_and_the_conversation_goes_on) {
  Conversation client(Service::kTemperature);
  for (const std::string text : {"abc", "", "nan", "inf", "-inf", "1e999", "1.8e308", "12x", "0x10",
                                 "1,5", "1 2", "++1", "+-1", "-"}) {
    EXPECT_EQ(client.say(text + "\n"), "error: '" + text + "' is not a temperature\n");
  }
  EXPECT_EQ(client.say("100\n"), "212.00\n");
}

TEST(TemperatureService, what_is_refused_is_shown_escaped) {
  Conversation client(Service::kTemperature);
  EXPECT_EQ(client.say("\x1b[2J\n"), "error: '\\x1b[2J' is not a temperature\n");
}

TEST(TemperatureService, zero_has_no_sign) {
  Conversation client(Service::kTemperature);
  EXPECT_EQ(client.say("-17.7777777777777777\n"), "0.00\n");
}

class EveryMessageService : public ::testing::TestWithParam<Service> {};

TEST_P(EveryMessageService, a_line_that_is_too_long_is_an_error_and_the_end) {
  Conversation client(GetParam());
  const std::string too_long(MessageReader::kMaxLine + 1, '1');
  EXPECT_EQ(client.say(too_long), "error: line too long\n");
  EXPECT_TRUE(client.session().finished());
}

TEST_P(EveryMessageService, a_client_that_finishes_is_finished) {
  Conversation client(GetParam());
  EXPECT_EQ(client.finish(), "");
  EXPECT_TRUE(client.session().finished());
  EXPECT_FALSE(client.session().closes_first());
}

TEST_P(EveryMessageService, any_bytes_are_survived) {
  std::string every_byte;
  for (int value = 255; value >= 0; --value) every_byte.push_back(static_cast<char>(value));
  for (const Framing framing : {Framing::kLine, Framing::kChunk}) {
    Conversation client(GetParam(), framing);
    client.say(every_byte);
    client.finish();
    EXPECT_TRUE(client.session().finished());
  }
}

INSTANTIATE_TEST_SUITE_P(Services, EveryMessageService,
                         ::testing::Values(Service::kAck, Service::kBye, Service::kPingpong,
                                           Service::kTemperature));

TEST(ServiceThatClosesFirst, wants_no_input_and_needs_a_lingering_close) {
  Conversation client(Service::kBye);
  client.session().receive(bytes_of("bye\n"));
  EXPECT_FALSE(client.session().wants_input());
  EXPECT_FALSE(client.session().finished());  // the farewell is still to be sent
  EXPECT_TRUE(client.session().closes_first());
  take_output(client.session());
  EXPECT_TRUE(client.session().finished());
}

}  // namespace
}  // namespace echolab
