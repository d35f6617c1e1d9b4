#include "common/framing.h"

namespace echolab {
namespace {

std::string_view line_end_of(std::string_view message) {
  if (message.ends_with("\r\n")) return "\r\n";
  return message.ends_with('\n') ? "\n" : "";
}

}  // namespace

void MessageReader::receive(std::span<const std::byte> input) {
  buffer_.erase(0, read_);
  read_ = 0;
  buffer_.append(reinterpret_cast<const char*>(input.data()), input.size());
}

std::optional<Message> MessageReader::next() {
  return framing_ == Framing::kLine ? next_line() : next_chunk();
}

std::optional<Message> MessageReader::next_line() {
  const std::string_view text = unread();
  const std::size_t newline = text.find('\n', searched_);
  const bool complete = newline != std::string_view::npos;
  std::string_view line = text.substr(0, newline);
  // The \r may belong to a line end of which the \n is still to come.
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line_too_long_ || line.size() > kMaxLine) {
    line_too_long_ = true;
    return std::nullopt;
  }
  if (!complete && !(ended_ && !text.empty())) {
    searched_ = text.size();
    return std::nullopt;
  }
  searched_ = 0;
  read_ += complete ? newline + 1 : text.size();
  return Message{line, "\n"};
}

std::optional<Message> MessageReader::next_chunk() {
  const std::string_view chunk = unread();
  if (chunk.empty()) return std::nullopt;
  read_ = buffer_.size();
  const std::string_view line_end = line_end_of(chunk);
  return Message{chunk.substr(0, chunk.size() - line_end.size()), line_end};
}

}  // namespace echolab
