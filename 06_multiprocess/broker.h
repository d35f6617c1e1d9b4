#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "02_threads/serve_member.h"
#include "common/chat.h"
#include "common/unique_fd.h"

namespace echolab {

// A process that serves a client, and the broker, the process that has the room, share no memory.
// They are joined by a pair of sockets, on which each line that the client says travels as one
// packet, and what the room says as packets of whatever lines there are. Either side ends what it
// has to say as TCP does: by shutdown(2) with SHUT_WR, or by closing; the other then reads an end.

/// The two ends of such a pair: the broker's, and the client's process's. Throws
/// std::system_error.
[[nodiscard]] std::array<UniqueFd, 2> make_room_sockets();

/// The most bytes of a packet.
inline constexpr std::size_t kMaxPacket = std::size_t{32} * 1024;

/// The end of the client's process.
class BrokerLink final : public RoomLink {
 public:
  explicit BrokerLink(UniqueFd socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int fd() const override { return socket_.get(); }
  /// Always true: say() itself waits for the broker.
  [[nodiscard]] bool listens() override { return true; }
  /// Blocks while the broker is behind: it waits for no client, and so never for long.
  void say(std::string_view line) override;
  void finish_saying() override;
  [[nodiscard]] std::optional<std::string> take() override;

 private:
  UniqueFd socket_;
  bool has_finished_ = false;  // saying
};

/// The broker's end: a member of the room for as long as it lives. Nothing here blocks.
class RemoteMember final : public ChatMember {
 public:
  /// `process` serves the client, and has the other end.
  RemoteMember(UniqueFd socket, pid_t process, ChatRoom& room);
  ~RemoteMember() override { room_.leave(*this); }
  RemoteMember(const RemoteMember&) = delete;
  RemoteMember& operator=(const RemoteMember&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] pid_t process() const { return process_; }
  [[nodiscard]] bool wants_input() const { return !has_finished_saying_; }
  [[nodiscard]] bool wants_output() const { return !unsent_.empty(); }

  /// True while so much waits for its process that nobody should say more until that has had its
  /// turn. It waits for no client, and so it will come; unless it was stopped, or is stuck: after
  /// kPatience it is given up.
  [[nodiscard]] bool is_behind() const { return unsent_.size() > kMaxBehind; }

  /// Takes what the client has said: a number of lines, so that one that says much gets its turn
  /// and no more.
  void on_readable();

  /// Sends as much as the socket takes of what the room has said.
  void on_writable();

  [[nodiscard]] bool has_finished_saying() const { return has_finished_saying_; }

  /// True when the member is to be removed.
  [[nodiscard]] bool finished() const;

  /// To be called in a process just forked off, which has a copy of the descriptor.
  void close_copy() { socket_.reset(); }

 private:
  void hear(std::string_view line) override { unsent_ += line; }
  void cut_off();
  void check_patience();

  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxBehind = std::size_t{256} * 1024;
  static constexpr std::chrono::seconds kPatience{2};

  UniqueFd socket_;
  pid_t process_;
  ChatRoom& room_;
  std::string unsent_;
  std::optional<Clock::time_point> behind_since_;
  bool has_finished_saying_ = false;
  bool is_cut_off_ = false;
};

/// The room, and the broker's ends of all links to it.
class Broker {
 public:
  explicit Broker(bool echo_self) : room_(echo_self) {}

  [[nodiscard]] bool has_members() const { return !members_.empty(); }

  /// A newcomer, which `process` serves.
  void add(UniqueFd socket, pid_t process) {
    members_.emplace_back(std::move(socket), process, room_);
  }

  /// To be called in a process just forked off, which has copies of all descriptors.
  void close_copies();

  /// True while nobody is listened to, for the sake of a process that is behind: a matter of time.
  [[nodiscard]] bool is_waiting() const;

  /// Appends to `watched` what poll(2) is to watch: an entry a member.
  void watch(std::vector<pollfd>& watched) const;

  /// Lets the room hear those who have something to say, and everybody hear the room; `watched`
  /// are the entries that watch() has made, after poll(2). During a shutdown the room ends when
  /// all have finished saying.
  void serve(std::span<const pollfd> watched);

  /// The server shuts down: asks the processes, by SIGTERM, for what their clients have sent so
  /// far. Call it right after serve(), which has removed those whose process has ended: no other
  /// process may have got its number.
  void ask_for_the_rest() const;

  /// Ends all links. What the processes have not taken yet, they may still take.
  void end_links() { members_.clear(); }

 private:
  ChatRoom room_;
  std::list<RemoteMember> members_;
};

}  // namespace echolab
