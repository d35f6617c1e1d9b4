#pragma once

#include <string>

#include "01_iterative/client/failure.h"

namespace echolab {

/// What a window is told of its conversation with a server, always in the window's own thread: a
/// window's widgets belong to the thread that runs its loop, and to no other.
class ConversationListener {
 public:
  ConversationListener() = default;
  virtual ~ConversationListener() = default;
  ConversationListener(const ConversationListener&) = delete;
  ConversationListener& operator=(const ConversationListener&) = delete;

  /// The server has accepted the connection.
  virtual void on_connected() = 0;

  /// A line from the server, without its end: bytes, to be escaped before they are shown.
  virtual void on_line(const std::string& line) = 0;

  /// The conversation is over, or never began. Nothing further is told.
  virtual void on_ended(const Failure& why) = 0;
};

/// One connection to a server of lines, from the attempt to its end. Its calls return at once,
/// whatever the server does. Its destructor ends it, and the listener hears no more.
///
/// A listener must not destroy the conversation that is calling it.
class ServerConversation {
 public:
  ServerConversation() = default;
  virtual ~ServerConversation() = default;
  ServerConversation(const ServerConversation&) = delete;
  ServerConversation& operator=(const ServerConversation&) = delete;

  /// Sends `line`, given without its end, as soon as there is a connection.
  virtual void send(const std::string& line) = 0;

  /// Tells the listener what has happened. To be called in the window's thread, by a window that a
  /// conversation has woken for it; one that lives in that thread tells without being asked.
  virtual void deliver() {}
};

/// Why a conversation is over that the server has ended in good order.
[[nodiscard]] inline Failure closed_by_server() {
  return {"CLOSED", "The server has closed the connection. Send connects again."};
}

}  // namespace echolab
