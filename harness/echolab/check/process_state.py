"""What the kernel tells about a server under test, beyond echolab.proc (proc(5))."""

import itertools
import os
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab import proc

TCP_TIME_WAIT = "06"  # state column of /proc/net/tcp
ANY_ADDRESSES = {"00000000", "0" * 32}
SOCKET_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
# Numbers of system calls, as /proc/PID/syscall gives them, on x86_64 and aarch64: syscalls(2).
SYSTEM_CALLS = {
    "x86_64": {
        0: "read", 7: "poll", 23: "select", 35: "nanosleep", 43: "accept", 45: "recvfrom",
        47: "recvmsg", 1: "write", 44: "sendto", 46: "sendmsg", 61: "wait4", 202: "futex",
        230: "clock_nanosleep", 232: "epoll_wait", 270: "pselect6", 271: "ppoll",
        281: "epoll_pwait", 288: "accept4", 34: "pause", 130: "rt_sigsuspend", 247: "waitid",
        426: "io_uring_enter",
    },
    "aarch64": {
        63: "read", 64: "write", 72: "pselect6", 73: "ppoll", 101: "nanosleep", 115: "clock_nanosleep",
        202: "accept", 242: "accept4", 206: "sendto", 207: "recvfrom", 211: "sendmsg",
        212: "recvmsg", 22: "epoll_pwait", 98: "futex", 260: "wait4", 95: "waitid",
        133: "rt_sigsuspend", 426: "io_uring_enter",
    },
}.get(platform.machine(), {})  # fmt: skip
TIMED_SLEEPS = ("nanosleep", "clock_nanosleep")
HELD_SAMPLES = 4
HELD_INTERVAL_SECONDS = 0.01


@dataclass(frozen=True)
class Footprint:
    """What a server holds on to. After the last client has left it is what it was at the start."""

    descriptors: int
    threads: int
    children: int  # zombies included


def footprint(pid: int) -> Footprint:
    """Returns what the process `pid` holds now."""
    return Footprint(
        descriptors=proc.descriptor_count(pid),
        threads=_thread_count(pid),
        children=len(proc.children(pid)),
    )


def _thread_count(pid: int) -> int:
    """Returns how many threads the process has made.

    The kernel adds threads of its own to a process that uses io_uring, and ends them when it likes.
    """
    try:
        names = [_text(path) for path in Path(f"/proc/{pid}/task").glob("*/comm")]
    except (FileNotFoundError, ProcessLookupError):
        return 0  # the process has ended meanwhile
    return sum(name != "" and not name.startswith("iou-wrk") for name in names)


def _text(path: Path) -> str:
    """Returns what a file of /proc says; "" if what it tells of has ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


def task_states(pids: Iterable[int]) -> list[str]:
    """Returns the state letter of every thread of the processes `pids`: S asleep, T stopped..."""
    states = []
    for pid in pids:
        for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
            try:
                states.append(stat.read_text().rpartition(")")[2].split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass  # the thread has ended meanwhile
    return states


def system_calls(pids: Iterable[int]) -> list[str]:
    """Returns the name of the call in which each thread of `pids` sits, "" if it is in none.

    Unknown calls are given by their number. Nothing is known of other users' processes.
    """
    calls = []
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/syscall"):
            number = _text(path).partition(" ")[0]
            is_number = number.lstrip("-").isdigit()
            calls.append(SYSTEM_CALLS.get(int(number), number) if is_number else "")
    return calls


def zombies(pids: Iterable[int]) -> list[int]:
    """Returns those of `pids` that have ended and that nobody has waited for."""
    stats = (proc.read_stat(pid) for pid in pids)
    return [stat.pid for stat in stats if stat and stat.state == "Z"]


def resident_bytes(pids: Iterable[int]) -> int:
    """Returns the physical memory that the processes `pids` use, shared pages counted singly."""
    return sum(proc.pss_bytes(pid) for pid in pids)


def address_space_bytes(pid: int) -> int:
    """Returns the size of the address space of `pid` (VmSize)."""
    return proc.kilobytes(proc.read_status(pid).get("VmSize"))


def cpu_seconds(pids: Iterable[int]) -> float:
    """Returns the CPU time that the processes `pids` have used."""
    return sum(proc.cpu_seconds(pid) or 0.0 for pid in pids)


def has_pending(pid: int) -> bool:
    """Tells whether signals to `pid` wait to be taken (ShdPnd in /proc/PID/status)."""
    return int(proc.read_status(pid).get("ShdPnd", "0"), 16) != 0


def is_held(pid: int) -> bool:
    """Tells whether a tracer holds `pid` for longer than a look takes: a delay is injected."""
    for _ in range(HELD_SAMPLES):
        if "t" not in task_states([pid]):
            return False
        time.sleep(HELD_INTERVAL_SECONDS)
    return True


def is_traced(pid: int) -> bool:
    """Tells whether strace, or another tracer, is attached to `pid`."""
    return proc.read_status(pid).get("TracerPid", "0") != "0"


def has_mapped(pid: int, library: Path) -> bool:
    """Tells whether a shared library is loaded into `pid`."""
    return str(library) in Path(f"/proc/{pid}/maps").read_text()


def is_time_wait(port: int) -> bool:
    """Tells whether a closed connection of local TCP `port` lingers in TIME_WAIT (tcp(7))."""
    rows = itertools.chain.from_iterable(map(_socket_rows, SOCKET_TABLES))
    return any(row[3] == TCP_TIME_WAIT and _port(row[1]) == port for row in rows)


def listening_addresses(port: int) -> set[str]:
    """Returns the local addresses of the sockets that listen on `port`, as the kernel's hex."""
    # Listening sockets come first. Behind them may be 28,000 in TIME_WAIT.
    tables = (
        itertools.takewhile(lambda row: row[3] == proc.TCP_LISTEN, _socket_rows(table))
        for table in SOCKET_TABLES
    )
    rows = itertools.chain.from_iterable(tables)
    return {row[1].partition(":")[0] for row in rows if _port(row[1]) == port}


def backlog_length(port: int) -> int:
    """Returns how many connections to `port` the kernel has completed and nobody has accepted.

    That is what stands in the receive-queue column of a listening socket: proc_net_tcp(5).
    """
    rows = itertools.chain.from_iterable(map(_socket_rows, SOCKET_TABLES))
    return sum(
        int(row[4].partition(":")[2], 16)
        for row in rows
        if row[3] == proc.TCP_LISTEN and _port(row[1]) == port
    )


def listening_ports(pids: Iterable[int]) -> dict[int, str]:
    """Returns the ports on which the processes `pids` listen, each with its address in hex."""
    inodes = set().union(*map(socket_inodes, pids))
    rows = itertools.chain.from_iterable(map(_socket_rows, SOCKET_TABLES))
    return {
        _port(row[1]): row[1].partition(":")[0]
        for row in rows
        if row[3] == proc.TCP_LISTEN and row[9] in inodes
    }


def socket_inodes(pid: int) -> set[str]:
    """Returns the inodes of the sockets that `pid` has open; empty if it has ended."""
    inodes = set()
    try:
        entries = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return inodes
    for entry in entries:
        try:
            target = os.readlink(entry.path)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[len("socket:[") : -1])
    return inodes


def _socket_rows(table: Path) -> Iterator[list[str]]:
    if table.exists():  # a kernel may be without IPv6
        with table.open() as lines:
            next(lines)  # the column titles
            yield from map(str.split, lines)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
