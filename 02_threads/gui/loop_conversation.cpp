#include "02_threads/gui/loop_conversation.h"

#include <utility>

#include <FL/Fl.H>

namespace echolab {

LoopConversation::LoopConversation(const Destination& server, ConversationListener& listener)
    : listener_(listener), connecting_(server) {
  // Fl::add_fd, FLTK's FD_SET: from now on the loop waits for this descriptor, too.
  Fl::add_fd(connecting_->fd(), FL_READ, &LoopConversation::on_connecting_done, this);
}

LoopConversation::~LoopConversation() {
  // Before they are closed: a descriptor's number may soon be another's.
  if (connecting_) Fl::remove_fd(connecting_->fd());
  if (server_) Fl::remove_fd(server_->fd());
}

void LoopConversation::send(const std::string& line) {
  if (!server_) {
    unsent_.push_back(line);
    return;
  }
  attempt([this, &line] {
    server_->send(line);
    send_pending();
  });
}

void LoopConversation::on_connecting_done(int /*fd*/, void* self) {
  static_cast<LoopConversation*>(self)->connected();
}

void LoopConversation::on_readable(int /*fd*/, void* self) {
  static_cast<LoopConversation*>(self)->receive();
}

void LoopConversation::on_writable(int /*fd*/, void* self) {
  static_cast<LoopConversation*>(self)->send_pending();
}

void LoopConversation::connected() {
  Fl::remove_fd(connecting_->fd());
  attempt([this] {
    server_.emplace(connecting_->socket());
    Fl::add_fd(server_->fd(), FL_READ, &LoopConversation::on_readable, this);
    for (const std::string& line : std::exchange(unsent_, {})) server_->send(line);
    send_pending();
    listener_.on_connected();
  });
  connecting_.reset();
}

void LoopConversation::receive() {
  attempt([this] {
    const std::vector<std::string> lines = server_->on_readable();
    const bool at_end = server_->at_end();
    for (const std::string& line : lines) {
      if (server_) listener_.on_line(line);  // who may have sent something, which may have failed
    }
    if (server_ && at_end) throw closed_by_server();
  });
}

// A socket is writable nearly always: the loop is asked about that only while there is something
// to send. Otherwise it would turn without a pause.
void LoopConversation::send_pending() {
  server_->on_writable();
  if (server_->wants_output()) {
    Fl::add_fd(server_->fd(), FL_WRITE, &LoopConversation::on_writable, this);
  } else {
    Fl::remove_fd(server_->fd(), FL_WRITE);
  }
}

// The edge at which one conversation's trouble ends that conversation only.
void LoopConversation::attempt(const std::function<void()>& step) {
  try {
    step();
  } catch (const Failure& failure) {
    end(failure);
  } catch (const std::exception& error) {
    end(Failure("ERROR", error.what()));
  }
}

void LoopConversation::end(const Failure& why) {
  if (server_) Fl::remove_fd(server_->fd());
  server_.reset();
  listener_.on_ended(why);
}

}  // namespace echolab
