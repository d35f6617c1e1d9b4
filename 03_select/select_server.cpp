// select: one thread, all clients, asked about one by one
// The idea: let no call block on one client. Ask the kernel which of all the descriptors are ready,
// then serve just those, with calls that return at once.
// What blocks, and where: select, until any descriptor is ready. Nothing else.
// State per client, and who owns it: a Connection (its socket, its session) in a list that only
// this thread touches: no lock anywhere.
// What one more client costs: a few hundred bytes, and a little of every turn of the loop: the sets
// are built anew, copied to the kernel and searched, silent clients included.
// How it fails: an fd_set holds descriptors below FD_SETSIZE (1024) and no more; FD_SET beyond it
// writes outside the set. Such a client is turned away. Lab 04 has poll, without that limit.
// Run it: ./lab run select --port 7007
// Compare with: diff 03_select/select_server.cpp 04_poll/poll_server.cpp
// Lab: 03_select/README.md

#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <list>
#include <stdexcept>

#include "03_select/connection.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// A flood of newcomers must not keep those connected from their turn.
constexpr int kMaxAcceptsPerTurn = 64;

void accept_clients(Listener& listener, std::list<Connection>& connections,
                    const Options& options) {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return listener.accept_failed(errno);
    if (connections.size() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    // BEGIN SOLUTION: turn away a client whose descriptor does not fit into an fd_set.
    if (client.get() >= FD_SETSIZE) {
      listener.turned_away("its descriptor does not fit FD_SETSIZE (1024)");
      continue;
    }
    // END SOLUTION
    admit(listener, [&] { connections.emplace_back(std::move(client), options); });
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
  // BEGIN SOLUTION: ask about each connection that wants input, and about each that wants output.
  for (const Connection& connection : connections) {
    if (connection.wants_input()) watched.add(connection.fd(), watched.readable);
    if (connection.wants_output()) watched.add(connection.fd(), watched.writable);
  }
  // END SOLUTION
  return watched;
}

// BEGIN run
void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  if (std::max(listener.fd(), shutdown.fd()) >= FD_SETSIZE) {
    throw std::runtime_error("too many open descriptors at the start for select (FD_SETSIZE 1024)");
  }
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

    // BEGIN SOLUTION: tell each connection what it was found to be ready for.
    for (Connection& connection : connections) {
      if (FD_ISSET(connection.fd(), &watched.writable)) connection.on_writable();
      if (FD_ISSET(connection.fd(), &watched.readable)) connection.on_readable();
    }
    // END SOLUTION
    connections.remove_if([](Connection& connection) { return connection.finished(); });
    if (listener.closed()) continue;
    if (FD_ISSET(listener.fd(), &watched.readable)) accept_clients(listener, connections, options);
    if (FD_ISSET(shutdown.fd(), &watched.readable)) {
      log::event("SHUTTING DOWN");
      listener.close();
      for (Connection& connection : connections) connection.end_input();
    }
  }
}
// END run

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("select", argc, argv, echolab::run);
}
