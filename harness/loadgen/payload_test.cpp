#include "harness/loadgen/payload.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace echolab::loadgen {
namespace {

using Bytes = std::vector<std::byte>;

Bytes first_bytes(PayloadStream stream, std::size_t count) {
  Bytes bytes(count);
  stream.copy_to(bytes);
  return bytes;
}

class EveryMessageSize : public testing::TestWithParam<std::size_t> {
 protected:
  // Five messages' worth, and something of a sixth.
  [[nodiscard]] std::size_t length() const { return GetParam() * 5 + GetParam() / 2; }
};

TEST_P(EveryMessageSize, verifies_when_split_anywhere) {
  const Bytes bytes = first_bytes(PayloadStream(3, GetParam()), length());
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    PayloadStream stream(3, GetParam());
    const auto [head, tail] =
        std::pair(std::span(bytes).first(split), std::span(bytes).subspan(split));
    ASSERT_EQ(stream.matching_prefix(head), head.size()) << "split at " << split;
    stream.skip(head.size());
    ASSERT_EQ(stream.matching_prefix(tail), tail.size()) << "split at " << split;
  }
}

TEST_P(EveryMessageSize, is_the_same_byte_by_byte) {
  const Bytes whole = first_bytes(PayloadStream(3, GetParam()), length());
  PayloadStream stream(3, GetParam());
  for (const std::byte expected : whole) {
    ASSERT_EQ(first_bytes(stream, 1).front(), expected) << "offset " << stream.place().offset;
    stream.skip(1);
  }
}

TEST_P(EveryMessageSize, shows_a_change_of_any_byte) {
  const PayloadStream stream(3, GetParam());
  Bytes bytes = first_bytes(stream, length());
  for (std::size_t changed = 0; changed < bytes.size(); ++changed) {
    bytes[changed] ^= std::byte{1};
    ASSERT_EQ(stream.matching_prefix(bytes), changed);
    bytes[changed] ^= std::byte{1};
  }
}

TEST_P(EveryMessageSize, counts_the_messages_that_end) {
  PayloadStream stream(0, GetParam());
  EXPECT_EQ(stream.skip(GetParam() - 1), 0U);
  EXPECT_EQ(stream.skip(1), 1U);
  EXPECT_EQ(stream.skip(3 * GetParam()), 3U);
  EXPECT_EQ(stream.place(), (Place{0, 4, 0}));
}

INSTANTIATE_TEST_SUITE_P(, EveryMessageSize,
                         testing::Values(1, 2, 7, 8, 9, 15, 16, 63, 64, 65, 100),
                         testing::PrintToStringParamName());

TEST(Payload, matches_across_the_blocks_in_which_it_is_compared) {
  const PayloadStream stream(1, 10'000);
  Bytes bytes = first_bytes(stream, 50'000);
  EXPECT_EQ(stream.matching_prefix(bytes), bytes.size());
  bytes[49'999] ^= std::byte{0x80};
  EXPECT_EQ(stream.matching_prefix(bytes), 49'999U);
}

TEST(Payload, a_word_names_its_place) {
  const std::vector<Place> places = {
      {0, 0, 0}, {17, 4, 24}, {PayloadStream::kMaxConnections - 1, 67'108'863, 8'388'600}};
  for (const Place& place : places) {
    PayloadStream stream(place.connection, PayloadStream::kMaxMessageBytes);
    stream.skip(place.message * PayloadStream::kMaxMessageBytes + place.offset);
    const Bytes word = first_bytes(stream, 8);
    EXPECT_EQ(PayloadStream::place_of(std::span(word).first<8>()), place);
  }
}

TEST(Payload, no_two_connections_share_a_word) {
  std::set<Bytes> words;
  for (std::uint32_t connection = 0; connection < 1000; ++connection) {
    words.insert(first_bytes(PayloadStream(connection, 64), 8));
  }
  EXPECT_EQ(words.size(), 1000U);
}

// So that a swap shows at once, wherever the bytes are compared.
TEST(Payload, neighbouring_connections_differ_in_nearly_every_byte) {
  const Bytes one = first_bytes(PayloadStream(0, 4096), 4096);
  const Bytes other = first_bytes(PayloadStream(1, 4096), 4096);
  std::size_t equal = 0;
  for (std::size_t i = 0; i < one.size(); ++i) equal += one[i] == other[i] ? 1 : 0;
  EXPECT_LT(equal, one.size() / 20);
}

// A server that answers every one-byte request with the same byte must not pass.
TEST(Payload, one_byte_messages_take_every_value) {
  const Bytes bytes = first_bytes(PayloadStream(0, 1), 4096);
  EXPECT_EQ(std::set<std::byte>(bytes.begin(), bytes.end()).size(), 256U);
}

}  // namespace
}  // namespace echolab::loadgen
