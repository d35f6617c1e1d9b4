// busy-poll: one thread, all clients, tried one by one
// The idea: let no call block on one client. Try each of them, with calls that return at once,
// whether it has sent something or not; then take a nap, and try them all again.
// What blocks, and where: the nap, for --nap at most. It is an accept with a time-out, so that a
// newcomer ends it, and so does a signal; what the clients send does not.
// State per client, and who owns it: a Connection (its socket, its session) in a list that only
// this thread touches: no lock anywhere.
// What one more client costs: a few hundred bytes, and a recv in every round, mostly in vain.
// How it fails: no nap is the right one. An answer waits for the end of a nap, in which no client
// gets more than 32 KiB through; short naps burn CPU time while nothing happens, and --nap 0 a
// whole core. select, in the same directory, sleeps until some client has something, and no longer.
// Run it: ./lab run busy-poll --port 7007 --nap 10ms
// Compare with: diff 03_select/busy_poll_server.cpp 03_select/select_server.cpp
// Lab: 03_select/README.md

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <list>

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
    admit(listener, [&] { connections.emplace_back(std::move(client), options); });
  }
}

/// How long to sleep between two rounds, in milliseconds.
int nap_length(const Listener& listener, const Options& options) {
  const int nap = static_cast<int>(options.nap.count());
  const int limit = sleep_limit(listener, options);
  return limit < 0 ? nap : std::min(nap, limit);
}

/// The nap, spent in an accept with a time-out: poll waits, and accept follows. A newcomer ends it
/// before its time, and so does a signal: then it is true.
bool nap(const Listener& listener, const Options& options, const Shutdown& shutdown) {
  std::array<pollfd, 2> watched{
      {{listener.fd_to_watch(), POLLIN, 0}, {listener.closed() ? -1 : shutdown.fd(), POLLIN, 0}}};
  // poll(2): sleeps so long, or until a descriptor is readable. Asked about the clients as well, it
  // would make the rounds needless: that is the next page.
  if (::poll(watched.data(), watched.size(), nap_length(listener, options)) < 0 && errno != EINTR) {
    throw system_error("poll");
  }
  return watched[1].revents != 0;
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  std::list<Connection> connections;
  while (!listener.closed() || (!connections.empty() && !shutdown.grace_over())) {
    const bool stop = nap(listener, options, shutdown);

    for (Connection& connection : connections) {
      connection.on_writable();
      connection.on_readable();
    }
    connections.remove_if([](Connection& connection) { return connection.finished(); });
    if (listener.closed()) continue;
    if (!listener.resting()) accept_clients(listener, connections, options);
    if (stop) {
      log::event("SHUTTING DOWN");
      listener.close();
      for (Connection& connection : connections) connection.end_input();
    }
  }
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("busy-poll", argc, argv, echolab::run, {"--nap=10ms"});
}
