// gui_temperature: a window that stays alive while its server does not answer
// The idea: the loop that serves a window must never wait for anything but the user. So the socket
// is served elsewhere, by a thread that hands over what it received; or it is registered in that
// very loop, which is a select loop like that of lab 03. The window lets you choose, at any time.
// What blocks, and where: Fl::run, in select(2), for the display, and for whatever else it was told
// to wait for. With a thread: that thread, in poll. A name's lookup always has a thread.
// State, and who owns it: the widgets belong to the thread that runs the loop, and no other touches
// them. What two threads share lies in ThreadConversation, behind its mutex.
// How it fails: absent, silent or dying, a server leaves a line in the window, in red, and Send
// tries again. Served in a callback by blocking calls, it would leave a window that is not redrawn.
// Run it: ./lab run thread-per-client --service temperature
//         build/dev/bin/gui_temperature 127.0.0.1 7007
// Compare with: diff 02_threads/gui/thread_conversation.cpp 02_threads/gui/loop_conversation.cpp
// Lab: 02_threads/gui/README.md

#include <memory>
#include <string>

#include <FL/Fl.H>
#include <FL/Fl_Box.H>
#include <FL/Fl_Input.H>
#include <FL/Fl_Output.H>
#include <FL/Fl_Round_Button.H>

#include "01_iterative/client/client_options.h"
#include "02_threads/gui/loop_conversation.h"
#include "02_threads/gui/thread_conversation.h"
#include "02_threads/gui/window.h"
#include "common/escape.h"

namespace echolab {

class TemperatureWindow : public Window, public ConversationListener {
 public:
  explicit TemperatureWindow(const ClientOptions& options);

 private:
  void send();
  void start_conversation();
  static void deliver(void* self);
  void change_way();
  void on_connected() override;
  void on_line(const std::string& line) override;
  void on_ended(const Failure& why) override;
  void on_no_answer();

  Destination server_;
  Fl_Input celsius_{116, 16, 196, 32, "&Celsius  "};
  SendButton send_{320, 16, 104, 32, [this] { on_no_answer(); }};
  Fl_Output fahrenheit_{116, 56, 308, 32, "Fahrenheit  "};
  Fl_Box served_by_{16, 96, 92, 24, "Served by"};
  Fl_Round_Button by_thread_{114, 96, 104, 24, "a &thread"};
  Fl_Round_Button by_loop_{222, 96, 202, 24, "the window's &loop"};
  StatusLine status_{16, 132, 408, 40};
  enum class State { kNotConnected, kConnecting, kConnected } state_ = State::kNotConnected;
  std::unique_ptr<ServerConversation> conversation_;
};

TemperatureWindow::TemperatureWindow(const ClientOptions& options)
    : Window(440, 184, "Temperature"), server_(options.server) {
  resizable(celsius_);
  size_range(w(), h(), 0, h());  // in width only
  on_click<&TemperatureWindow::send>(send_, this);
  for (Fl_Round_Button* way : {&by_thread_, &by_loop_}) {
    way->type(FL_RADIO_BUTTON);
    on_click<&TemperatureWindow::change_way>(*way, this);
  }
  by_thread_.setonly();
  status_.tell("Enter degrees Celsius, and send them to " + name_of(server_) + ".");
}

void TemperatureWindow::send() {
  celsius_.take_focus();
  celsius_.position(celsius_.size(), 0);  // selected: what is typed next replaces it
  fahrenheit_.value("");
  send_.deactivate();
  try {
    if (state_ == State::kNotConnected) start_conversation();
    conversation_->send(celsius_.value());
    if (state_ == State::kConnected) send_.wait(server_.timeout);
  } catch (const std::exception& error) {
    on_ended(Failure("ERROR", error.what()));
  }
}

void TemperatureWindow::start_conversation() {
  // Fl::awake, of all FLTK's calls, may come from any thread: the loop then calls deliver().
  const auto wake = [this] { Fl::awake(deliver, this); };
  if (by_loop_.value() != 0) {
    conversation_ = std::make_unique<LoopConversation>(server_, *this);
  } else {
    conversation_ = std::make_unique<ThreadConversation>(server_, *this, wake);
  }
  state_ = State::kConnecting;
  status_.tell("Connecting to " + name_of(server_) + "...");
}

void TemperatureWindow::deliver(void* self) {
  const auto& conversation = static_cast<TemperatureWindow*>(self)->conversation_;
  if (conversation) conversation->deliver();  // the one that has asked for it may be gone
}

void TemperatureWindow::change_way() {
  conversation_.reset();
  on_ended(Failure("CHANGED", "Send connects again, this way."));
}

void TemperatureWindow::on_connected() {
  state_ = State::kConnected;
  status_.tell("Connected to " + name_of(server_) + ". Waiting for its answer...");
  send_.wait(server_.timeout);
}

void TemperatureWindow::on_line(const std::string& line) {
  if (!send_.waits()) return;  // nobody asked
  send_.stop_waiting();
  fahrenheit_.value(escaped(line).c_str());
  if (line.starts_with("error: ")) {
    status_.warn("The server could not convert it. Enter a number, such as 36.6.");
  } else {
    status_.tell("Answered by " + name_of(server_) + ".");
  }
}

void TemperatureWindow::on_ended(const Failure& why) {
  state_ = State::kNotConnected;
  if (send_.waits()) fahrenheit_.value(("[" + why.name() + "]").c_str());
  send_.stop_waiting();
  status_.warn(why.what());
}

void TemperatureWindow::on_no_answer() {
  conversation_.reset();  // or else a late answer would be taken for one to the next question
  on_ended(timeout_failure("answer", server_.timeout));
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::window_main<echolab::TemperatureWindow>(
      {"gui_temperature", "A window for a server with --service temperature", {}}, argc, argv);
}
