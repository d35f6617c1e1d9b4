// gui_chat: a window on a room in which others speak at any time
// The idea: the window's loop waits for what the user does, and a thread for what the others say.
// It may not touch a widget: it puts the lines into a mailbox, and asks the loop to look there.
// What blocks, and where: Fl::run, in select(2), for the display and for the thread's call; the
// thread in poll, for the server and for what the window has to send.
// State, and who owns it: the thread that runs the loop owns the widgets, and what the room knows
// of us. Two mailboxes are shared, in ThreadConversation, behind its mutex. How it fails: absent,
// silent or dying, a server leaves a line in red, and Send tries again. A name that is taken is
// refused; the message waits for another one. Run it: build/dev/bin/gui_chat 127.0.0.1 7007 --name
// alice Compare with: diff 02_threads/gui/temperature_client.cpp 02_threads/gui/chat_client.cpp
// Lab: 02_threads/gui/README.md

#include <memory>
#include <string>

#include <FL/Fl.H>
#include <FL/Fl_Box.H>
#include <FL/Fl_Input.H>

#include "01_iterative/client/client_options.h"
#include "02_threads/gui/room_membership.h"
#include "02_threads/gui/thread_conversation.h"
#include "02_threads/gui/transcript.h"
#include "02_threads/gui/window.h"
#include "common/escape.h"

namespace echolab {

class ChatWindow : public Window, public ConversationListener {
 public:
  explicit ChatWindow(const ClientOptions& options);

 private:
  void send();
  void start_conversation();
  static void deliver(void* self);
  void give_name();
  void say();
  void on_connected() override;
  void on_line(const std::string& line) override;
  void on_ended(const Failure& why) override;
  void on_no_answer();

  Destination server_;
  Fl_Input name_{96, 16, 408, 32, "&Name  "};
  Fl_Input message_{96, 360, 296, 32, "&Message  "};
  SendButton send_{400, 360, 104, 32, [this] { on_no_answer(); }};
  Fl_Box growing_{96, 56, 296, 296};  // what grows with the window is here, above or beside
  Transcript transcript_{16, 56, 488, 296};
  StatusLine status_{16, 400, 488, 40};
  bool in_conversation_ = false;
  RoomMembership membership_;
  std::string unsaid_;  // it is for the room, which may not know us yet
  std::unique_ptr<ServerConversation> conversation_;
};

ChatWindow::ChatWindow(const ClientOptions& options)
    : Window(520, 452, "Chat"), server_(options.server) {
  resizable(growing_);
  on_click<&ChatWindow::send>(send_, this);
  message_.maximum_size(1024);  // characters, of at most 4 bytes: a line of the server's has 4096
  name_.value(options.name.c_str());
  if (!options.name.empty()) message_.take_focus();
  status_.tell("Enter your name, and send it to " + name_of(server_) + ".");
}

void ChatWindow::send() {
  if (name_.size() == 0) return status_.warn("Enter your name first.");
  message_.take_focus();
  unsaid_ = message_.value();
  try {
    if (!in_conversation_) return start_conversation();
    if (name_.value() != membership_.name()) return give_name();
    say();
  } catch (const std::exception& error) {
    on_ended(Failure("ERROR", error.what()));
  }
}

void ChatWindow::start_conversation() {
  // Fl::awake, of all FLTK's calls, may come from any thread: the loop then calls deliver().
  const auto wake = [this] { Fl::awake(deliver, this); };
  conversation_ = std::make_unique<ThreadConversation>(server_, *this, wake);
  in_conversation_ = true;
  send_.deactivate();
  status_.tell("Connecting to " + name_of(server_) + "...");
}

void ChatWindow::deliver(void* self) {
  const auto& conversation = static_cast<ChatWindow*>(self)->conversation_;
  if (conversation) conversation->deliver();  // the one that has asked for it may be gone
}

void ChatWindow::give_name() {
  conversation_->send(membership_.ask_for(name_.value()));
  send_.wait(server_.timeout);
}

void ChatWindow::say() {
  if (unsaid_.empty()) return;
  conversation_->send(unsaid_);
  // The room sends a message to all others; a command it answers.
  const std::string mine = escaped(membership_.name() + ": " + unsaid_);
  if (unsaid_[0] != '/') transcript_.add(Transcript::Voice::kMine, mine);
  if (message_.value() == unsaid_) message_.value("");  // not if the user has typed on
}

void ChatWindow::on_connected() {
  status_.tell("Connected to " + name_of(server_) + ". Waiting to be let in...");
  send_.wait(server_.timeout);
}

void ChatWindow::on_line(const std::string& line) {
  using Meaning = RoomMembership::Meaning;
  const Meaning meaning = membership_.on_line(line);
  if (meaning == Meaning::kWantsName) {
    if (send_.waits()) give_name();
    return;
  }
  transcript_.add(escaped(line));
  if (meaning == Meaning::kNothing) return;
  send_.stop_waiting();
  if (meaning == Meaning::kNamed) {
    status_.tell("You are " + membership_.name() + " at " + name_of(server_) + ".");
    say();
  } else {
    status_.warn("The server refuses this name: enter another one.");
    name_.take_focus();
  }
}

void ChatWindow::on_ended(const Failure& why) {
  in_conversation_ = false;
  membership_.leave();
  send_.stop_waiting();
  status_.warn(why.what());
}

void ChatWindow::on_no_answer() {
  conversation_.reset();
  on_ended(timeout_failure("answer", server_.timeout));
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::window_main<echolab::ChatWindow>(
      {"gui_chat", "A window for a chat room of Echo Lab", {"--name"}}, argc, argv);
}
