// fork-per-client: a process for each client
// The idea: accept a client, fork a process that serves it as lab 01 would, accept the next. No
// memory is shared, so that one client's crash cannot harm another's data.
// What blocks, and where: the parent in poll, for a client or the end of a child; each child in
// recv or send, for its client alone.
// State per client, and who owns it: a process, and its number in ChildProcesses, which only the
// parent touches: no lock anywhere.
// What one more client costs: a fork, the dearest way to begin, and some 60 KiB of memory.
// How it fails: a parent that keeps its copy of a client's socket runs out of descriptors, and its
// clients never see the end of the stream; one that does not wait for its children fills the
// process table with zombies. Out of processes, newcomers are turned away.
// Run it: ./lab run fork-per-client --port 7007
// Compare with:
//   diff 02_threads/thread_per_client_server.cpp 06_multiprocess/fork_per_client_server.cpp
// Lab: 06_multiprocess/README.md

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <unordered_set>

#include <fmt/core.h>

#include "01_iterative/serve_client.h"
#include "common/client_record.h"
#include "common/log.h"
#include "common/server_main.h"
#include "common/system_error.h"

namespace echolab {

/// The clients' processes: each is waited for, and none is left running.
class ChildProcesses {
 public:
  ChildProcesses() {
    // signalfd(2): SIGCHLD makes a descriptor readable instead of interrupting whatever runs.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    exits_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!exits_) throw system_error("signalfd");
  }

  /// Readable when a child has ended.
  [[nodiscard]] int exits() const { return exits_.get(); }

  [[nodiscard]] std::size_t count() const { return children_.size(); }

  void add(pid_t child) { children_.insert(child); }

  /// Waits for the children that have ended: until then they are zombies. One SIGCHLD may stand for
  /// many of them, hence the loop around waitpid(2).
  void reap() {
    signalfd_siginfo signal;
    while (::read(exits_.get(), &signal, sizeof signal) > 0) {
    }
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      children_.erase(child);
      if (!WIFSIGNALED(status)) continue;
      ClientRecord::lost();
      log::event("ERROR", "process {} was killed by signal {}", child, WTERMSIG(status));
    }
  }

  /// Asks the children to let their clients have what they are owed, and waits for all of them. A
  /// child ends by itself when the grace is over; one that does not, since it was stopped, is
  /// killed.
  void finish() {
    using Clock = std::chrono::steady_clock;
    const auto patience_ends = Clock::now() + Shutdown::kGrace + std::chrono::seconds(1);
    kill_all(SIGTERM);
    while (reap(), !children_.empty()) {
      if (Clock::now() > patience_ends) kill_all(SIGKILL);
      pollfd exit{exits_.get(), POLLIN, 0};
      ::poll(&exit, 1, 100);  // milliseconds: not for ever, for the sake of patience
    }
  }

 private:
  void kill_all(int signal) {
    for (const pid_t child : children_) ::kill(child, signal);
  }

  UniqueFd exits_;
  std::unordered_set<pid_t> children_;
};

[[noreturn]] void serve_as_child(const UniqueFd& client, Listener& listener,
                                 const Options& options) {
  Shutdown::continue_in_child();
  listener.close();
  {
    const EndsOnShutdown ends_on_shutdown(client);
    serve_client(client, options);
  }
  // _exit(2), not exit: the buffers and exit handlers are copies of the parent's.
  ::_exit(EXIT_SUCCESS);
}

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
    const pid_t child = ::fork();
    if (child == 0) serve_as_child(client, listener, options);
    if (child < 0) {
      listener.turned_away(system_error("no process to serve it: fork").what());
      continue;
    }
    children.add(child);
    // Here the parent closes its copy of the client's socket. Were it kept, the connection would
    // stay open after the child had closed its own.
  }
  log::event("SHUTTING DOWN");
  listener.close();
  children.finish();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("fork-per-client", argc, argv, echolab::run);
}
