#include "01_iterative/client/typed_input.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace echolab {
namespace {

using Messages = std::vector<std::string>;

/// All that is sent of an input that comes in pieces of `size` bytes, and then ends.
std::string sent_in_pieces(std::string_view input, std::size_t size) {
  TypedInput typed(Framing::kLine);
  std::string sent;
  for (std::size_t begin = 0; begin < input.size() && typed.wants_input(); begin += size) {
    typed.receive(input.substr(begin, size));
    sent += typed.take();
  }
  typed.receive_eof();
  sent += typed.take();
  EXPECT_TRUE(typed.finished());
  return sent;
}

Messages take_messages(TypedInput& typed) {
  Messages messages;
  for (std::string message = typed.take(); !message.empty(); message = typed.take()) {
    messages.push_back(message);
  }
  return messages;
}

TEST(TypedLines, are_sent_as_they_were_typed) {
  const std::string input = "one\r\n\nqu\nquitter\n quit\nquit it\nno end";
  for (std::size_t size = 1; size <= input.size(); ++size) {
    EXPECT_EQ(sent_in_pieces(input, size), input) << size;
  }
}

TEST(TypedLines, quit_ends_the_input_and_is_not_sent) {
  for (const std::string quit : {"quit\n", "quit\r\n", "quit"}) {
    for (std::size_t size = 1; size <= 16; ++size) {
      EXPECT_EQ(sent_in_pieces("one\n" + quit, size), "one\n") << quit << size;
    }
  }
}

TEST(TypedLines, nothing_behind_quit_is_sent) {
  TypedInput typed(Framing::kLine);
  typed.receive("one\nquit\ntwo\n");
  EXPECT_EQ(typed.take(), "one\n");
  EXPECT_TRUE(typed.has_quit());
  EXPECT_TRUE(typed.finished());
  EXPECT_FALSE(typed.wants_input());
}

TEST(TypedLines, the_end_of_the_input_is_no_quit) {
  TypedInput typed(Framing::kLine);
  typed.receive("qui");
  EXPECT_EQ(typed.take(), "");
  typed.receive_eof();
  EXPECT_EQ(typed.take(), "qui");
  EXPECT_TRUE(typed.finished());
  EXPECT_FALSE(typed.has_quit());
}

TEST(TypedLines, a_line_of_any_length_passes_through) {
  const std::string input(5 * TypedInput::kMaxReceive, 'x');
  EXPECT_EQ(sent_in_pieces(input, TypedInput::kMaxReceive), input);
}

TEST(TypedMessages, are_taken_one_by_one_without_line_ends) {
  TypedInput typed(Framing::kChunk);
  typed.receive("one\n\r\ntwo\r\nthr");
  EXPECT_EQ(take_messages(typed), (Messages{"one", "two"}));
  typed.receive("ee");
  typed.receive_eof();
  EXPECT_EQ(take_messages(typed), (Messages{"three"}));
  EXPECT_TRUE(typed.finished());
}

TEST(TypedMessages, quit_ends_them) {
  TypedInput typed(Framing::kChunk);
  typed.receive("one\nquit\ntwo\n");
  EXPECT_EQ(take_messages(typed), (Messages{"one"}));
  EXPECT_TRUE(typed.has_quit());
  EXPECT_TRUE(typed.finished());
}

TEST(TypedMessages, one_that_is_too_long_to_keep_is_cut) {
  TypedInput typed(Framing::kChunk);
  typed.receive(std::string(TypedInput::kMaxReceive, 'x'));
  EXPECT_FALSE(typed.wants_input());
  EXPECT_EQ(typed.take().size(), TypedInput::kMaxReceive);
  EXPECT_TRUE(typed.wants_input());
}

}  // namespace
}  // namespace echolab
