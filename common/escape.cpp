#include "common/escape.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace echolab {
namespace {

struct Character {
  char32_t code_point = 0;
  std::size_t length = 0;  // bytes; 0: no character begins here
};

struct Lead {
  unsigned mask, value;  // the first byte's fixed bits
  std::size_t length;    // bytes of the whole character
  char32_t lowest;       // of the code points that need so many bytes
};

// RFC 3629, 3: the table of forms. Shorter ones must be used where they suffice.
constexpr std::array<Lead, 4> kLeads{{{0x80, 0x00, 1, 0x0},
                                      {0xE0, 0xC0, 2, 0x80},
                                      {0xF0, 0xE0, 3, 0x800},
                                      {0xF8, 0xF0, 4, 0x10000}}};

bool is_unicode(char32_t code_point) {
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return code_point <= 0x10FFFF && !surrogate;
}

Character character_of(std::string_view bytes, const Lead& lead) {
  if (bytes.size() < lead.length) return {};
  char32_t code_point = static_cast<std::uint8_t>(bytes[0]) & ~lead.mask & 0xFF;
  for (const char byte : bytes.substr(1, lead.length - 1)) {
    if ((static_cast<std::uint8_t>(byte) & 0xC0) != 0x80) return {};
    code_point = code_point << 6 | (static_cast<std::uint8_t>(byte) & 0x3F);
  }
  if (code_point < lead.lowest || !is_unicode(code_point)) return {};
  return {code_point, lead.length};
}

Character first_character(std::string_view bytes) {
  for (const Lead& lead : kLeads) {
    if ((static_cast<std::uint8_t>(bytes[0]) & lead.mask) == lead.value) {
      return character_of(bytes, lead);
    }
  }
  return {};
}

bool is_printable(char32_t code_point) {
  const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
  const bool separator = code_point == 0x2028 || code_point == 0x2029;
  const bool direction = code_point == 0x061C || code_point == 0x200E || code_point == 0x200F ||
                         (code_point >= 0x202A && code_point <= 0x202E) ||
                         (code_point >= 0x2066 && code_point <= 0x2069);
  return !control && !separator && !direction;
}

void append_in_hexadecimal(std::string& text, std::string_view bytes) {
  for (const char byte : bytes) text += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(byte));
}

}  // namespace

std::string escaped(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    const std::string_view next = bytes.substr(0, std::max<std::size_t>(character.length, 1));
    if (character.length != 0 && is_printable(character.code_point)) {
      text += next;
    } else {
      append_in_hexadecimal(text, next);
    }
    bytes.remove_prefix(next.size());
  }
  return text;
}

}  // namespace echolab
