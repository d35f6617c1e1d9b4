#include "02_threads/gui/window.h"

#include <errno.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "common/escape.h"
#include "common/socket_address.h"

namespace echolab {
namespace {

constexpr int kCannotRunHere = 3;
constexpr Fl_Color kSelected = 0x7BAAF700;

// What FLTK calls when it cannot go on: in these programs, when there is no display.
[[noreturn]] void end_without_display(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fprintf(stderr, "%s: no window can be shown here: ", program_invocation_short_name);
  std::vfprintf(stderr, format, arguments);
  std::fprintf(stderr, " (set DISPLAY, or run it under xvfb-run)\n");
  va_end(arguments);
  std::_Exit(kCannotRunHere);
}

void close_unless_escape(Fl_Widget* window, void* /*data*/) {
  if (Fl::event() == FL_SHORTCUT && Fl::event_key() == FL_Escape) return;
  window->hide();
}

}  // namespace

Window::Window(int width, int height, const char* title) : Fl_Double_Window(width, height, title) {
  callback(close_unless_escape);
  size_range(width, height);
}

SendButton::SendButton(int x, int y, int width, int height, std::function<void()> on_no_answer)
    : Fl_Button(x, y, width, height, "Send"), timer_(std::move(on_no_answer)) {
  color(kAccent);
  labelcolor(FL_WHITE);
}

void SendButton::wait(std::chrono::milliseconds longest) {
  deactivate();
  timer_.start(longest);
}

void SendButton::stop_waiting() {
  timer_.stop();
  activate();
}

int SendButton::handle(int event) {
  const int key = Fl::event_key();
  if (event != FL_SHORTCUT || (key != FL_Enter && key != FL_KP_Enter)) {
    return Fl_Button::handle(event);
  }
  simulate_key_action();  // it is seen to be pressed
  do_callback();
  return 1;
}

StatusLine::StatusLine(int x, int y, int width, int height)
    : Fl_Multiline_Output(x, y, width, height) {
  box(FL_FLAT_BOX);
  color(FL_BACKGROUND_COLOR);
  textsize(13);
  wrap(1);
}

void StatusLine::tell(const std::string& text) {
  textcolor(kGrey);
  value(text.c_str());
  redraw();  // value() draws anew only what is another text
}

void StatusLine::warn(const std::string& text) {
  textcolor(kRed);
  value(text.c_str());
  redraw();  // value() draws anew only what is another text
}

void Timer::start(std::chrono::milliseconds duration) {
  stop();
  Fl::add_timeout(std::chrono::duration<double>(duration).count(), on_expiry, this);
}

void Timer::stop() {
  Fl::remove_timeout(on_expiry, this);
}

void Timer::on_expiry(void* self) {
  static_cast<Timer*>(self)->on_expiry_();
}

std::string name_of(const Destination& server) {
  return escaped(host_and_port(server.host, server.port));
}

void prepare_windows() {
  Fl::fatal = end_without_display;
  Fl::lock();  // once, before there are threads: it makes Fl::awake work
  Fl::scheme("gtk+");
  Fl::background(0xF6, 0xF7, 0xF9);
  Fl::set_color(FL_SELECTION_COLOR, kSelected);
}

}  // namespace echolab
