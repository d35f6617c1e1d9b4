#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace echolab::loadgen {

/// A place in the run's payload: every byte that is ever sent has one.
struct Place {
  std::uint32_t connection = 0;
  std::uint64_t message = 0;  ///< Counted from 0 on each connection.
  std::size_t offset = 0;     ///< Of the byte in its message.

  friend bool operator==(const Place&, const Place&) = default;
};

/// The bytes that one connection sends, and so the bytes that must come back: an endless stream of
/// messages of equal size, with a cursor. Nothing is stored: bytes are computed from their place.
///
/// A message is a row of 8-byte words, the last one cut to fit. A word is its place (message 26
/// bits, connection 18, word in the message 20), mixed by a bijection: different places never have
/// the same word, and a word that turns up in the wrong stream can be decoded to say where it
/// belongs. Words are stored with their best-mixed byte first, so that even the one byte of a
/// one-byte message differs from its neighbours'.
class PayloadStream {
 public:
  static constexpr std::size_t kWordBytes = 8;
  static constexpr std::uint32_t kMaxConnections = 1U << 18U;
  static constexpr std::size_t kMaxMessageBytes = kWordBytes << 20U;

  /// A stream with its cursor at the start. At most kMaxConnections and kMaxMessageBytes.
  PayloadStream(std::uint32_t connection, std::size_t message_bytes)
      : place_{connection, 0, 0}, message_bytes_(message_bytes) {}

  /// Where the cursor stands.
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::size_t message_bytes() const { return message_bytes_; }

  /// Writes the bytes at the cursor, as many as `out` holds; the cursor stays.
  void copy_to(std::span<std::byte> out) const;

  /// How many of `bytes`, from the first on, are those at the cursor; the cursor stays.
  [[nodiscard]] std::size_t matching_prefix(std::span<const std::byte> bytes) const;

  /// Moves the cursor forward and returns how many messages ended on the way.
  std::size_t skip(std::size_t count);

  /// The place that a whole word of payload names. Any eight bytes name one: whether it makes sense
  /// is for the caller to judge. Message numbers come back modulo 2^26.
  [[nodiscard]] static Place place_of(std::span<const std::byte, kWordBytes> word);

 private:
  Place place_;
  std::size_t message_bytes_;
};

}  // namespace echolab::loadgen
