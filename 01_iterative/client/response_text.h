#pragma once

#include <string>
#include <string_view>

namespace echolab {

/// What a server sends, as its user reads it: `[RESPONSE] hello`, or what else the lines are to
/// begin with, a line for a line, escaped.
///
/// The pieces in which the bytes come make no difference: a line that comes in three of them is
/// shown as it comes, and is one line in the end. Memory is bounded, however long the line.
class ResponseText {
 public:
  explicit ResponseText(std::string_view prefix = "[RESPONSE] ") : prefix_(prefix) {}

  /// The text to show for `bytes`, the next piece of the stream. It may lack the last bytes, where
  /// only the next piece will tell what they are: a part of a character, or of a line end.
  [[nodiscard]] std::string receive(std::string_view bytes);

  /// The text that ends the line that has begun, if one has: no more of it will come.
  [[nodiscard]] std::string end_line();

  /// True while a line has begun and not ended.
  [[nodiscard]] bool is_in_line() const { return in_line_ || !kept_.empty(); }

 private:
  void append(std::string& text, std::string_view part_of_line);

  std::string_view prefix_;
  std::string kept_;  // received, and not yet shown
  bool in_line_ = false;
};

}  // namespace echolab
