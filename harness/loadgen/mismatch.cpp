#include "harness/loadgen/mismatch.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/ranges.h>

namespace echolab::loadgen {
namespace {

constexpr std::size_t kWord = PayloadStream::kWordBytes;

// The place that `word` names, if this run can have sent it from there.
std::optional<Place> origin(std::span<const std::byte, kWord> word, const PayloadStream& expected,
                            unsigned connections) {
  const Place place = PayloadStream::place_of(word);
  const bool exists =
      place.connection < connections && place.offset + kWord <= expected.message_bytes();
  return exists ? std::optional(place) : std::nullopt;
}

std::string describe_origin(const Place& origin, std::uint32_t receiver) {
  if (origin.connection == receiver) {
    return fmt::format("; these belong to message {}, offset {} of the same connection",
                       origin.message, origin.offset);
  }
  return fmt::format("; these belong to connection {}, message {}, offset {}", origin.connection,
                     origin.message, origin.offset);
}

// Goes from difference to difference: one object examines one piece of received bytes.
class Examination {
 public:
  Examination(const PayloadStream& cursor, std::span<const std::byte> got, unsigned connections)
      : cursor_(cursor), got_(got), connections_(connections) {}

  Mismatch result() {
    std::vector<std::byte> expected(got_.size());
    cursor_.copy_to(expected);
    std::size_t at = 0;
    while (at < got_.size()) at += examine_word(std::span(expected).subspan(at), got_.subspan(at));
    return mismatch_;
  }

 private:
  // Examines the bytes up to the end of a word or message, and returns how many those were.
  std::size_t examine_word(std::span<const std::byte> expected, std::span<const std::byte> got) {
    const std::size_t offset = cursor_.place().offset;
    const std::size_t word_end = std::min(offset / kWord * kWord + kWord, cursor_.message_bytes());
    const std::size_t size = std::min(word_end - offset, got.size());
    for (std::size_t i = 0; i < size; ++i) {
      if (expected[i] == got[i]) continue;
      if (mismatch_.bytes++ == 0) describe(i, expected.subspan(i), got.subspan(i));
    }
    const bool differs =
        !std::equal(got.begin(), got.begin() + static_cast<long>(size), expected.begin());
    if (differs && size == kWord) look_up(got.first<kWord>());
    cursor_.skip(size);
    return size;
  }

  void look_up(std::span<const std::byte, kWord> word) {
    const auto place = origin(word, cursor_, connections_);
    if (!place) return;
    if (!origin_described_) {
      mismatch_.description += describe_origin(*place, cursor_.place().connection);
      origin_described_ = true;
    }
    if (place->connection != cursor_.place().connection) mismatch_.swapped += kWord;
  }

  void describe(std::size_t index_in_word, std::span<const std::byte> expected,
                std::span<const std::byte> got) {
    const Place& place = cursor_.place();
    mismatch_.description =
        fmt::format("connection {}, message {}, offset {}: expected {}, got {}", place.connection,
                    place.message, place.offset + index_in_word, hex(expected), hex(got));
  }

  PayloadStream cursor_;
  std::span<const std::byte> got_;
  unsigned connections_;
  Mismatch mismatch_;
  bool origin_described_ = false;
};

}  // namespace

Mismatch examine_mismatch(const PayloadStream& expected, std::span<const std::byte> got,
                          unsigned connections) {
  return Examination(expected, got, connections).result();
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::size_t kMost = 16;
  const auto shown = bytes.first(std::min(bytes.size(), kMost));
  const char* const more = bytes.size() > kMost ? " ..." : "";
  return fmt::format("{:02x}{}", fmt::join(shown.begin(), shown.end(), " "), more);
}

}  // namespace echolab::loadgen
