#pragma once

#include <string_view>

namespace echolab {

/// Where the answers are shown: standard output, a terminal or not.
///
/// write(2) to a terminal that Ctrl-S has stopped, or to a pipe that nobody empties, blocks. So
/// each write waits for room first, and for `interrupt` as well: Ctrl-C works at any time.
class Screen {
 public:
  /// `interrupt`: a descriptor that ends the waiting once it is readable.
  explicit Screen(int interrupt);
  /// Finishes the line if that can be done without waiting.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// True when somebody types: a terminal on both sides. Only there is a prompt of use.
  [[nodiscard]] bool has_prompt() const { return has_prompt_; }

  /// Shows the prompt, unless it is there.
  void show_prompt();

  [[nodiscard]] bool is_prompting() const { return prompting_; }

  /// The user has pressed Enter, which the terminal has shown.
  void line_was_typed();

  /// Goes to the beginning of a line, so that others may write to the terminal.
  void finish_line();

  /// From now on, what cannot be written at once is dropped: for the last words of a client that
  /// was interrupted.
  void stop_waiting() { waits_ = false; }

  /// Writes `text`, on a new line where the prompt is in the way. Throws Interrupted, and Failure
  /// where it cannot be written.
  void show(std::string_view text);

 private:
  void write(std::string_view text);

  int interrupt_;
  bool has_prompt_;
  bool waits_ = true;
  bool prompting_ = false;
  bool at_line_start_ = true;
};

/// A descriptor below 3 that the parent has closed would be the number of the next socket, and
/// answers would be written into the connection. Each gets /dev/null: it is at its end at once, and
/// cannot be written to. Throws std::system_error.
void occupy_standard_descriptors();

}  // namespace echolab
