#include "02_threads/serve_member.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <utility>

#include "03_select/connection.h"
#include "common/chat.h"
#include "common/linger.h"
#include "common/system_error.h"

namespace echolab {
namespace {

/// The client's side of the link.
class Member final : public ChatSession {
 public:
  explicit Member(RoomLink& room) : room_(room) {}

 private:
  // The answer to one line is taken before the next is said: so a client that does not read its
  // answers fills its own output, and is not read from (Session::wants_input).
  void say(std::string_view line) override {
    room_.say(line);
    if (const auto lines = room_.take()) show(*lines);
  }

  RoomLink& room_;
};

class MemberLoop {
 public:
  MemberLoop(UniqueFd client, std::unique_ptr<Member> member, RoomLink& room,
             const Options& options, const Shutdown& shutdown)
      : room_(room),
        options_(options),
        shutdown_(shutdown),
        member_(*member),
        connection_(std::move(client), options, std::move(member)) {}

  void run() {
    while (!client_has_finished() || !room_has_ended_) {
      if (Shutdown::grace_over()) return;
      try {
        take_turn();
      } catch (const std::exception& error) {
        connection_.fail(error.what());
      }
    }
  }

 private:
  /// True when the client is served, but for what the room may still have for it.
  bool client_has_finished() {
    client_has_finished_ = connection_.finished();
    if (client_has_finished_) finish_saying();
    return client_has_finished_;
  }

  void finish_saying() {
    if (!std::exchange(has_finished_saying_, true)) room_.finish_saying();
  }

  void take_turn() {
    room_listens_ = room_.listens();
    std::array<pollfd, 3> watched{{{is_told_to_stop_ ? -1 : shutdown_.fd(), POLLIN, 0},
                                   {room_has_ended_ ? -1 : room_.fd(), POLLIN, 0},
                                   client_to_watch()}};
    // poll(2): sleeps until a descriptor is ready, and says in revents what each is ready for.
    if (::poll(watched.data(), watched.size(), sleep_limit()) < 0) {
      if (errno != EINTR) throw system_error("poll");
      return;
    }
    if (watched[2].revents & (POLLOUT | POLLERR | POLLHUP)) connection_.on_writable();
    if (watched[2].revents & (POLLIN | POLLERR | POLLHUP)) connection_.on_readable();
    if (watched[1].revents != 0) hear_room();
    if (watched[0].revents != 0) stop();
    if (connection_.unsent() > Member::kMaxUnsent) connection_.fail(Member::kDoesNotRead);
  }

  /// A negative descriptor is passed over (poll(2)): with no event wanted, POLLHUP would still
  /// come.
  [[nodiscard]] pollfd client_to_watch() const {
    const int input = connection_.wants_input() && room_listens_ ? POLLIN : 0;
    const int output = connection_.wants_output() ? POLLOUT : 0;
    const bool waits = !client_has_finished_ && (input | output) != 0;
    return {waits ? connection_.fd() : -1, static_cast<short>(input | output), 0};
  }

  /// In milliseconds; -1: nothing depends on time.
  [[nodiscard]] int sleep_limit() const {
    constexpr int kLookEvery = 100;  // how late an idle time-out may be noticed
    if (is_told_to_stop_ || !room_listens_ || LingeringClose::any()) {
      return static_cast<int>(Shutdown::kPause.count());
    }
    return options_.idle_timeout.count() != 0 && !client_has_finished_ ? kLookEvery : -1;
  }

  void hear_room() {
    if (const auto lines = room_.take()) {
      member_.show(*lines);
      connection_.on_writable();
      return;
    }
    room_has_ended_ = true;
    connection_.end_input();
  }

  /// All that has arrived is heard by all, before anybody leaves.
  void stop() {
    is_told_to_stop_ = true;
    connection_.receive_arrived();
    finish_saying();
  }

  RoomLink& room_;
  const Options& options_;
  const Shutdown& shutdown_;
  Member& member_;
  Connection connection_;
  bool room_listens_ = true;
  bool client_has_finished_ = false;
  bool has_finished_saying_ = false;
  bool room_has_ended_ = false;
  bool is_told_to_stop_ = false;
};

}  // namespace

void serve_member(UniqueFd client, RoomLink& room, const Options& options,
                  const Shutdown& shutdown) {
  MemberLoop(std::move(client), std::make_unique<Member>(room), room, options, shutdown).run();
}

}  // namespace echolab
