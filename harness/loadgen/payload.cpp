#include "harness/loadgen/payload.h"

#include <endian.h>

#include <algorithm>
#include <cstring>

namespace echolab::loadgen {
namespace {

constexpr unsigned kWordIndexBits = 20;
constexpr unsigned kConnectionBits = 18;
constexpr std::uint64_t kWordIndexMask = (std::uint64_t{1} << kWordIndexBits) - 1;
constexpr std::uint64_t kConnectionMask = (std::uint64_t{1} << kConnectionBits) - 1;
static_assert(PayloadStream::kMaxConnections == kConnectionMask + 1);

// 2^64 divided by the golden ratio, made odd (Knuth, TAOCP 3, 6.4): its multiples spread evenly.
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
// Any number, so that the place 0 is not a word of zeros: the digits of pi after the point.
constexpr std::uint64_t kSummand = 0x243F6A8885A308D3;

// Newton's iteration for the inverse modulo 2^64: every step doubles the number of right bits, and
// an odd number is its own inverse modulo 2^3.
constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t result = odd;
  for (int right_bits = 3; right_bits < 64; right_bits *= 2) result *= 2 - odd * result;
  return result;
}
static_assert(kMultiplier * inverse(kMultiplier) == 1);

// The word that holds the byte at `place`, before it is folded and stored.
std::uint64_t multiplied(const Place& place) {
  const std::uint64_t packed = place.message << (kConnectionBits + kWordIndexBits) |
                               std::uint64_t{place.connection} << kWordIndexBits |
                               place.offset / PayloadStream::kWordBytes;
  return packed * kMultiplier + kSummand;
}

// A product's high bits depend on all bits of its factors, its low bits on the low ones only: so
// the upper half is folded onto the lower. Folding twice undoes it.
constexpr std::uint64_t folded(std::uint64_t word) {
  return word ^ word >> 32U;
}

// Calls `use(position, word, from, count)` for each piece of a word in the `size` bytes from
// `place` on, all in one message: `count` bytes of the stored `word`, beginning at its byte `from`,
// belong at `position`. Stops when `use` returns false.
template <typename Use>
void for_each_word(const Place& place, std::size_t size, Use use) {
  constexpr std::size_t kWord = PayloadStream::kWordBytes;
  std::uint64_t product = multiplied(place);
  std::size_t position = 0;
  // From a word to the next the place grows by one, hence the product by one multiplier. Stored
  // big-endian, a word has its best-mixed byte first.
  const auto use_next = [&](std::size_t from, std::size_t count) {
    const std::uint64_t word = ::htobe64(folded(product));
    const bool go_on = use(position, reinterpret_cast<const std::byte*>(&word), from, count);
    product += kMultiplier;
    position += count;
    return go_on;
  };
  const std::size_t from = place.offset % kWord;
  if (from != 0 && !use_next(from, std::min(kWord - from, size))) return;
  while (size - position >= kWord) {
    if (!use_next(0, kWord)) return;
  }
  if (position < size) use_next(0, size - position);
}

void write_within_message(const Place& place, std::span<std::byte> out) {
  for_each_word(place, out.size(), [out](auto position, auto* word, auto from, auto count) {
    std::memcpy(out.data() + position, word + from, count);
    return true;
  });
}

// Compares words as they are made: written to memory first, they would have to be read back.
std::size_t matching_within_message(const Place& place, std::span<const std::byte> bytes) {
  std::size_t matching = bytes.size();
  for_each_word(place, bytes.size(), [&](auto position, auto* word, auto from, auto count) {
    const std::byte* const got = bytes.data() + position;
    if (std::memcmp(got, word + from, count) == 0) return true;
    matching = position + (std::mismatch(got, got + count, word + from).first - got);
    return false;
  });
  return matching;
}

}  // namespace

void PayloadStream::copy_to(std::span<std::byte> out) const {
  PayloadStream ahead = *this;
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), message_bytes_ - ahead.place_.offset));
    write_within_message(ahead.place_, part);
    ahead.skip(part.size());
    out = out.subspan(part.size());
  }
}

std::size_t PayloadStream::matching_prefix(std::span<const std::byte> bytes) const {
  PayloadStream ahead = *this;
  std::size_t matching = 0;
  while (matching < bytes.size()) {
    const std::size_t left = message_bytes_ - ahead.place_.offset;
    const auto part = bytes.subspan(matching, std::min(bytes.size() - matching, left));
    const std::size_t matching_in_part = matching_within_message(ahead.place_, part);
    matching += matching_in_part;
    if (matching_in_part < part.size()) break;
    ahead.skip(part.size());
  }
  return matching;
}

std::size_t PayloadStream::skip(std::size_t count) {
  place_.offset += count;
  if (place_.offset < message_bytes_) return 0;
  if (place_.offset == message_bytes_) {  // the usual case, and cheaper than a division
    place_.offset = 0;
    ++place_.message;
    return 1;
  }
  const std::size_t ended = place_.offset / message_bytes_;
  place_.message += ended;
  place_.offset %= message_bytes_;
  return ended;
}

Place PayloadStream::place_of(std::span<const std::byte, kWordBytes> word) {
  std::uint64_t stored = 0;
  std::memcpy(&stored, word.data(), sizeof stored);
  const std::uint64_t product = folded(::be64toh(stored));
  const std::uint64_t packed = (product - kSummand) * inverse(kMultiplier);
  return {.connection = static_cast<std::uint32_t>(packed >> kWordIndexBits & kConnectionMask),
          .message = packed >> (kConnectionBits + kWordIndexBits),
          .offset = (packed & kWordIndexMask) * kWordBytes};
}

}  // namespace echolab::loadgen
