// iterative: one client at a time
// The idea: accept a client, serve it to its end, accept the next. There is no concurrency at all,
// which makes this the simplest server that is correct.
// What blocks, and where: poll waits for a client, recv for the client's next bytes, send for room
// in its window. While recv waits for a silent client, everybody else waits in the backlog.
// State per client, and who owns it: the local variables of this thread; there is only one set.
// What one more client costs: nothing but a place in the kernel's backlog. Until it is its turn.
// How it fails: one client that connects and says nothing keeps all others out for ever
// (--idle-timeout is the only remedy). Lab 02 gives each client a thread instead.
// Run it: ./lab run iterative --port 7007
// Compare with: diff 01_iterative/iterative_server.cpp 02_threads/thread_per_client_server.cpp
// Lab: 01_iterative/README.md

#include <sys/socket.h>

#include <cerrno>

#include "01_iterative/serve_client.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

// BEGIN run
void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  while (listener.wait_readable(shutdown)) {
    // BEGIN SOLUTION: accept4() a client and serve it to its end; tell the listener of a failure.
    // accept(2): takes the oldest connection from the backlog, as a socket of its own.
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
      listener.accept_failed(errno);
      continue;
    }
    const EndsOnShutdown ends_on_shutdown(client);
    serve_client(client, options);
    // END SOLUTION, until then: ::pause();
  }
  log::event("SHUTTING DOWN");
  listener.close();
}
// END run

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("iterative", argc, argv, echolab::run);
}
