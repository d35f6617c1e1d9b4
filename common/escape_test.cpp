#include "common/escape.h"

#include <string>

#include <gtest/gtest.h>

namespace echolab {
namespace {

TEST(Escaped, printable_text_of_any_language_stays_as_it_is) {
  const std::string text = "hello, 'Grüße' \\ ελληνικά 日本語 😀";
  EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, control_characters_are_made_visible) {
  EXPECT_EQ(escaped("\x1b[2J\r\n\t\x7f"), "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(escaped(std::string("a\0b", 3)), "a\\x00b");
}

TEST(Escaped, control_characters_beyond_ascii_are_made_visible) {
  EXPECT_EQ(escaped("\xc2\x9b"
                    "31m"),
            "\\xc2\\x9b31m");  // CSI in one character
}

TEST(Escaped, what_turns_the_order_of_text_around_is_made_visible) {
  EXPECT_EQ(escaped("\u202e"), "\\xe2\\x80\\xae");
  EXPECT_EQ(escaped("\u2066"), "\\xe2\\x81\\xa6");
}

TEST(Escaped, bytes_that_are_not_utf_8_are_made_visible) {
  EXPECT_EQ(escaped("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escaped("\x80"), "\\x80");           // continues nothing
  EXPECT_EQ(escaped("\xe2\x82"), "\\xe2\\x82");  // cut short
  EXPECT_EQ(escaped("\xe2"
                    "A"),
            "\\xe2A");
}

TEST(Escaped, forms_that_rfc_3629_forbids_are_made_visible) {
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");                    // longer than need be
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
}

TEST(Escaped, no_byte_comes_through_that_commands_a_terminal) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (const char byte :
           escaped(std::string{static_cast<char>(first), static_cast<char>(second)})) {
        EXPECT_TRUE(static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f);
      }
    }
  }
}

}  // namespace
}  // namespace echolab
