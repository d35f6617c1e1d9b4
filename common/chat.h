#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/services/message_session.h"

/// The chat room of docs/chat.md, without any I/O: names, announcements and lines.
namespace echolab {

/// Someone in a room: what is said there reaches it through hear().
class ChatMember {
 public:
  ChatMember() = default;
  virtual ~ChatMember() = default;
  ChatMember(const ChatMember&) = delete;
  ChatMember& operator=(const ChatMember&) = delete;

 private:
  friend class ChatRoom;

  /// Takes a line, its \n included. Must neither block nor call the room.
  virtual void hear(std::string_view line) = 0;

  std::string name_;  // "" until it has given one
};

/// The state that the members share. It knows nothing of threads or processes: that one of them at
/// a time calls it, is for the server to see to.
class ChatRoom {
 public:
  static constexpr std::size_t kMaxName = 32;        // bytes
  static constexpr std::size_t kMaxListLine = 4096;  // bytes of the answer to /who, about

  /// The server's own lines begin with "* " and "error: ", a message with its author's name and a
  /// colon: false for what could make one pass for another, and for what no terminal should be
  /// shown.
  [[nodiscard]] static bool is_name(std::string_view name);

  /// With `echo_self`, a message is sent to its author, too.
  explicit ChatRoom(bool echo_self) : echo_self_(echo_self) {}

  /// A newcomer: it is asked for its name.
  void enter(ChatMember& member);

  /// A member has said `line`, without its line end: a name, a command, or a message to all others.
  void say(ChatMember& member, std::string_view line);

  /// A member has gone. It is not called any more.
  void leave(ChatMember& member);

  /// The end: all are told, newcomers without a name, too. What is said from now on nobody hears.
  void close();

  [[nodiscard]] bool closed() const { return closed_; }

 private:
  void take_name(ChatMember& member, std::string_view name);
  void rename(ChatMember& member, std::string_view name);
  void carry_out(ChatMember& member, std::string_view command);
  [[nodiscard]] std::string refusal_of(std::string_view name) const;
  [[nodiscard]] std::string list() const;
  void tell_all(std::string_view line, const ChatMember* except = nullptr);

  bool echo_self_;
  bool closed_ = false;
  std::map<std::string, ChatMember*, std::less<>> members_;  // by name
  std::vector<ChatMember*> nameless_;
};

/// The conversation with one client: it finds the lines in what the client sends, and keeps what
/// the room sends until there is room for it in the client's window.
class ChatSession : public MessageSession {
 public:
  /// The most bytes that may wait to be sent: a client for whom there are more does not read.
  static constexpr std::size_t kMaxUnsent = std::size_t{4} * 1024 * 1024;
  static constexpr const char* kDoesNotRead = "does not read";

  ChatSession() : MessageSession(ServiceOptions{}) {}

  /// Takes what the client is to be shown: lines of the room.
  void show(std::string_view lines) {
    if (!is_closing()) answer(lines);
  }

 private:
  /// The client has said `line`.
  virtual void say(std::string_view line) = 0;

  void on_message(const Message& message) final;
};

}  // namespace echolab
