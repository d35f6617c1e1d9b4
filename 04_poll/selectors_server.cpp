// selectors: written once, for epoll, poll and select
// The idea: what the three calls have in common is an interface: register a descriptor, modify what
// it is watched for, unregister it, select those that are ready. The server knows that alone.
// What blocks, and where: Selector::select, until any descriptor is ready. Nothing else.
// State per client, and who owns it: a Connection (its socket, its session), which only this thread
// touches, and whatever the selector keeps of its descriptor.
// What one more client costs: what it costs the call beneath. With epoll no time while it is
// silent; with poll and select a little of every turn of the loop.
// How it fails: as the call beneath does: `--selector select` turns away what does not fit
// FD_SETSIZE (1024). And only what all three can do can be asked for: no edges, no one-shots.
// Run it: ./lab run selectors --port 7007 --selector poll
// Compare with: diff 04_poll/poll_server.cpp 04_poll/selectors_server.cpp
// Lab: 04_poll/README.md

#include <sys/socket.h>

#include <cerrno>
#include <iterator>
#include <memory>
#include <unordered_map>
#include <utility>

#include "03_select/connection.h"
#include "04_poll/selector.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// A flood of newcomers must not keep those connected from their turn.
constexpr int kMaxAcceptsPerTurn = 64;

struct Client {
  Client(UniqueFd socket, const Options& options) : connection(std::move(socket), options) {}

  Connection connection;
  Selector::Events interest = Selector::kRead;  // as the selector was told; none: unregistered
};
using Clients = std::unordered_map<int, Client>;

void add(Selector& selector, Clients& clients, UniqueFd socket, const Options& options) {
  const int fd = socket.get();
  selector.register_fd(fd, Selector::kRead);
  try {
    clients.try_emplace(fd, std::move(socket), options);
  } catch (...) {
    selector.unregister(fd);
    throw;
  }
}

Clients::iterator remove(Selector& selector, Clients& clients, Clients::iterator client) {
  if (client->second.interest != 0) selector.unregister(client->first);
  return clients.erase(client);
}

void change_interest(Selector& selector, Client& client) {
  const Selector::Events read = client.connection.wants_input() ? Selector::kRead : 0;
  const Selector::Events write = client.connection.wants_output() ? Selector::kWrite : 0;
  const Selector::Events interest = read | write;
  if (interest == client.interest) return;
  // One that waits for nothing is only being closed: a matter of time, not of readiness.
  if (interest == 0) {
    selector.unregister(client.connection.fd());
  } else {
    selector.modify(client.connection.fd(), interest);
  }
  client.interest = interest;
}

void serve(Selector& selector, Clients& clients, const Selector::Ready& ready) {
  const auto found = clients.find(ready.fd);
  if (found == clients.end()) return;
  Connection& connection = found->second.connection;
  if ((ready.events & Selector::kWrite) != 0) connection.on_writable();
  if ((ready.events & Selector::kRead) != 0) connection.on_readable();
  if (connection.finished() || ready.events == Selector::kLost) {
    remove(selector, clients, found);
  } else {
    change_interest(selector, found->second);
  }
}

void remove_finished(Selector& selector, Clients& clients) {
  for (auto client = clients.begin(); client != clients.end();) {
    const bool finished = client->second.connection.finished();
    client = finished ? remove(selector, clients, client) : std::next(client);
  }
}

/// While the listener rests, its readiness does not count.
void watch_listener(Selector& selector, const Listener& listener, bool& rested) {
  if (listener.closed() || listener.resting() == rested) return;
  rested = !rested;
  selector.modify(listener.fd(), rested ? 0 : Selector::kRead);
}

void accept_clients(Listener& listener, Selector& selector, Clients& clients,
                    const Options& options) {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return listener.accept_failed(errno);
    if (clients.size() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    admit(listener, [&] { add(selector, clients, std::move(client), options); });
  }
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  const std::unique_ptr<Selector> selector = make_selector(options.selector);
  selector->register_fd(shutdown.fd(), Selector::kRead);
  selector->register_fd(listener.fd(), Selector::kRead);
  bool rested = false;
  Clients clients;
  Sweep sweep;
  while (!listener.closed() || (!clients.empty() && !shutdown.grace_over())) {
    watch_listener(*selector, listener, rested);
    const int limit = sleep_limit(listener, options);
    bool has_newcomers = false;
    bool stops = false;
    for (const Selector::Ready& ready : selector->select(limit)) {
      if (ready.fd == listener.fd()) has_newcomers = true;
      if (ready.fd == shutdown.fd()) stops = true;
      serve(*selector, clients, ready);
    }
    if (sweep.is_due(limit)) remove_finished(*selector, clients);
    if (has_newcomers) accept_clients(listener, *selector, clients, options);
    if (stops) {
      log::event("SHUTTING DOWN");
      selector->unregister(shutdown.fd());
      selector->unregister(listener.fd());
      listener.close();
      for (auto& [fd, client] : clients) client.connection.end_input();
    }
  }
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("selectors", argc, argv, echolab::run, {"--selector=epoll"});
}
