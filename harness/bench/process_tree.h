#pragma once

#include <sys/types.h>

#include <vector>

namespace echolab::bench {

/// The ids of a process and of all that descends from it, from /proc/PID/stat (proc(5)).
[[nodiscard]] std::vector<pid_t> process_tree(pid_t root);

/// The CPU time in seconds, user and system, that the living processes of a tree have used: each
/// one's CPU clock (clock_getcpuclockid(3)), which counts nanoseconds. What has ended is missing,
/// so take a difference only over a time in which none ends.
[[nodiscard]] double process_tree_cpu_seconds(pid_t root);

}  // namespace echolab::bench
