// poll: select with a list in place of sets
// The idea: let no call block on one client. Ask the kernel which of all the descriptors are ready,
// then serve just those, with calls that return at once.
// What blocks, and where: poll, until any descriptor is ready. Nothing else.
// State per client, and who owns it: a Connection (its socket, its session) in a list that only
// this thread touches, and an entry in the array that poll reads.
// What one more client costs: a few hundred bytes, and a little of every turn of the loop: the
// array is built anew, copied to the kernel and searched, silent clients included.
// How it fails: slowly. Any number of descriptors will do, but 5,000 silent clients make each echo
// of ten busy ones more than twenty times dearer. epoll_server.cpp is told only who is ready.
// Run it: ./lab run poll --port 7007
// Compare with: diff 03_select/select_server.cpp 04_poll/poll_server.cpp
// Lab: 04_poll/README.md

#include <poll.h>
#include <sys/socket.h>

#include <list>
#include <vector>

#include "03_select/connection.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// A flood of newcomers must not keep those connected from their turn.
constexpr int kMaxAcceptsPerTurn = 64;

void accept_clients(Listener& listener, std::list<Connection>& connections,
                    std::vector<pollfd>& watched, const Options& options) {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return listener.accept_failed(errno);
    if (connections.size() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    admit(listener, [&] {
      watched.push_back({});  // room in the next turn, while it can still be turned away
      connections.emplace_back(std::move(client), options);
    });
  }
}

/// The descriptors to ask about: the shutdown's, the listener's, and each connection's in the order
/// of the list. A negative one is passed over (poll(2)). `watched` is reused: it keeps its memory.
void watch(const Listener& listener, const Shutdown& shutdown,
           const std::list<Connection>& connections, std::vector<pollfd>& watched) {
  watched.clear();
  watched.push_back({listener.closed() ? -1 : shutdown.fd(), POLLIN, 0});
  watched.push_back({listener.fd_to_watch(), POLLIN, 0});
  // BEGIN SOLUTION: ask about each connection that wants input, and about each that wants output.
  for (const Connection& connection : connections) {
    const int input = connection.wants_input() ? POLLIN : 0;
    const int output = connection.wants_output() ? POLLOUT : 0;
    watched.push_back({connection.fd(), static_cast<short>(input | output), 0});
  }
  // END SOLUTION
}

// BEGIN run
void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  std::vector<pollfd> watched;
  std::list<Connection> connections;
  while (!listener.closed() || (!connections.empty() && !shutdown.grace_over())) {
    watch(listener, shutdown, connections, watched);
    const int limit = sleep_limit(listener, options);
    // poll(2): sleeps until a descriptor is ready, and says in revents what each is ready for.
    const int ready = ::poll(watched.data(), watched.size(), limit);
    if (ready < 0 && errno == EINVAL && !connections.empty()) {
      // More entries than RLIMIT_NOFILE, which somebody has lowered: the newest client has to go.
      connections.pop_back();
      continue;
    }
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready < 0) continue;

    // BEGIN SOLUTION: tell each connection what it was found to be ready for.
    auto entry = watched.begin() + 2;
    for (Connection& connection : connections) {
      const int events = (entry++)->revents;
      // POLLERR and POLLHUP come unasked for: the call that they are passed to learns why.
      if (events & (POLLOUT | POLLERR | POLLHUP)) connection.on_writable();
      if (events & (POLLIN | POLLERR | POLLHUP)) connection.on_readable();
    }
    // END SOLUTION
    connections.remove_if([](Connection& connection) { return connection.finished(); });
    if (watched[1].revents != 0) accept_clients(listener, connections, watched, options);
    if (watched[0].revents != 0) {
      log::event("SHUTTING DOWN");
      listener.close();
      for (Connection& connection : connections) connection.end_input();
    }
  }
}
// END run

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("poll", argc, argv, echolab::run);
}
