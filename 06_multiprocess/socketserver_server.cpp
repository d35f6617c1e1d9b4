// socketserver: one handler; who runs it is a choice
// The idea: a server is two things, what a client is served and who serves it, and they need not
// know of each other. Beside one Handler stands a mix-in of three, as in Python's socketserver.
// What blocks, and where: the main thread in poll, for a client or the end of a handler; the
// handler in recv or send, for its client alone. Inline it is the main thread that waits there.
// State per client, and who owns it: what the mix-in gives it, the stack of this thread, or of one
// of its own, or a process. Threads and processes are known to the main thread alone.
// What one more client costs: nothing (inline), a thread, or a fork: see labs 01, 02 and 06.
// How it fails: as the lab whose dispatch it has. A handler that was written for processes keeps
// its state in variables of its own; run in threads, it finds that all handlers share them.
// Run it: ./lab run socketserver --port 7007 --dispatch thread
// Compare with:
//   diff 06_multiprocess/fork_per_client_server.cpp 06_multiprocess/socketserver_server.cpp
// Lab: 06_multiprocess/README.md

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "01_iterative/serve_client.h"
#include "06_multiprocess/child_processes.h"
#include "06_multiprocess/handler_threads.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// What a client is served. Another service has another handler, and the same three servers.
struct Handler {
  const Options& options;

  void handle(const UniqueFd& client) const { serve_client(client, options); }
};

/// The handler runs where its client was accepted, as in lab 01.
struct Inline {
  static void process(UniqueFd client, const Handler& handler, Listener& /*listener*/) {
    const EndsOnShutdown ends_on_shutdown(client);
    handler.handle(client);
  }
  static int exits() { return -1; }
  static std::size_t count() { return 0; }
  static void reap() {}
  static void finish() {}
};

/// The handler runs in a thread of its own, as in lab 02.
struct Threading : HandlerThreads {
  void process(UniqueFd client, const Handler& handler, Listener& /*listener*/) {
    add(std::jthread([this, handler, client = std::move(client)] {
      const Handling handling(*this, client);
      handler.handle(client);
    }));
  }
};

/// The handler runs in a process of its own, as in fork-per-client.
struct Forking : ChildProcesses {
  void process(UniqueFd client, const Handler& handler, Listener& listener) {
    const pid_t child = ::fork();
    if (child == 0) handle_as_child(client, handler, listener);
    if (child < 0) throw system_error("fork");
    add(child);
    // Here the parent closes its copy of the client's socket.
  }

  [[noreturn]] static void handle_as_child(const UniqueFd& client, const Handler& handler,
                                           Listener& listener) {
    Shutdown::continue_in_child();
    listener.close();
    {
      const EndsOnShutdown ends_on_shutdown(client);
      handler.handle(client);
    }
    // _exit(2), not exit: the buffers and exit handlers are copies of the parent's.
    ::_exit(EXIT_SUCCESS);
  }
};

/// Accepts clients, and leaves to its mix-in how they are handled.
template <class MixIn>
class Server : private MixIn {
 public:
  void serve(Listener& listener, const Options& options, Shutdown& shutdown) {
    const Handler handler{options};
    while (listener.wait_readable(shutdown, this->exits())) {
      this->reap();
      // accept(2): takes the oldest connection from the backlog, as a socket of its own.
      UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) {
        listener.accept_failed(errno);
        continue;
      }
      if (this->count() >= options.max_clients) {
        listener.turned_away("--max-clients are connected");
        continue;
      }
      try {
        this->process(std::move(client), handler, listener);
      } catch (const std::exception& error) {
        listener.turned_away(fmt::format("no thread or process to serve it: {}", error.what()));
      }
    }
    log::event("SHUTTING DOWN");
    listener.close();
    this->finish();
  }
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  if (options.dispatch == "inline") Server<Inline>().serve(listener, options, shutdown);
  if (options.dispatch == "thread") Server<Threading>().serve(listener, options, shutdown);
  if (options.dispatch == "fork") Server<Forking>().serve(listener, options, shutdown);
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("socketserver", argc, argv, echolab::run, {"--dispatch=thread"});
}
