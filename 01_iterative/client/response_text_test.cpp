#include "01_iterative/client/response_text.h"

#include <string>

#include <gtest/gtest.h>

namespace echolab {
namespace {

/// All that is shown of a stream that comes in pieces of `size` bytes.
std::string shown_in_pieces(std::string_view stream, std::size_t size) {
  ResponseText responses;
  std::string text;
  for (std::size_t begin = 0; begin < stream.size(); begin += size) {
    text += responses.receive(stream.substr(begin, size));
  }
  return text + responses.end_line();
}

TEST(ResponseText, each_line_is_a_response) {
  ResponseText responses;
  EXPECT_EQ(responses.receive("one\n\ntwo\n"), "[RESPONSE] one\n[RESPONSE] \n[RESPONSE] two\n");
}

TEST(ResponseText, the_pieces_in_which_it_comes_make_no_difference) {
  const std::string stream =
      "hello\r\nh\u00e9llo \u20ac \U0001F600\n\r\r\nno line \xe2\x82 end\xf0\x9f";
  const std::string expected =
      "[RESPONSE] hello\n"
      "[RESPONSE] h\u00e9llo \u20ac \U0001F600\n"
      "[RESPONSE] \\x0d\n"
      "[RESPONSE] no line \\xe2\\x82 end\\xf0\\x9f\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(shown_in_pieces(stream, size), expected) << size;
  }
}

TEST(ResponseText, a_line_is_shown_as_it_comes) {
  ResponseText responses;
  EXPECT_EQ(responses.receive("hel"), "[RESPONSE] hel");
  EXPECT_TRUE(responses.is_in_line());
  EXPECT_EQ(responses.receive("lo\n"), "lo\n");
  EXPECT_FALSE(responses.is_in_line());
}

TEST(ResponseText, a_line_may_be_ended_where_no_more_comes) {
  ResponseText responses;
  EXPECT_EQ(responses.receive("pong"), "[RESPONSE] pong");
  EXPECT_EQ(responses.end_line(), "\n");
  EXPECT_EQ(responses.end_line(), "");
  EXPECT_EQ(responses.receive("pong"), "[RESPONSE] pong");
}

TEST(ResponseText, what_would_command_a_terminal_is_escaped) {
  ResponseText responses;
  EXPECT_EQ(responses.receive("\x1b[2Jred\x07\xff\n"), "[RESPONSE] \\x1b[2Jred\\x07\\xff\n");
}

}  // namespace
}  // namespace echolab
