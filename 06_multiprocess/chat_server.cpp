// chat-processes: a chat room that processes cannot share
// The idea: what one client says, all others hear. Each client has a process, and processes share
// no memory: so the room belongs to one of them, the broker, and all others write to it.
// What blocks, and where: the broker in poll, for a newcomer, any line, the end of a child; each
// child in poll, for its client or the broker, and in send, while the broker is behind.
// State per client, and who owns it: a process, with the connection; in the broker, which forks
// them, its RemoteMember, with its name and what it is still to hear. A lock has nothing to guard.
// What one more client costs: a fork, two sockets, and two more copies of every line said, through
// the kernel: child to broker, broker to child.
// How it fails: a member that does not read fills its own child's memory, and that one disconnects
// it. A child that dies takes along its client alone; the broker, the whole room. A child that is
// stopped is given up. Out of processes or descriptors, newcomers are turned away.
// Run it: ./lab run chat-processes --port 7007
// Compare with:
//   diff 06_multiprocess/fork_per_client_server.cpp 06_multiprocess/chat_server.cpp
//   diff 02_threads/chat_server.cpp 06_multiprocess/chat_server.cpp
// Lab: 06_multiprocess/README.md

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "02_threads/serve_member.h"
#include "06_multiprocess/broker.h"
#include "06_multiprocess/child_processes.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

[[noreturn]] void serve_as_child(UniqueFd client, UniqueFd room, const Options& options,
                                 Shutdown& shutdown) {
  try {
    shutdown.continue_in_worker();
    BrokerLink link(std::move(room));
    serve_member(std::move(client), link, options, shutdown);
  } catch (const std::exception& error) {
    log::event("ERROR", "process {}: {}", ::getpid(), error.what());
  }
  // _exit(2), not exit: the buffers and exit handlers are copies of the parent's.
  ::_exit(EXIT_SUCCESS);
}

/// Starts a process for a new member. Throws std::system_error, and closes the client, when there
/// are no more processes or descriptors to be had.
pid_t start_child(UniqueFd client, Broker& broker, Listener& listener, const Options& options,
                  Shutdown& shutdown) {
  auto [brokers_end, childs_end] = make_room_sockets();
  const pid_t child = ::fork();
  if (child == 0) {
    listener.close();
    brokers_end.reset();
    // The child has copies of the broker's ends of all the other pairs, too. As long as anybody
    // holds one, the process at its other end never sees the end of the stream.
    broker.close_copies();
    serve_as_child(std::move(client), std::move(childs_end), options, shutdown);
  }
  if (child < 0) throw system_error("fork");
  broker.add(std::move(brokers_end), child);
  return child;
  // Here the parent closes its copies of the client's socket and of the child's end, for that same
  // reason.
}

void accept_client(Listener& listener, Broker& broker, ChildProcesses& children,
                   const Options& options, Shutdown& shutdown) {
  // accept(2): takes the oldest connection from the backlog, as a socket of its own.
  UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!client) return listener.accept_failed(errno);
  if (children.count() >= options.max_clients) {
    return listener.turned_away("--max-clients are connected");
  }
  try {
    children.add(start_child(std::move(client), broker, listener, options, shutdown));
  } catch (const std::exception& error) {
    listener.turned_away(fmt::format("no process to serve it: {}", error.what()));
  }
}

/// In milliseconds; -1: nothing depends on time.
int sleep_limit(const Listener& listener, const Broker& broker) {
  if (listener.closed() || broker.is_waiting()) return static_cast<int>(Shutdown::kPause.count());
  return listener.resting() ? static_cast<int>(Listener::kRest.count()) : -1;
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  Broker broker(options.echo_self);
  ChildProcesses children;
  std::vector<pollfd> watched;
  while (!listener.closed() || (broker.has_members() && !shutdown.grace_over())) {
    watched = {{listener.closed() ? -1 : shutdown.fd(), POLLIN, 0},
               {listener.fd_to_watch(), POLLIN, 0},
               {children.exits(), POLLIN, 0}};
    broker.watch(watched);
    // poll(2): sleeps until a descriptor is ready, and says in revents what each is ready for.
    const int ready = ::poll(watched.data(), watched.size(), sleep_limit(listener, broker));
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready < 0) continue;

    broker.serve(std::span(watched).subspan(3));
    if (watched[0].revents != 0) {
      log::event("SHUTTING DOWN");
      listener.close();
      broker.ask_for_the_rest();
    }
    children.reap();
    if (watched[1].revents != 0 && !listener.closed()) {
      accept_client(listener, broker, children, options, shutdown);
    }
  }
  broker.end_links();
  children.finish();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::chat_server_main("chat-processes", argc, argv, echolab::run);
}
