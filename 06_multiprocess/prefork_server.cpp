// prefork: processes forked in advance accept on one listener
// The idea: fork the processes before there are clients. Each of them accepts a client from the one
// listener that all inherit, serves it as lab 01 would, accepts the next: no fork while it waits.
// What blocks, and where: the parent in poll, for the death of a worker; each worker in poll, for a
// client, and then in recv or send, for that client alone.
// State per client, and who owns it: the local variables of the worker that has accepted it, and
// the counts in WorkerClients, in memory that all processes share: atomics, and no lock.
// What one more client costs: nothing but a place in the kernel's backlog, while all workers are
// busy. It waits there until one of them is done.
// How it fails: as many silent clients as there are workers keep all others out for ever
// (--idle-timeout and more --workers put it off). And each client wakes every worker that waits,
// though one will do: the thundering herd (lab 06's README). A worker that dies is replaced.
// Run it: ./lab run prefork --port 7007 --workers 10
// Compare with: diff 01_iterative/iterative_server.cpp 06_multiprocess/prefork_server.cpp
// Lab: 06_multiprocess/README.md

#include <sys/socket.h>

#include <cerrno>

#include "01_iterative/serve_client.h"
#include "06_multiprocess/worker_processes.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

void work(Listener& listener, const Options& options, Shutdown& shutdown, WorkerClients& clients) {
  while (listener.wait_readable(shutdown)) {
    // accept(2): takes the oldest connection from the backlog, as a socket of its own. Another
    // worker may have been quicker: then there is none, and a blocking accept would sleep here.
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
      listener.accept_failed(errno);
      continue;
    }
    if (!clients.take(options.max_clients)) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    const EndsOnShutdown ends_on_shutdown(client);
    serve_client(client, options);
    clients.release();
  }
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  WorkerProcesses workers(
      options.workers, [&](std::size_t /*number*/, Shutdown& own_shutdown, WorkerClients& clients) {
        work(listener, options, own_shutdown, clients);
      });
  workers.supervise(shutdown);
  log::event("SHUTTING DOWN");
  listener.close();
  workers.finish();
  workers.print_clients("prefork");
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("prefork", argc, argv, echolab::run, {"--workers=10"});
}
