// prefork-epoll: an epoll loop in each of several processes
// The idea: fork a process for each processor, and let each run the loop of lab 04 for clients of
// its own. The kernel shares the newcomers out among their listeners, which have one port.
// What blocks, and where: the parent in poll, for the death of a worker; each worker in epoll_wait,
// until any of its descriptors is ready.
// State per client, and who owns it: a Connection (its socket, its session), which belongs to one
// worker for good, and the counts in WorkerClients, which all processes share: atomics, no lock.
// What one more client costs: what it costs lab 04's epoll. As many clients are served at the same
// moment as there are workers.
// How it fails: newcomers are shared out by a hash of their addresses (socket(7), SO_REUSEPORT),
// not by load: one worker may be busy while another has nothing to do. The clients of a worker that
// dies are lost; those that wait in its listener's queue are served by its successor.
// Run it: ./lab run prefork-epoll --port 7007 --workers 2
// Compare with: diff 04_poll/epoll_server.cpp 06_multiprocess/prefork_epoll_server.cpp
// Lab: 06_multiprocess/README.md

#include <cstddef>
#include <utility>
#include <vector>

#include "04_poll/epoll_loop.h"
#include "06_multiprocess/worker_processes.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// The clients of all processes together.
class SharedCount final : public ClientCount {
 public:
  SharedCount(WorkerClients& clients, std::size_t max_clients)
      : clients_(clients), max_clients_(max_clients) {}

  bool take() override { return clients_.take(max_clients_); }
  void release() override { clients_.release(); }

 private:
  WorkerClients& clients_;
  std::size_t max_clients_;
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  // All of them before the first fork: the parent keeps its copies, and with them the queue of a
  // worker that dies.
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  while (listeners.size() < options.workers) {
    listeners.push_back(listeners.front().another(options));
  }
  WorkerProcesses workers(
      options.workers, [&](std::size_t number, Shutdown& own_shutdown, WorkerClients& clients) {
        Listener own_listener = std::move(listeners[number]);
        listeners.clear();  // this process's copies: a port is free when the last one is closed
        SharedCount count(clients, options.max_clients);
        EpollLoop loop(own_listener, options, own_shutdown, count);
        loop.serve();
        loop.finish();
      });
  workers.supervise(shutdown);
  log::event("SHUTTING DOWN");
  listeners.clear();
  workers.finish();
  workers.print_clients("prefork-epoll");
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("prefork-epoll", argc, argv, echolab::run, {"--workers=0"});
}
