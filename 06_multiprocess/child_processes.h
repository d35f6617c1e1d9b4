#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <unordered_set>

#include "common/unique_fd.h"

namespace echolab {

/// The child that served one client has ended, with `status` as waitpid(2) tells it. If it was
/// killed, its client is counted out, and a log line says so.
void count_out_client(pid_t child, int status);

/// The processes that a server has forked: each is waited for, and none is left running.
class ChildProcesses {
 public:
  /// What becomes of a child that has ended, with its status as waitpid(2) tells it.
  using OnEnd = std::function<void(pid_t child, int status)>;

  /// One object a process, since it waits for every child there is. Throws std::system_error.
  explicit ChildProcesses(OnEnd on_end = count_out_client);

  /// Readable when a child has ended.
  [[nodiscard]] int exits() const { return exits_.get(); }

  [[nodiscard]] std::size_t count() const { return children_.size(); }

  /// A child that fork(2) has just made.
  void add(pid_t child) { children_.insert(child); }

  /// Waits for the children that have ended: until then they are zombies. Does not block.
  void reap();

  /// Asks the children to let their clients have what they are owed, and waits for all of them. A
  /// child ends by itself when the grace is over; one that does not, since it was stopped, is
  /// killed.
  void finish();

 private:
  void kill_all(int signal);

  OnEnd on_end_;
  UniqueFd exits_;
  std::unordered_set<pid_t> children_;
};

}  // namespace echolab
