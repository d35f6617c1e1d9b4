#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/framing.h"

namespace echolab {

/// What a user types, or a pipe brings, on its way to the server: without any I/O. A line that says
/// `quit` is not sent: it ends the input, as the end of the stream does.
class TypedInput {
 public:
  /// The most bytes that one receive() takes.
  static constexpr std::size_t kMaxReceive = std::size_t{32} * 1024;

  explicit TypedInput(Framing framing) : framing_(framing) {}

  /// Takes what read(2) returned.
  void receive(std::string_view bytes) { buffer_ += bytes; }

  /// Nothing more will be typed; a last line without its end is a line.
  void receive_eof() { ended_ = true; }

  /// What is to be sent next; "" while there is nothing yet. In lines it is all that has been
  /// typed, line ends included. In chunks it is one message without its line end, since whoever
  /// takes what one recv returned for a message must not be sent two at a time.
  [[nodiscard]] std::string take();

  /// True while more input is welcome: what was received is taken, but for a part of a line.
  [[nodiscard]] bool wants_input() const { return !ended_ && buffer_.size() < kMaxReceive; }

  /// True when all that was received is taken.
  [[nodiscard]] bool empty() const { return buffer_.empty(); }

  /// True when the input has ended and all of it was taken.
  [[nodiscard]] bool finished() const { return ended_ && empty(); }

  /// True when `quit` has ended the input.
  [[nodiscard]] bool has_quit() const { return has_quit_; }

 private:
  std::string take_stream();
  std::string take_message();
  void quit();

  Framing framing_;
  std::string buffer_;  // received, and not yet taken
  bool at_line_start_ = true;
  bool ended_ = false;
  bool has_quit_ = false;
};

}  // namespace echolab
