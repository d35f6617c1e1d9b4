#include "common/framing.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace echolab {
namespace {

using Texts = std::vector<std::string>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Texts take_all(MessageReader& reader) {
  Texts texts;
  while (const auto message = reader.next()) texts.emplace_back(message->text);
  return texts;
}

/// The messages of a stream that comes in pieces of `size` bytes.
Texts messages_in_pieces(std::string_view stream, std::size_t size) {
  MessageReader reader(Framing::kLine);
  Texts texts;
  for (std::size_t begin = 0; begin < stream.size(); begin += size) {
    reader.receive(bytes_of(stream.substr(begin, size)));
    for (std::string& text : take_all(reader)) texts.push_back(std::move(text));
  }
  return texts;
}

TEST(LineFraming, lines_are_found_whatever_the_pieces_they_come_in) {
  const std::string stream = "one\n\ntwo\r\nthree \xff\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(messages_in_pieces(stream, size), (Texts{"one", "", "two", "three \xff"})) << size;
  }
}

TEST(LineFraming, a_line_without_its_end_is_no_message_yet) {
  MessageReader reader(Framing::kLine);
  reader.receive(bytes_of("whole\nhal"));
  EXPECT_EQ(take_all(reader), Texts{"whole"});
  reader.receive(bytes_of("f\n"));
  EXPECT_EQ(take_all(reader), Texts{"half"});
}

TEST(LineFraming, the_end_of_the_stream_ends_the_last_line) {
  MessageReader reader(Framing::kLine);
  reader.receive(bytes_of("one\ntwo"));
  reader.receive_eof();
  EXPECT_EQ(take_all(reader), (Texts{"one", "two"}));
}

TEST(LineFraming, the_end_of_the_stream_after_a_whole_line_adds_no_empty_one) {
  MessageReader reader(Framing::kLine);
  reader.receive(bytes_of("one\n"));
  reader.receive_eof();
  EXPECT_EQ(take_all(reader), Texts{"one"});
}

TEST(LineFraming, a_carriage_return_inside_a_line_is_data) {
  EXPECT_EQ(messages_in_pieces("a\rb\n", 1), Texts{"a\rb"});
}

TEST(LineFraming, the_longest_line_is_taken_with_either_line_end) {
  const std::string longest(MessageReader::kMaxLine, 'x');
  EXPECT_EQ(messages_in_pieces(longest + "\n", 1000), Texts{longest});
  EXPECT_EQ(messages_in_pieces(longest + "\r\n", MessageReader::kMaxLine + 1), Texts{longest});
}

TEST(LineFraming, a_line_that_is_too_long_is_told_before_its_end_has_come) {
  MessageReader reader(Framing::kLine);
  const std::string too_long(MessageReader::kMaxLine + 1, 'x');
  reader.receive(bytes_of("fine\n"));
  reader.receive(bytes_of(too_long));
  EXPECT_EQ(take_all(reader), Texts{"fine"});
  EXPECT_TRUE(reader.line_too_long());
}

TEST(LineFraming, nothing_is_found_after_a_line_that_was_too_long) {
  MessageReader reader(Framing::kLine);
  reader.receive(bytes_of(std::string(MessageReader::kMaxLine + 1, 'x') + "\nfine\n"));
  EXPECT_EQ(take_all(reader), Texts{});
  EXPECT_TRUE(reader.line_too_long());
}

TEST(LineFraming, the_answer_to_a_line_ends_with_a_newline_always) {
  MessageReader reader(Framing::kLine);
  reader.receive(bytes_of("crlf\r\nlast"));
  reader.receive_eof();
  EXPECT_EQ(reader.next()->line_end, "\n");
  EXPECT_EQ(reader.next()->line_end, "\n");
}

TEST(ChunkFraming, a_message_is_what_one_recv_returned) {
  MessageReader reader(Framing::kChunk);
  for (const std::string chunk : {"hello", "two\nlines", "half of"}) {
    reader.receive(bytes_of(chunk));
    EXPECT_EQ(take_all(reader), Texts{chunk});
  }
}

TEST(ChunkFraming, a_line_end_at_the_end_is_kept_apart) {
  MessageReader reader(Framing::kChunk);
  for (const std::string line_end : {"", "\n", "\r\n"}) {
    reader.receive(bytes_of("hello" + line_end));
    const auto message = reader.next();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->text, "hello");
    EXPECT_EQ(message->line_end, line_end);
  }
}

TEST(ChunkFraming, no_chunk_is_too_long) {
  MessageReader reader(Framing::kChunk);
  const std::string chunk(3 * MessageReader::kMaxLine, 'x');
  reader.receive(bytes_of(chunk));
  EXPECT_EQ(take_all(reader), Texts{chunk});
  EXPECT_FALSE(reader.line_too_long());
}

}  // namespace
}  // namespace echolab
