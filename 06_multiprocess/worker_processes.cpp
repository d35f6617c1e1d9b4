#include "06_multiprocess/worker_processes.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "common/client_record.h"
#include "common/listener.h"
#include "common/system_error.h"

namespace echolab {
namespace {

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

bool WorkerClients::take(std::size_t max_clients) {
  if (connected_.fetch_add(1) >= max_clients) {
    --connected_;
    return false;
  }
  ++active_;
  ++taken_;
  return true;
}

void WorkerClients::release(std::size_t count) {
  active_ -= count;
  connected_ -= count;
}

std::size_t WorkerClients::release_all() {
  const std::size_t count = active_;
  release(count);
  return count;
}

WorkerProcesses::Clock::time_point WorkerProcesses::Worker::replaceable_at() const {
  return forked_at + Listener::kRest;
}

WorkerProcesses::WorkerProcesses(std::size_t count, Work work)
    : work_(std::move(work)),
      workers_(count),
      connected_(1),
      clients_(count, connected_[0]),
      processes_([this](pid_t process, int status) { on_end(process, status); }) {}

void WorkerProcesses::supervise(Shutdown& shutdown) {
  start_all(shutdown);
  while (!shutdown.requested()) {
    replace_dead(shutdown);
    std::array<pollfd, 2> watched{{{shutdown.fd(), POLLIN, 0}, {processes_.exits(), POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), milliseconds_to_replacement());
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    processes_.reap();
  }
}

void WorkerProcesses::print_clients(std::string_view model) const {
  for (std::size_t number = 0; number < workers_.size(); ++number) {
    const std::uint64_t clients = clients_[number].taken();
    fmt::print("{}: worker {}, process {}: {} client{}\n", model, number + 1,
               workers_[number].process, clients, clients == 1 ? "" : "s");
  }
}

void WorkerProcesses::start_all(Shutdown& shutdown) {
  for (std::size_t number = 0; number < workers_.size(); ++number) {
    try {
      start(number, shutdown);
    } catch (const std::system_error& error) {
      throw std::runtime_error(
          fmt::format("no process for worker {} of {} (try fewer --workers): {}", number + 1,
                      workers_.size(), error.what()));
    }
  }
}

void WorkerProcesses::start(std::size_t number, Shutdown& shutdown) {
  Worker& worker = workers_[number];
  worker.forked_at = Clock::now();
  // fork(2): the child is a copy of this process, all of its descriptors included.
  const pid_t process = ::fork();
  if (process == 0) work_as_child(number, shutdown);
  if (process < 0) throw system_error("fork");
  processes_.add(process);
  worker.process = process;
  worker.runs = true;
}

void WorkerProcesses::work_as_child(std::size_t number, Shutdown& shutdown) {
  try {
    shutdown.continue_in_worker();
    work_(number, shutdown, clients_[number]);
  } catch (const std::exception& error) {
    log::event("ERROR", "worker {}, process {}: {}", number + 1, ::getpid(), error.what());
    ::_exit(EXIT_FAILURE);
  }
  // _exit(2), not exit: the buffers and exit handlers are copies of the parent's.
  ::_exit(EXIT_SUCCESS);
}

void WorkerProcesses::replace_dead(Shutdown& shutdown) {
  for (std::size_t number = 0; number < workers_.size(); ++number) {
    if (workers_[number].runs || Clock::now() < workers_[number].replaceable_at()) continue;
    try {
      start(number, shutdown);
    } catch (const std::system_error& error) {
      if (!rate_limit_.lets_pass()) continue;
      log::event("ERROR", "no process for worker {}: {}", number + 1, error.what());
    }
  }
}

/// How long poll(2) may wait: -1, for ever, while every worker runs.
int WorkerProcesses::milliseconds_to_replacement() const {
  int milliseconds = -1;
  for (const Worker& worker : workers_) {
    if (worker.runs) continue;
    const auto rest =
        std::chrono::ceil<std::chrono::milliseconds>(worker.replaceable_at() - Clock::now());
    const int wait = std::max(0, static_cast<int>(rest.count()));
    milliseconds = milliseconds < 0 ? wait : std::min(milliseconds, wait);
  }
  return milliseconds;
}

void WorkerProcesses::on_end(pid_t process, int status) {
  const auto worker = std::find_if(workers_.begin(), workers_.end(), [&](const Worker& candidate) {
    return candidate.runs && candidate.process == process;
  });
  if (worker == workers_.end()) return;  // a child of whoever used this process before exec(3)
  worker->runs = false;
  const auto number = static_cast<std::size_t>(worker - workers_.begin());
  for (std::size_t lost = clients_[number].release_all(); lost > 0; --lost) ClientRecord::lost();
  log_end(number, status);
}

/// A worker that ends because it was asked to is no event. One that dies at once, and the next, and
/// the next, is told of once a second.
void WorkerProcesses::log_end(std::size_t number, int status) {
  if (status == 0 && Shutdown::requested()) return;
  const bool died_at_once = Clock::now() < workers_[number].replaceable_at();
  if (died_at_once && !rate_limit_.lets_pass()) return;
  log::event("ERROR", "worker {}, process {}, {}", number + 1, workers_[number].process,
             describe(status));
}

}  // namespace echolab
