#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <FL/Fl.H>
#include <FL/Fl_Button.H>
#include <FL/Fl_Double_Window.H>
#include <FL/Fl_Multiline_Output.H>

#include "01_iterative/client/client_options.h"

namespace echolab {

// What all windows of the kit need, and no lab teaches.

constexpr Fl_Color kAccent = 0x1A73E800;
constexpr Fl_Color kRed = 0xB3261E00;
constexpr Fl_Color kGrey = 0x5F636800;

/// A window that ends its program when it is closed, and only then: FLTK would close it at Escape,
/// and what was typed would be lost.
class Window : public Fl_Double_Window {
 public:
  Window(int width, int height, const char* title);
};

/// Calls a function once, in the window's loop, unless it is stopped before.
class Timer {
 public:
  explicit Timer(std::function<void()> on_expiry) : on_expiry_(std::move(on_expiry)) {}
  ~Timer() { stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Starts anew, also while it is running.
  void start(std::chrono::milliseconds duration);
  void stop();

 private:
  static void on_expiry(void* self);

  std::function<void()> on_expiry_;
};

/// The button that Enter presses, too, whichever field it is typed in. It cannot be pressed while
/// the answer to what was sent is still to come.
class SendButton : public Fl_Button {
 public:
  /// `on_no_answer` is called when wait() has lasted too long; the waiting goes on.
  SendButton(int x, int y, int width, int height, std::function<void()> on_no_answer);

  void wait(std::chrono::milliseconds longest);
  void stop_waiting();
  [[nodiscard]] bool waits() const { return active() == 0; }

  int handle(int event) override;

 private:
  Timer timer_;
};

/// Where a window says what it is doing, and what went wrong. A text, not a label: in labels FLTK
/// takes an @ for a command, and the text may come from a server. It can be selected and copied.
class StatusLine : public Fl_Multiline_Output {
 public:
  StatusLine(int x, int y, int width, int height);

  void tell(const std::string& text);
  void warn(const std::string& text);
};

/// Has `window->Method()` called when `widget` is used. (A callback of FLTK is a plain function,
/// and a pointer to give it.)
template <auto Method, typename AnyWindow>
void on_click(Fl_Widget& widget, AnyWindow* window) {
  widget.callback([](Fl_Widget*, void* self) { (static_cast<AnyWindow*>(self)->*Method)(); },
                  window);
}

/// A server's address, as a window shows it.
[[nodiscard]] std::string name_of(const Destination& server);

/// Prepares FLTK for windows with threads, and for a machine without a display: there, the first
/// window that is shown ends the program with status 3, after one line that says so.
void prepare_windows();

/// What main() of every window does: reads the options, shows the window, and runs its loop until
/// it is closed. Returns the exit status, 0. Bad usage ends the process with status 2.
template <typename AnyWindow>
int window_main(const ClientManual& manual, int argc, char** argv) {
  const ClientOptions options = parse_client_options(manual, argc, argv);
  prepare_windows();
  AnyWindow window(options);
  window.show();
  return Fl::run();
}

}  // namespace echolab
