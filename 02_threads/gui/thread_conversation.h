#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "01_iterative/client/connect_with_timeout.h"
#include "02_threads/end_sign.h"
#include "02_threads/gui/conversation.h"
#include "common/unique_fd.h"

namespace echolab {

/// A conversation that has a thread of its own, which may wait as long as it likes.
///
/// Two threads share two mailboxes, and a mutex guards both: lines to be sent, and events to be
/// shown. A thread that has put something into the other's mailbox wakes it: the window's by
/// `wake_window`, which asks the window's loop to call deliver(); the socket's by an eventfd.
class ThreadConversation : public ServerConversation {
 public:
  using WakeWindow = std::function<void()>;

  /// Connects in the background. `wake_window` is called in the conversation's thread.
  /// Throws std::system_error when there is no thread, or no descriptor, to be had.
  ThreadConversation(const Destination& server, ConversationListener& listener,
                     WakeWindow wake_window);
  ~ThreadConversation() override;
  ThreadConversation(const ThreadConversation&) = delete;
  ThreadConversation& operator=(const ThreadConversation&) = delete;

  void send(const std::string& line) override;
  void deliver() override;

 private:
  struct Connected {};
  using Event = std::variant<Connected, std::string, Failure>;

  void run();
  void converse();
  [[nodiscard]] std::vector<std::string> take_lines();
  void put_events(std::vector<Event> events);
  [[nodiscard]] bool window_lags();

  Destination server_;
  ConversationListener& listener_;
  WakeWindow wake_window_;
  EndSign stop_;
  UniqueFd bell_;     // an eventfd(2): the window has put something into a mailbox, or emptied one
  std::mutex mutex_;  // guards the next two
  std::vector<std::string> lines_;  // from the window to the server
  std::vector<Event> events_;       // from the server to the window
  std::thread thread_;              // the last member: it uses all the others
};

}  // namespace echolab
