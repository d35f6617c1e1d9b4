#include "02_threads/gui/transcript.h"

#include <array>

namespace echolab {
namespace {

constexpr int kMaxBytes = 128 * 1024;
constexpr int kTextSize = 14;

constexpr std::array<Fl_Text_Display::Style_Table_Entry, 4> kStyles{
    {{FL_FOREGROUND_COLOR, FL_HELVETICA, kTextSize, 0},
     {kAccent, FL_HELVETICA, kTextSize, 0},
     {kGrey, FL_HELVETICA_ITALIC, kTextSize, 0},
     {kRed, FL_HELVETICA, kTextSize, 0}}};

}  // namespace

Transcript::Transcript(int x, int y, int width, int height) : Fl_Text_Display(x, y, width, height) {
  buffer(text_);
  highlight_data(&voices_, kStyles.data(), kStyles.size(), 'A', nullptr, nullptr);
  wrap_mode(WRAP_AT_BOUNDS, 0);
  hide_cursor();
}

void Transcript::add(Voice voice, const std::string& line) {
  if (new_text_.empty()) new_timer_.start(std::chrono::milliseconds(0));
  new_text_ += line + '\n';
  new_voices_.resize(new_text_.size(), static_cast<char>('A' + static_cast<int>(voice)));
}

void Transcript::add(const std::string& line) {
  if (line.starts_with("* ")) {
    add(Voice::kRoom, line);
  } else {
    add(line.starts_with("error: ") ? Voice::kError : Voice::kMember, line);
  }
}

void Transcript::show_new() {
  const bool shows_newest = mTopLineNum + mNVisibleLines > mNBufferLines;
  voices_.append(new_voices_.c_str());  // first: the display looks there when text comes
  text_.append(new_text_.c_str());
  new_text_.clear();
  new_voices_.clear();
  forget_oldest();
  if (!shows_newest) return;
  insert_position(text_.length());
  show_insert_position();
}

// By the half, so that it is seldom done.
void Transcript::forget_oldest() {
  if (text_.length() <= kMaxBytes) return;
  const int kept_from = text_.line_end(text_.length() - kMaxBytes / 2) + 1;
  voices_.remove(0, kept_from);
  text_.remove(0, kept_from);
}

}  // namespace echolab
