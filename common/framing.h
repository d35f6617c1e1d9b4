#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace echolab {

/// Where a message ends. TCP does not know: it carries a stream of bytes (RFC 9293, 3.8).
enum class Framing {
  kLine,   ///< at \n; the \r of a CRLF is not part of the message
  kChunk,  ///< where one recv ended, as beginners' programs assume: right until it is not
};

/// A message, and the line end by which an answer is to end.
struct Message {
  std::string_view text;      ///< without its line end
  std::string_view line_end;  ///< "\n" in lines; in chunks what the message had, which may be ""
};

/// Finds the messages in a stream of bytes.
class MessageReader {
 public:
  /// The most bytes of a line, its end not counted.
  static constexpr std::size_t kMaxLine = 4096;

  explicit MessageReader(Framing framing) : framing_(framing) {}

  /// Takes what one recv(2) returned. In chunks, every message before must have been taken.
  void receive(std::span<const std::byte> input);

  /// The stream has ended, and so has its last line, though it may lack its \n.
  void receive_eof() { ended_ = true; }

  /// The next message that is complete, or none. Valid until the next call of receive().
  [[nodiscard]] std::optional<Message> next();

  /// True once a line has grown longer than kMaxLine: no further message is found.
  [[nodiscard]] bool line_too_long() const { return line_too_long_; }

 private:
  [[nodiscard]] std::string_view unread() const { return std::string_view(buffer_).substr(read_); }
  std::optional<Message> next_line();
  std::optional<Message> next_chunk();

  Framing framing_;
  std::string buffer_;
  std::size_t read_ = 0;      // how much of buffer_ was returned by next()
  std::size_t searched_ = 0;  // how much of unread() is known to hold no \n
  bool ended_ = false;
  bool line_too_long_ = false;
};

}  // namespace echolab
