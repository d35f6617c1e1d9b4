#include "harness/loadgen/mismatch.h"

#include <vector>

#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"

namespace echolab::loadgen {
namespace {

constexpr unsigned kConnections = 20;

std::vector<std::byte> bytes_at(std::uint32_t connection, std::uint64_t message,
                                std::size_t count) {
  PayloadStream stream(connection, 64);
  stream.skip(message * 64);
  std::vector<std::byte> bytes(count);
  stream.copy_to(bytes);
  return bytes;
}

TEST(Mismatch, counts_the_bytes_that_differ) {
  auto got = bytes_at(3, 0, 128);
  got[5] ^= std::byte{1};
  got[100] ^= std::byte{1};
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_EQ(mismatch.bytes, 2U);
  EXPECT_EQ(mismatch.swapped, 0U);
}

TEST(Mismatch, names_the_first_place_that_differs) {
  auto got = bytes_at(3, 0, 128);
  got[100] ^= std::byte{1};
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_CONTAINS(mismatch.description, "connection 3, message 1, offset 36: expected ");
}

TEST(Mismatch, shows_the_bytes_from_the_difference_on) {
  auto got = bytes_at(0, 0, 8);
  got[6] = std::byte{0xab};
  got[7] = std::byte{0xcd};
  const Mismatch mismatch = examine_mismatch(PayloadStream(0, 64), got, kConnections);
  EXPECT_CONTAINS(mismatch.description, "got ab cd");
}

TEST(Mismatch, says_to_which_connection_foreign_bytes_belong) {
  const auto got = bytes_at(17, 4, 64);
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_EQ(mismatch.swapped, 64U);
  EXPECT_CONTAINS(mismatch.description, "these belong to connection 17, message 4, offset 0");
}

TEST(Mismatch, recognises_foreign_bytes_in_the_middle_of_a_message) {
  auto got = bytes_at(3, 0, 64);
  const auto foreign = bytes_at(17, 4, 64);
  std::copy(foreign.begin() + 24, foreign.begin() + 40, got.begin() + 24);
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_EQ(mismatch.swapped, 16U);
  EXPECT_CONTAINS(mismatch.description, "connection 17, message 4, offset 24");
}

TEST(Mismatch, recognises_bytes_of_another_message_of_the_same_connection) {
  const auto got = bytes_at(3, 7, 64);
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_EQ(mismatch.swapped, 0U);
  EXPECT_CONTAINS(mismatch.description, "message 7, offset 0 of the same connection");
}

TEST(Mismatch, attributes_garbage_to_nobody) {
  const std::vector<std::byte> got(64, std::byte{'x'});
  const Mismatch mismatch = examine_mismatch(PayloadStream(3, 64), got, kConnections);
  EXPECT_EQ(mismatch.bytes, 64U);
  EXPECT_EQ(mismatch.swapped, 0U);
  EXPECT_LACKS(mismatch.description, "belong");
}

TEST(Mismatch, works_on_a_piece_that_begins_and_ends_within_words) {
  PayloadStream stream(3, 64);
  stream.skip(3);
  auto got = bytes_at(3, 0, 64);
  got[62] ^= std::byte{1};
  const auto piece = std::span(got).subspan(3, 60);
  const Mismatch mismatch = examine_mismatch(stream, piece, kConnections);
  EXPECT_EQ(mismatch.bytes, 1U);
  EXPECT_CONTAINS(mismatch.description, "offset 62");
}

}  // namespace
}  // namespace echolab::loadgen
