"""How many connections, threads and processes this machine has room for."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

import psutil

from echolab import quantities
from echolab.environment import kernel_setting

SPARE_DESCRIPTORS = 64  # what a server or the load generator has open besides connections
SPARE_TASKS = 200
SHARE_OF_MEMORY = 0.7  # of what is available: the machine has to live on
CONTROL_GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Room:
    """What is left: bytes of memory, and threads and processes, with the name of their limit."""

    memory_bytes: float
    tasks: float
    tasks_limit: str

    def obstacle(self, memory_bytes: float, tasks: float) -> str | None:
        """Returns why so much cannot be taken, or None if it can."""
        if memory_bytes > self.memory_bytes:
            needed, left = quantities.size(memory_bytes), quantities.size(self.memory_bytes)
            return f"would take {needed} of memory, and {left} may be taken"
        if tasks > self.tasks:
            left = f"{self.tasks_limit} leaves {self.tasks:,.0f}"
            return f"would take {tasks:,.0f} threads and processes, and {left}"
        return None


def connections_possible(wanted: int) -> tuple[int, str | None]:
    """Returns how many of the connections that are `wanted` can be, and if fewer, why.

    The load generator holds all of them in one process, as most servers do.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or wanted + SPARE_DESCRIPTORS <= hard:
        return wanted, None
    most = hard - SPARE_DESCRIPTORS
    return most, (
        f"cut short at {most:,} connections: a process may have {hard:,} descriptors;"
        f" for more, as root: ulimit -Hn {wanted + SPARE_DESCRIPTORS}"
    )


def room() -> Room:
    """Returns what is left at this moment."""
    memory = psutil.virtual_memory().available * SHARE_OF_MEMORY
    tasks, limit = min(_task_limits())
    return Room(memory, tasks - SPARE_TASKS, limit)


def _task_limits() -> list[tuple[float, str]]:
    """Returns how many more threads and processes each limit allows, and the limit's name."""
    # The fourth field of /proc/loadavg: those that run, and all that there are.
    there_are = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    limits = [
        (int(kernel_setting(f"kernel/{name}")) - there_are, f"kernel.{name}")
        for name in ("threads-max", "pid_max")
    ]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and os.geteuid() != 0:  # root is not held to it
        limits.append((soft - there_are, "ulimit -u"))
    return limits + _control_group_limits()


def _control_group_limits() -> list[tuple[float, str]]:
    """Returns what pids.max leaves in this process's control group and in those above it."""
    limits = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "pids"):
            continue
        group = CONTROL_GROUPS / controllers / path.lstrip("/")
        for directory in (group, *group.parents):
            limits += _left_in(directory)
    return limits


def _left_in(group: Path) -> list[tuple[float, str]]:
    try:
        most = (group / "pids.max").read_text().strip()
        current = int((group / "pids.current").read_text())
    except (OSError, ValueError):
        return []
    return [] if most == "max" else [(int(most) - current, f"pids.max of {group}")]
