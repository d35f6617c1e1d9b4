// fork-per-client: a process for each client
// The idea: accept a client, fork a process that serves it as lab 01 would, accept the next. No
// memory is shared, so that one client's crash cannot harm another's data.
// What blocks, and where: the parent in poll, for a client or the end of a child; each child in
// recv or send, for its client alone.
// State per client, and who owns it: a process, and its number in ChildProcesses, which only the
// parent touches: no lock anywhere.
// What one more client costs: a fork, the dearest way to begin, and some 160 KiB of memory: 60 of
// the process, the others in the kernel, for its page tables, stack and records (./lab scale).
// How it fails: a parent that keeps its copy of a client's socket runs out of descriptors, and its
// clients never see the end of the stream; one that does not wait for its children fills the
// process table with zombies. Out of processes, newcomers are turned away.
// Run it: ./lab run fork-per-client --port 7007
// Compare with:
//   diff 02_threads/thread_per_client_server.cpp 06_multiprocess/fork_per_client_server.cpp
// Lab: 06_multiprocess/README.md

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "01_iterative/serve_client.h"
#include "06_multiprocess/child_processes.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

// BEGIN serve_as_child
[[noreturn]] void serve_as_child(const UniqueFd& client, Listener& listener,
                                 const Options& options) {
  // BEGIN SOLUTION: give up what is the parent's (its shutdown, the listener), serve, and _exit.
  Shutdown::continue_in_child();
  listener.close();
  {
    const EndsOnShutdown ends_on_shutdown(client);
    serve_client(client, options);
  }
  // _exit(2), not exit: the buffers and exit handlers are copies of the parent's.
  ::_exit(EXIT_SUCCESS);
  // END SOLUTION, until then: ::_exit(EXIT_FAILURE);
}
// END serve_as_child

// BEGIN run
void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  ChildProcesses children;
  while (listener.wait_readable(shutdown, children.exits())) {
    children.reap();
    // accept(2): takes the oldest connection from the backlog, as a socket of its own.
    const UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
      listener.accept_failed(errno);
      continue;
    }
    if (children.count() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    // BEGIN SOLUTION: fork() a child that serves the client; the parent adds it to the children.
    const pid_t child = ::fork();
    if (child == 0) serve_as_child(client, listener, options);
    if (child < 0) {
      listener.turned_away(system_error("no process to serve it: fork").what());
      continue;
    }
    children.add(child);
    // END SOLUTION, until then: const EndsOnShutdown ends(client); serve_client(client, options);
    // Here the parent closes its copy of the client's socket. Were it kept, the client would never
    // see the end of the stream, which comes when the last copy is closed; and the parent would
    // have a descriptor more for each client that ever was, until there were none left.
  }
  log::event("SHUTTING DOWN");
  listener.close();
  children.finish();
}
// END run

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("fork-per-client", argc, argv, echolab::run);
}
