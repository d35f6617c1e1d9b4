#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "02_threads/gui/connecting.h"
#include "02_threads/gui/conversation.h"
#include "02_threads/gui/line_connection.h"

namespace echolab {

/// A conversation without a thread: its socket is registered in the window's own loop, beside the
/// one that leads to the display. A window's loop is a select loop, as that of lab 03: it waits
/// for many descriptors, and calls whoever is responsible for those that are ready.
///
/// Nothing is shared, nothing is locked, nobody is woken. In return nothing here may block: while
/// a call waits for the server, the window would not be redrawn.
class LoopConversation : public ServerConversation {
 public:
  /// Connects in the background. Throws std::system_error when that cannot be begun.
  LoopConversation(const Destination& server, ConversationListener& listener);
  ~LoopConversation() override;
  LoopConversation(const LoopConversation&) = delete;
  LoopConversation& operator=(const LoopConversation&) = delete;

  void send(const std::string& line) override;

 private:
  // What the window's loop calls; `self` is the conversation.
  static void on_connecting_done(int fd, void* self);
  static void on_readable(int fd, void* self);
  static void on_writable(int fd, void* self);

  void connected();
  void receive();
  void send_pending();
  void attempt(const std::function<void()>& step);
  void end(const Failure& why);

  ConversationListener& listener_;
  std::optional<Connecting> connecting_;
  std::optional<LineConnection> server_;
  std::vector<std::string> unsent_;  // while there is no connection
};

}  // namespace echolab
