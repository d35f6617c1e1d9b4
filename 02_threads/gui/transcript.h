#pragma once

#include <string>

#include <FL/Fl_Text_Buffer.H>
#include <FL/Fl_Text_Display.H>

#include "02_threads/gui/window.h"

namespace echolab {

/// What was said in a chat: lines that can be scrolled, selected and copied. It keeps to the newest
/// line, unless the reader has scrolled away from it, and forgets the oldest when it grows too
/// long.
class Transcript : public Fl_Text_Display {
 public:
  /// Whose line it is: each has its colour.
  enum class Voice { kMember, kMine, kRoom, kError };

  Transcript(int x, int y, int width, int height);
  ~Transcript() override { buffer(nullptr); }  // which is destroyed before the base class
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;

  /// Appends `line`, given without its end, and already escaped.
  void add(Voice voice, const std::string& line);

  /// The same for a line of a chat server, which itself says whose it is: docs/chat.md.
  void add(const std::string& line);

 private:
  void show_new();
  void forget_oldest();

  Fl_Text_Buffer text_;
  Fl_Text_Buffer voices_;  // a letter for each byte of text_: 'A' for the first Voice, and so on
  // What has come since the loop's last turn: lines by the hundred are laid out at once.
  std::string new_text_;
  std::string new_voices_;
  Timer new_timer_{[this] { show_new(); }};
};

}  // namespace echolab
