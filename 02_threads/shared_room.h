#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "02_threads/serve_member.h"
#include "common/chat.h"
#include "common/unique_fd.h"

namespace echolab {

/// A chat room that many threads share: one mutex guards it, and the mailboxes of all its members.
///
/// The mutex is held while bytes are copied from memory to memory, and never while a socket is
/// waited for: what is said is copied into the mailboxes under the lock; each client's thread takes
/// what is in its own, and sends it when the lock is free again. So one that does not read keeps
/// its own thread waiting, and nobody else's.
class SharedRoom {
 public:
  explicit SharedRoom(bool echo_self) : room_(echo_self) {}

  /// A shutdown was requested, of which all threads know: waits until all members have finished
  /// saying what they have to say, at most until the grace is over, and ends the room.
  void close();

 private:
  friend class Mailbox;

  std::mutex mutex_;
  std::condition_variable all_have_said_;
  ChatRoom room_;
  std::size_t speakers_ = 0;  // members that have not finished saying
  std::size_t full_mailboxes_ = 0;
};

/// What the room has said to one member, and its thread has not taken yet.
class Mailbox final : public ChatMember, public RoomLink {
 public:
  /// A mailbox with so many bytes is full: nobody should say more until its thread has had its
  /// turn. That thread waits for no client, and so it will come.
  static constexpr std::size_t kFull = std::size_t{256} * 1024;

  /// A newcomer in `room`. Throws std::system_error.
  explicit Mailbox(SharedRoom& room);
  ~Mailbox() override;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  [[nodiscard]] int fd() const override { return sign_.get(); }
  [[nodiscard]] bool listens() override;
  void say(std::string_view line) override;
  void finish_saying() override;
  [[nodiscard]] std::optional<std::string> take() override;

 private:
  void hear(std::string_view line) override;
  std::string empty();
  void leave();

  SharedRoom& shared_;
  UniqueFd sign_;  // readable while there is something to take
  std::string lines_;
  bool has_finished_ = false;  // saying
  bool has_left_ = false;
  bool overflowed_ = false;
};

}  // namespace echolab
