"""What the kernel tells about processes and sockets: small readers of /proc (proc(5)).

psutil serves the rest of the driver. Here it would disturb what is being measured, since it goes
through /proc anew for every question and the sampler asks many times a second; and it knows
neither the peak resident size nor the CPU clock in nanoseconds.

A process may end between any two calls. Readers then return None or leave it out: it is no error.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from echolab import tcp_sockets

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of a kernel with CONFIG_PROC_CHILDREN; others are asked for every process there is.
HAS_LISTS_OF_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
PR_SET_CHILD_SUBREAPER = 36  # prctl(2); the standard library has no name for it


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """One line of /proc/PID/stat, as far as it is used here."""

    pid: int
    parent: int
    state: str  # one letter: R running, S sleeping, Z zombie, ...
    threads: int
    own_cpu_seconds: float  # in steps of a clock tick, 10 ms on most machines
    waited_children_cpu_seconds: float  # of descendants that ended and were waited for


def read_stat(pid: int) -> ProcessStat | None:
    """Returns what /proc/PID/stat says, or None if there is no such process any more."""
    text = _read(f"/proc/{pid}/stat")
    if text is None:
        return None
    # The second field is the program's name in parentheses, and may itself hold spaces and
    # parentheses: what follows the last one is safe to split.
    fields = text.rpartition(b")")[2].split()
    user, system, children_user, children_system = map(int, fields[11:15])
    return ProcessStat(
        pid=pid,
        parent=int(fields[1]),
        state=fields[0].decode(),
        threads=int(fields[17]),
        own_cpu_seconds=(user + system) / TICKS_PER_SECOND,
        waited_children_cpu_seconds=(children_user + children_system) / TICKS_PER_SECOND,
    )


def _read(path: str) -> bytes | None:
    """Returns a file of /proc, None if it is gone or closed to this user.

    Straight system calls: this runs thousands of times a second, beside what it measures.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A read gives a page at most, and a list of children may be longer.
        return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))
    except ProcessLookupError:  # it ended after the open
        return None
    finally:
        os.close(descriptor)


def process_table() -> dict[int, ProcessStat]:
    """Returns every process of the machine by its id, zombies included."""
    stats = (read_stat(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {stat.pid: stat for stat in stats if stat}


def descendants(roots: Iterable[int]) -> list[int]:
    """Returns those of `roots` that exist and all that descends from them, parents first."""
    found = [pid for pid in roots if os.path.exists(f"/proc/{pid}")]
    known = set(found)
    for pid in found:  # grows while it is walked
        new = [child for child in children(pid) if child not in known]
        found += new
        known.update(new)
    return found


def children(pid: int) -> list[int]:
    """Returns the direct children of `pid`, zombies included."""
    if not HAS_LISTS_OF_CHILDREN:
        return [stat.pid for stat in process_table().values() if stat.parent == pid]
    lists = (_read(f"/proc/{pid}/task/{thread}/children") or b"" for thread in _threads(pid))
    return [int(child) for text in lists for child in text.split()]


def has_environment(pid: int, assignment: str) -> bool:
    """Tells whether `pid` was started with NAME=VALUE in its environment (zombies have none)."""
    environment = _read(f"/proc/{pid}/environ") or b""
    return assignment.encode() in environment.split(b"\0")


def cpu_seconds(pid: int) -> float | None:
    """Returns the CPU time of `pid`, its ended threads included, or None if it is gone.

    /proc/PID/stat counts in ticks of 10 ms. The CPU clock of a process, whose number
    clock_getcpuclockid(3) makes out of the process id, counts in nanoseconds.
    """
    process_cpu_clock = (~pid << 3) | 2
    try:
        return time.clock_gettime(process_cpu_clock)
    except OSError:
        return None


def read_status(pid: int) -> dict[str, str]:
    """Returns /proc/PID/status as a dictionary of text, empty if the process is gone."""
    lines = (_read(f"/proc/{pid}/status") or b"").decode(errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def kilobytes(value: str | None) -> int:
    """Turns '1234 kB', the way in which /proc writes sizes, into bytes; 0 where it is missing."""
    return int(value.split()[0]) * 1024 if value else 0


def ignores_sigchld(status: dict[str, str]) -> bool:
    """Tells from a process's status whether the kernel discards its ended children.

    Their CPU time is then added to nobody's account: wait(2), under "Linux notes".
    """
    return bool(int(status.get("SigIgn", "0"), 16) >> (signal.SIGCHLD - 1) & 1)


def pss_bytes(pid: int) -> int:
    """Returns the proportional set size: a page shared by n processes counts as 1/n of a page."""
    lines = (_read(f"/proc/{pid}/smaps_rollup") or b"").decode().splitlines()
    return sum(kilobytes(line.partition(":")[2]) for line in lines if line.startswith("Pss:"))


def descriptor_count(pid: int) -> int:
    """Returns how many descriptors `pid` has open; 0 if it is gone or another user's."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def thread_count(pid: int) -> int:
    """Returns how many threads `pid` has made; 0 if it is gone.

    The kernel adds threads of its own to a process that uses io_uring, and ends them when it likes.
    """
    names = (_read(f"/proc/{pid}/task/{thread}/comm") for thread in _threads(pid))
    return sum(bool(name) and not name.startswith(b"iou-wrk") for name in names)


def thread_switches(pid: int) -> dict[int, tuple[int, int]]:
    """Returns the voluntary and the involuntary context switches of each thread of `pid`."""
    statuses = {thread: read_status(thread) for thread in _threads(pid)}
    return {
        thread: (
            int(status.get("voluntary_ctxt_switches", 0)),
            int(status.get("nonvoluntary_ctxt_switches", 0)),
        )
        for thread, status in statuses.items()
    }


def context_switches(pid: int) -> int:
    """Returns the context switches, voluntary or not, of the threads that `pid` has now."""
    return sum(map(sum, thread_switches(pid).values()))


def _threads(pid: int) -> list[int]:
    try:
        return [int(thread) for thread in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def is_listening(port: int) -> bool:
    """Tells whether a socket listens on TCP `port`, without connecting to it.

    A probing connection would be the first client of the server: one that takes a single client,
    or counts them, would behave differently afterwards.
    """
    return any(found.port == port for found in tcp_sockets.listening())


def ephemeral_ports() -> tuple[int, int]:
    """Returns the first and last port that the kernel gives to a socket which names none."""
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(first), int(last)


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant whose own parent ends.

    So a server that turns itself into a daemon can still be found and ended: prctl(2).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl: {os.strerror(error)}")
