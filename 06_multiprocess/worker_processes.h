#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "06_multiprocess/child_processes.h"
#include "06_multiprocess/shared_array.h"
#include "common/log.h"
#include "common/shutdown.h"

namespace echolab {

/// The clients of one worker, counted in memory that all processes of the server share: for
/// --max-clients, for the table at the end, and for the moment when the worker dies.
class alignas(64) WorkerClients {  // a cache line each: the workers count side by side
 public:
  /// `connected` counts the clients of all workers together.
  explicit WorkerClients(std::atomic<std::size_t>& connected) : connected_(connected) {}

  /// Counts a client that the worker has accepted: true. False when as many as `max_clients` are
  /// connected, to all workers together: the client is to be turned away.
  [[nodiscard]] bool take(std::size_t max_clients);

  /// A client that was taken has gone.
  void release() { release(1); }

  /// The worker has died, and its clients with it. Returns how many there were.
  std::size_t release_all();

  /// How many were taken so far.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  void release(std::size_t count);

  std::atomic<std::size_t>& connected_;
  std::atomic<std::size_t> active_{0};
  std::atomic<std::uint64_t> taken_{0};
};

/// The processes of a server that forks them before its clients come: `--workers` of them, each
/// doing the same work. One that dies is replaced. They die with this process, if that is killed.
class WorkerProcesses {
 public:
  /// What worker `number`, from 0 on, does until the shutdown is requested. `shutdown` is its own:
  /// Shutdown::continue_in_worker(). If it throws, the worker ends, and the log says why.
  using Work = std::function<void(std::size_t number, Shutdown& shutdown, WorkerClients& clients)>;

  /// Throws std::system_error.
  WorkerProcesses(std::size_t count, Work work);
  ~WorkerProcesses() { finish(); }
  WorkerProcesses(const WorkerProcesses&) = delete;
  WorkerProcesses& operator=(const WorkerProcesses&) = delete;

  /// Forks the workers, and replaces those that die, until the shutdown is requested. A successor
  /// is forked no sooner than Listener::kRest after the one that it replaces: workers that die at
  /// once make no fork bomb. Throws std::runtime_error when not all can be forked at the start.
  void supervise(Shutdown& shutdown);

  /// Asks the workers to let their clients have what they are owed, and waits for all of them: see
  /// ChildProcesses::finish().
  void finish() { processes_.finish(); }

  /// Prints how many clients each worker had, "prefork: worker 1, process 4711: 12 clients", as
  /// Stevens does to show how fairly the kernel shares them out (UNP, 30.6). A worker that was
  /// replaced is counted together with its predecessors.
  void print_clients(std::string_view model) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Worker {
    pid_t process = 0;  // the last one, if it does not run
    bool runs = false;
    Clock::time_point forked_at{};

    [[nodiscard]] Clock::time_point replaceable_at() const;
  };

  void start_all(Shutdown& shutdown);
  void start(std::size_t number, Shutdown& shutdown);
  [[noreturn]] void work_as_child(std::size_t number, Shutdown& shutdown);
  void replace_dead(Shutdown& shutdown);
  [[nodiscard]] int milliseconds_to_replacement() const;
  void on_end(pid_t process, int status);
  void log_end(std::size_t number, int status);

  Work work_;
  std::vector<Worker> workers_;
  SharedArray<std::atomic<std::size_t>> connected_;
  SharedArray<WorkerClients> clients_;
  ChildProcesses processes_;
  log::RateLimit rate_limit_;
};

}  // namespace echolab
