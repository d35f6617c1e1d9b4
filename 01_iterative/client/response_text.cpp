#include "01_iterative/client/response_text.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/escape.h"

namespace echolab {
namespace {

/// The length of the UTF-8 character that begins with `lead` (RFC 3629, 3); 1 for any other byte.
std::size_t character_length(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

/// How many of the last bytes may be the beginning of a character whose rest is still to come.
std::size_t unfinished_character(std::string_view bytes) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(3, bytes.size()); ++length) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - length]);
    const bool is_continuation = (byte & 0xC0) == 0x80;
    if (!is_continuation) return character_length(byte) > length ? length : 0;
  }
  return 0;
}

std::size_t undecided(std::string_view bytes) {
  return bytes.ends_with('\r') ? 1 : unfinished_character(bytes);
}

}  // namespace

std::string ResponseText::receive(std::string_view bytes) {
  const std::string stream = std::exchange(kept_, {}) + std::string(bytes);
  std::string_view rest = stream;
  std::string text;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    append(text, line);
    text += '\n';
    in_line_ = false;
    rest.remove_prefix(end + 1);
  }
  kept_ = rest.substr(rest.size() - undecided(rest));
  rest.remove_suffix(kept_.size());
  if (!rest.empty()) append(text, rest);
  return text;
}

std::string ResponseText::end_line() {
  std::string text;
  if (is_in_line()) {
    append(text, std::exchange(kept_, {}));
    text += '\n';
    in_line_ = false;
  }
  return text;
}

void ResponseText::append(std::string& text, std::string_view part_of_line) {
  if (!in_line_) text += prefix_;
  in_line_ = true;
  text += escaped(part_of_line);
}

}  // namespace echolab
