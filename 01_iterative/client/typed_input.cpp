#include "01_iterative/client/typed_input.h"

#include <algorithm>

namespace echolab {
namespace {

constexpr std::string_view kQuit = "quit";

std::string_view without_carriage_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool says_quit(std::string_view line) {
  return without_carriage_return(line) == kQuit;
}

bool may_become_quit(std::string_view beginning_of_line) {
  return beginning_of_line == "quit\r" || kQuit.starts_with(beginning_of_line);
}

}  // namespace

std::string TypedInput::take() {
  return framing_ == Framing::kLine ? take_stream() : take_message();
}

std::string TypedInput::take_stream() {
  std::size_t taken = 0;
  while (taken < buffer_.size()) {
    const std::string_view rest = std::string_view(buffer_).substr(taken);
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    const bool is_whole = length < rest.size();
    if (at_line_start_ && (is_whole || ended_) && says_quit(rest.substr(0, length))) {
      buffer_.resize(taken);
      quit();
      break;
    }
    if (at_line_start_ && !is_whole && !ended_ && may_become_quit(rest)) break;
    at_line_start_ = is_whole;
    taken += is_whole ? length + 1 : length;
  }
  std::string output = buffer_.substr(0, taken);
  buffer_.erase(0, taken);
  return output;
}

std::string TypedInput::take_message() {
  while (!buffer_.empty()) {
    const std::size_t end = buffer_.find('\n');
    const bool is_whole = end != std::string::npos;
    // A line that is too long to be kept is cut: chunks are no messages, even of one's own.
    if (!is_whole && !ended_ && buffer_.size() < kMaxReceive) break;
    std::string message(without_carriage_return(std::string_view(buffer_).substr(0, end)));
    buffer_.erase(0, is_whole ? end + 1 : buffer_.size());
    if (message == kQuit) {
      buffer_.clear();
      quit();
      break;
    }
    if (!message.empty()) return message;  // an empty one cannot be sent: TCP has no place for it
  }
  return {};
}

void TypedInput::quit() {
  ended_ = true;
  has_quit_ = true;
}

}  // namespace echolab
