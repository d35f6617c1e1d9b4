// chat-select: a chat room in one thread, without a lock
// The idea: what one client says, all others hear. The room belongs to the one thread there is: a
// session that receives a line puts it into the others' output, and the loop is that of select.
// What blocks, and where: select, until any descriptor is ready. Nothing else.
// State per client, and who owns it: a Connection (its socket, its session) in a list, and a place
// in the room; only this thread touches them: no lock anywhere.
// What one more client costs: what it costs the select server, and a copy of every line said.
// How it fails: a member that does not read leaves the lines said to it in its session's output. It
// holds up nobody, and when 4 MiB wait it is disconnected. Out of descriptors below FD_SETSIZE
// (1024), newcomers are turned away.
// Run it: ./lab run chat-select --port 7007
// Compare with: diff 03_select/select_server.cpp 03_select/chat_server.cpp
// Lab: 03_select/README.md

#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <list>
#include <memory>
#include <stdexcept>

#include "03_select/connection.h"
#include "common/chat.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// One client's session, which is a member of the room for as long as it lives.
class Member final : public ChatSession, public ChatMember {
 public:
  explicit Member(ChatRoom& room) : room_(room) { room_.enter(*this); }
  ~Member() override { room_.leave(*this); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

 private:
  void say(std::string_view line) override { room_.say(*this, line); }
  void hear(std::string_view line) override { show(line); }

  ChatRoom& room_;
};

/// A flood of newcomers must not keep those connected from their turn.
constexpr int kMaxAcceptsPerTurn = 64;

void accept_clients(Listener& listener, std::list<Connection>& connections, ChatRoom& room,
                    const Options& options) {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return listener.accept_failed(errno);
    if (connections.size() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    if (client.get() >= FD_SETSIZE) {
      listener.turned_away("its descriptor does not fit FD_SETSIZE (1024)");
      continue;
    }
    admit(listener, [&] {
      connections.emplace_back(std::move(client), options, std::make_unique<Member>(room));
    });
  }
}

struct Watched {
  fd_set readable;
  fd_set writable;
  int highest = -1;

  void add(int fd, fd_set& set) {
    if (fd < 0) return;
    FD_SET(fd, &set);
    highest = std::max(highest, fd);
  }
};

/// The descriptors to ask about. select replaces the sets by its answer, so that they are built
/// anew for each call.
Watched watch(const Listener& listener, const Shutdown& shutdown,
              const std::list<Connection>& connections) {
  Watched watched;
  FD_ZERO(&watched.readable);
  FD_ZERO(&watched.writable);
  if (!listener.closed()) watched.add(shutdown.fd(), watched.readable);
  watched.add(listener.fd_to_watch(), watched.readable);
  for (const Connection& connection : connections) {
    if (connection.wants_input()) watched.add(connection.fd(), watched.readable);
    if (connection.wants_output()) watched.add(connection.fd(), watched.writable);
  }
  return watched;
}

/// Sends what has just been said. For whom too much is left, does not read.
void send_to_all(std::list<Connection>& connections) {
  for (Connection& connection : connections) {
    connection.on_writable();
    if (connection.unsent() > Member::kMaxUnsent) connection.fail(Member::kDoesNotRead);
  }
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  if (std::max(listener.fd(), shutdown.fd()) >= FD_SETSIZE) {
    throw std::runtime_error("too many open descriptors at the start for select (FD_SETSIZE 1024)");
  }
  ChatRoom room(options.echo_self);
  std::list<Connection> connections;
  while (!listener.closed() || (!connections.empty() && !shutdown.grace_over())) {
    Watched watched = watch(listener, shutdown, connections);
    const int limit = sleep_limit(listener, options);
    timeval timeout{limit / 1000, limit % 1000 * 1000};
    // select(2): sleeps until a descriptor is ready, and leaves in the sets those that are.
    const int ready = ::select(watched.highest + 1, &watched.readable, &watched.writable, nullptr,
                               limit < 0 ? nullptr : &timeout);
    if (ready < 0 && errno != EINTR) throw system_error("select");
    if (ready < 0) continue;

    for (Connection& connection : connections) {
      if (FD_ISSET(connection.fd(), &watched.writable)) connection.on_writable();
      if (FD_ISSET(connection.fd(), &watched.readable)) connection.on_readable();
    }
    send_to_all(connections);
    connections.remove_if([](Connection& connection) { return connection.finished(); });
    if (listener.closed()) continue;
    if (FD_ISSET(listener.fd(), &watched.readable)) {
      accept_clients(listener, connections, room, options);
    }
    if (FD_ISSET(shutdown.fd(), &watched.readable)) {
      log::event("SHUTTING DOWN");
      listener.close();
      // All that has arrived is heard by all, and so is the last word, before anybody leaves.
      for (Connection& connection : connections) connection.receive_arrived();
      room.close();
      for (Connection& connection : connections) connection.end_input();
    }
  }
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::chat_server_main("chat-select", argc, argv, echolab::run);
}
