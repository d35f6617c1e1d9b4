#include "02_threads/gui/line_connection.h"

#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace echolab {
namespace {

using Lines = std::vector<std::string>;

// On a socketpair(2) nothing is underway: what one end sends, the other has.
class LineConnectionTest : public ::testing::Test {
 protected:
  LineConnectionTest() : connection_(UniqueFd()) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    connection_ = LineConnection(UniqueFd(ends[0]));
    server_.reset(ends[1]);
  }

  void serve(const std::string& bytes) {
    ASSERT_EQ(::send(server_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  std::string received_by_server() {
    std::string received;
    std::array<char, 1000> buffer;
    for (ssize_t count = 0; (count = ::recv(server_.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return received;
  }

  LineConnection connection_;
  UniqueFd server_;
};

TEST_F(LineConnectionTest, lines_come_whole_in_whatever_pieces_they_were_sent) {
  serve("hel");
  EXPECT_EQ(connection_.on_readable(), Lines{});
  serve("lo\nsecond\r\n\nthi");
  EXPECT_EQ(connection_.on_readable(), (Lines{"hello", "second", ""}));
  serve("rd\n");
  EXPECT_EQ(connection_.on_readable(), Lines{"third"});
}

TEST_F(LineConnectionTest, the_end_of_the_stream_ends_the_last_line) {
  serve("first\nlast");
  server_.reset();
  EXPECT_EQ(connection_.on_readable(), Lines{"first"});
  EXPECT_EQ(connection_.on_readable(), Lines{"last"});
  EXPECT_TRUE(connection_.at_end());
}

TEST_F(LineConnectionTest, readiness_is_a_hint_only) {
  EXPECT_EQ(connection_.on_readable(), Lines{});
  EXPECT_FALSE(connection_.at_end());
}

TEST_F(LineConnectionTest, what_a_person_entered_as_one_line_is_sent_as_one) {
  connection_.send("one\ntwo\rthree");
  connection_.send("four");
  connection_.on_writable();
  EXPECT_EQ(received_by_server(), "one two three\nfour\n");
  EXPECT_FALSE(connection_.wants_output());
}

TEST_F(LineConnectionTest, what_the_server_does_not_take_at_once_is_sent_later) {
  const std::string line(LineConnection::kMaxPending - 1, 'x');
  connection_.send(line);
  connection_.on_writable();
  ASSERT_TRUE(connection_.wants_output());  // a socket's buffer is smaller
  std::string received;
  while (connection_.wants_output()) {
    received += received_by_server();
    connection_.on_writable();
  }
  EXPECT_EQ(received + received_by_server(), line + '\n');
}

TEST_F(LineConnectionTest, a_server_that_never_reads_is_given_up) {
  const std::string line(LineConnection::kMaxPending / 2, 'x');
  connection_.send(line);
  EXPECT_THROW(connection_.send(line), Failure);
}

TEST_F(LineConnectionTest, a_line_that_never_ends_is_given_up) {
  const auto receive_without_end = [this] {
    for (std::size_t sent = 0; sent <= LineConnection::kMaxLine; sent += 1000) {
      serve(std::string(1000, 'x'));
      EXPECT_EQ(connection_.on_readable(), Lines{});
    }
  };
  EXPECT_THROW(receive_without_end(), Failure);
}

TEST_F(LineConnectionTest, what_was_sent_before_a_reset_is_received_although_sending_fails) {
  serve("error: line too long\n");
  server_.reset();
  connection_.send("more");
  connection_.on_writable();
  EXPECT_FALSE(connection_.wants_output());
  EXPECT_EQ(connection_.on_readable(), Lines{"error: line too long"});
  try {
    (void)connection_.on_readable();
    FAIL() << "a reset must be told";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.name(), "RESET");
  }
}

}  // namespace
}  // namespace echolab
