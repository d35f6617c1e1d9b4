#include "common/session.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "common/services/services.h"

namespace echolab {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Takes up to `count` bytes of what the session wants to send, as one send(2) would.
std::string take(Session& session, std::size_t count) {
  const auto output = session.output();
  const std::size_t taken = std::min(count, output.size());
  std::string text(reinterpret_cast<const char*>(output.data()), taken);
  session.sent(taken);
  return text;
}

std::string take_all(Session& session) {
  return take(session, session.output().size());
}

/// Every byte value, so that none is special: NUL, CR LF, ESC and non-ASCII among them.
std::string every_byte() {
  std::string text;
  for (int value = 0; value < 256; ++value) text.push_back(static_cast<char>(value));
  return text;
}

class EchoSessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Session> session_ = make_session({});
};

TEST_F(EchoSessionTest, a_new_session_wants_input_and_has_no_output) {
  EXPECT_TRUE(session_->wants_input());
  EXPECT_TRUE(session_->output().empty());
  EXPECT_FALSE(session_->finished());
}

TEST_F(EchoSessionTest, every_byte_value_comes_back_unchanged) {
  session_->receive(bytes_of(every_byte()));
  EXPECT_EQ(take_all(*session_), every_byte());
}

TEST_F(EchoSessionTest, every_split_of_the_input_gives_the_same_output) {
  const std::string text = every_byte();
  for (std::size_t split = 0; split <= text.size(); ++split) {
    const auto session = make_session({});
    session->receive(bytes_of(text).first(split));
    session->receive(bytes_of(text).subspan(split));
    ASSERT_EQ(take_all(*session), text) << "split at " << split;
  }
}

TEST_F(EchoSessionTest, input_of_one_byte_at_a_time_is_echoed_in_order) {
  for (const char& byte : every_byte()) session_->receive(bytes_of({&byte, 1}));
  EXPECT_EQ(take_all(*session_), every_byte());
}

TEST_F(EchoSessionTest, every_split_of_the_sending_gives_the_same_output) {
  const std::string text = every_byte();
  for (std::size_t first = 0; first <= text.size(); ++first) {
    const auto session = make_session({});
    session->receive(bytes_of(text));
    const std::string start = take(*session, first);
    ASSERT_EQ(start + take_all(*session), text) << "first send took " << first;
  }
}

TEST_F(EchoSessionTest, receiving_and_partial_sending_may_alternate) {
  std::string echoed;
  for (const char* piece : {"alpha", "beta", "gamma"}) {
    session_->receive(bytes_of(piece));
    echoed += take(*session_, 3);
  }
  EXPECT_EQ(echoed + take_all(*session_), "alphabetagamma");
}

TEST_F(EchoSessionTest, a_client_that_does_not_read_is_no_longer_listened_to) {
  const std::string chunk(Session::kMaxReceive, 'x');
  while (session_->wants_input()) session_->receive(bytes_of(chunk));
  EXPECT_LE(session_->output().size(), Session::kMaxPending);
  EXPECT_GT(session_->output().size() + Session::kMaxReceive, Session::kMaxPending);
}

TEST_F(EchoSessionTest, input_is_wanted_again_when_output_has_drained) {
  const std::string chunk(Session::kMaxReceive, 'x');
  while (session_->wants_input()) session_->receive(bytes_of(chunk));
  take(*session_, Session::kMaxReceive);
  EXPECT_TRUE(session_->wants_input());
}

TEST_F(EchoSessionTest, the_queue_stays_bounded_when_sends_are_short) {
  const std::string chunk(Session::kMaxReceive, 'x');
  for (int turn = 0; turn < 1000; ++turn) {
    if (session_->wants_input()) session_->receive(bytes_of(chunk));
    ASSERT_LE(session_->output().size(), Session::kMaxPending);
    take(*session_, 1000);
  }
}

TEST_F(EchoSessionTest, end_of_stream_with_nothing_pending_finishes) {
  session_->receive_eof();
  EXPECT_TRUE(session_->finished());
  EXPECT_FALSE(session_->wants_input());
}

TEST_F(EchoSessionTest, end_of_stream_leaves_pending_output_to_be_sent) {
  session_->receive(bytes_of("owed"));
  session_->receive_eof();
  EXPECT_FALSE(session_->finished());
  EXPECT_FALSE(session_->wants_input());
  EXPECT_EQ(take(*session_, 2), "ow");
  EXPECT_FALSE(session_->finished());
  EXPECT_EQ(take(*session_, 2), "ed");
  EXPECT_TRUE(session_->finished());
}

}  // namespace
}  // namespace echolab
