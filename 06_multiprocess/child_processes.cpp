#include "06_multiprocess/child_processes.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "common/client_record.h"
#include "common/log.h"
#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {

void count_out_client(pid_t child, int status) {
  if (!WIFSIGNALED(status)) return;
  ClientRecord::lost();
  log::event("ERROR", "process {} was killed by signal {}", child, WTERMSIG(status));
}

ChildProcesses::ChildProcesses(OnEnd on_end) : on_end_(std::move(on_end)) {
  // signalfd(2): SIGCHLD makes a descriptor readable instead of interrupting whatever runs.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  exits_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!exits_) throw system_error("signalfd");
}

void ChildProcesses::reap() {
  signalfd_siginfo signal;
  bool any_has_ended = false;
  while (::read(exits_.get(), &signal, sizeof signal) > 0) any_has_ended = true;
  if (!any_has_ended) return;  // to answer waitpid, the kernel looks at every child
  // waitpid(2), in a loop: one SIGCHLD may stand for many children.
  int status = 0;
  for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    children_.erase(child);
    on_end_(child, status);
  }
}

void ChildProcesses::finish() {
  using Clock = std::chrono::steady_clock;
  const auto patience_ends = Clock::now() + Shutdown::kGrace + std::chrono::seconds(1);
  kill_all(SIGTERM);
  while (reap(), !children_.empty()) {
    if (Clock::now() > patience_ends) kill_all(SIGKILL);
    pollfd exit{exits_.get(), POLLIN, 0};
    ::poll(&exit, 1, 100);  // milliseconds: not for ever, for the sake of patience
  }
}

void ChildProcesses::kill_all(int signal) {
  for (const pid_t child : children_) ::kill(child, signal);
}

}  // namespace echolab
