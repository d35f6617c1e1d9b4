"""What the kernel tells about a server under test, beyond echolab.proc (proc(5))."""

import ctypes
import itertools
import os
import platform
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab import proc, tcp_sockets

ANY_ADDRESSES = {"00000000", "0" * 32}
DATAGRAM_TABLES = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
UDP_CONNECTED = "01"  # state column of /proc/net/udp
# Numbers of system calls, as /proc/PID/syscall gives them, on x86_64 and aarch64: syscalls(2).
SYSTEM_CALLS = {
    "x86_64": {
        0: "read", 7: "poll", 23: "select", 35: "nanosleep", 43: "accept", 45: "recvfrom",
        47: "recvmsg", 1: "write", 44: "sendto", 46: "sendmsg", 61: "wait4", 202: "futex",
        230: "clock_nanosleep", 232: "epoll_wait", 270: "pselect6", 271: "ppoll",
        281: "epoll_pwait", 288: "accept4", 34: "pause", 130: "rt_sigsuspend", 247: "waitid",
        426: "io_uring_enter", 219: "restart_syscall",
    },
    "aarch64": {
        63: "read", 64: "write", 72: "pselect6", 73: "ppoll", 101: "nanosleep",
        115: "clock_nanosleep",
        202: "accept", 242: "accept4", 206: "sendto", 207: "recvfrom", 211: "sendmsg",
        212: "recvmsg", 22: "epoll_pwait", 98: "futex", 260: "wait4", 95: "waitid",
        133: "rt_sigsuspend", 426: "io_uring_enter", 128: "restart_syscall",
    },
}.get(platform.machine(), {})  # fmt: skip
TIMED_SLEEPS = ("nanosleep", "clock_nanosleep")
# Of calls that wait for an event, or until a time is over: which argument says how long. It is a
# number of milliseconds, or the address of two long integers: seconds, and a fraction.
MILLISECONDS_ARGUMENT = {"poll": 2, "epoll_wait": 3, "epoll_pwait": 3}
TIME_ARGUMENT = {"select": 4, "pselect6": 4, "ppoll": 2, "futex": 3}
FUTEX_OPERATION = 0x7F  # futex(2): the other bits are flags
FUTEX_WAIT = 0  # its time is a span; that of others is a moment
FUTEX_CLOCK_REALTIME = 256
FRACTIONS = {"select": 1e6}  # of a second: struct timeval; elsewhere struct timespec
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
        threads=proc.thread_count(pid),
        children=len(proc.children(pid)),
    )


def task_files(pid: int, name: str) -> list[Path]:
    """Returns a file of /proc for each thread of `pid`; none if the process has ended meanwhile."""
    try:
        return [Path(f"/proc/{pid}/task/{task}/{name}") for task in os.listdir(f"/proc/{pid}/task")]
    except (FileNotFoundError, ProcessLookupError):
        return []


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
        for stat in task_files(pid, "stat"):
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
        for path in task_files(pid, "syscall"):
            number = _text(path).partition(" ")[0]
            is_number = number.lstrip("-").isdigit()
            calls.append(SYSTEM_CALLS.get(int(number), number) if is_number else "")
    return calls


def time_limits(pids: Iterable[int]) -> list[float]:
    """Returns for how many seconds each thread of `pids` that waits for events has set out to wait.

    Those that wait as long as it takes, or that nobody may look into, are left out.
    """
    limits = []
    for pid in pids:
        for path in task_files(pid, "syscall"):
            number, *arguments = _text(path).split()[:7] or [""]
            name = SYSTEM_CALLS.get(int(number), "") if number.isdigit() else ""
            if len(arguments) == 6:
                limits.append(_time_limit(pid, name, [int(argument, 16) for argument in arguments]))
    return [limit for limit in limits if limit is not None]


def _time_limit(pid: int, call: str, arguments: list[int]) -> float | None:
    if call in MILLISECONDS_ARGUMENT:
        milliseconds = ctypes.c_int(arguments[MILLISECONDS_ARGUMENT[call]]).value
        return milliseconds / 1000 if milliseconds >= 0 else None
    if not (address := call in TIME_ARGUMENT and arguments[TIME_ARGUMENT[call]]):
        return None
    try:
        whole, fraction = struct.unpack("ll", memory(pid, address, struct.calcsize("ll")))
    except (OSError, struct.error):
        return None
    seconds = whole + fraction / FRACTIONS.get(call, 1e9)
    if call != "futex" or arguments[1] & FUTEX_OPERATION == FUTEX_WAIT:
        return seconds
    is_of_day = arguments[1] & FUTEX_CLOCK_REALTIME
    return seconds - (time.time() if is_of_day else time.monotonic())


def memory(pid: int, address: int, size: int) -> bytes:
    """Returns what stands in the memory of `pid`; raises OSError where nobody may look."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)


def tasks_in(pids: Iterable[int], calls: Iterable[str]) -> set[int]:
    """Returns the numbers of the threads of `pids` that sit in one of those calls."""
    paths = [path for pid in pids for path in task_files(pid, "syscall")]
    named = {path: _text(path).partition(" ")[0] for path in paths}
    numbers = {str(number) for number, name in SYSTEM_CALLS.items() if name in calls}
    return {int(path.parent.name) for path in paths if named[path] in numbers}


def waiting_receives(pids: Iterable[int]) -> list[tuple[int, int]]:
    """Returns size and flags (0 for read) of each receiving call in which a thread of `pids` sits.

    The arguments of a call stand, in hexadecimal, behind its number: proc(5), /proc/PID/syscall.
    """
    found = []
    for pid in pids:
        for path in task_files(pid, "syscall"):
            number, *arguments = _text(path).split()[:5] or [""]
            name = SYSTEM_CALLS.get(int(number)) if number.isdigit() else None
            if name in ("read", "recvfrom") and len(arguments) == 4:
                flags = int(arguments[3], 16) if name == "recvfrom" else 0
                found.append((int(arguments[2], 16), flags))
    return found


def voluntary_switches(pids: Iterable[int]) -> dict[int, int]:
    """Returns how often each thread of `pids`, by its number, has gone to sleep by itself."""
    switches = (switched for pid in pids for switched in proc.thread_switches(pid).items())
    return {thread: voluntary for thread, (voluntary, _) in switches}


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


def processor_wait_seconds(pids: Iterable[int]) -> float:
    """Returns for how long the threads of `pids` were ready to run, and others ran instead."""
    waited = 0
    for pid in pids:
        for path in task_files(pid, "schedstat"):
            waited += int((_text(path).split() or (0, 0))[1])
    return waited / 1e9


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


def has_mapped(pid: int, library: Path) -> bool:
    """Tells whether a shared library is loaded into `pid`."""
    return str(library) in Path(f"/proc/{pid}/maps").read_text()


def state_of(server_port: int, client_port: int) -> int | None:
    """Returns the state of the server's end of a connection, as tcp_sockets names it, or None."""
    end = tcp_sockets.connection(server_port, client_port)
    return end and end.state


def is_time_wait(server_port: int, client_port: int) -> bool:
    """Tells whether a closed connection lingers at the server's end, in TIME_WAIT (tcp(7))."""
    return state_of(server_port, client_port) == tcp_sockets.TIME_WAIT


def listening_addresses(port: int) -> set[str]:
    """Returns the local addresses of the sockets that listen on `port`, as the kernel's hex."""
    return {found.address for found in tcp_sockets.listening() if found.port == port}


def backlog_length(port: int) -> int:
    """Returns how many connections to `port` the kernel has completed and nobody has accepted."""
    return sum(found.waiting for found in tcp_sockets.listening() if found.port == port)


def listening_ports(pids: Iterable[int]) -> dict[int, str]:
    """Returns the ports on which the processes `pids` listen, each with its address in hex."""
    inodes = set().union(*map(socket_inodes, pids))
    return {
        found.port: found.address for found in tcp_sockets.listening() if found.inode in inodes
    }


@dataclass(frozen=True)
class DatagramSocket:
    """A socket of UDP, as the kernel describes it in /proc/net/udp."""

    port: int
    address: str  # its own, in hex
    inode: str
    is_connected: bool  # it takes datagrams from one address only: connect(2)
    waiting_bytes: int  # that nobody has received, with the kernel's own overhead
    dropped: int  # datagrams for which there was no room


def datagram_sockets(port: int | None = None) -> list[DatagramSocket]:
    """Returns the sockets of UDP on local `port`, or all on this machine."""
    rows = itertools.chain.from_iterable(map(_socket_rows, DATAGRAM_TABLES))
    return [
        DatagramSocket(
            port=_port(row[1]),
            address=row[1].partition(":")[0],
            inode=row[9],
            is_connected=row[3] == UDP_CONNECTED,
            waiting_bytes=int(row[4].partition(":")[2], 16),
            dropped=int(row[12]),
        )
        for row in rows
        if port in (None, _port(row[1]))
    ]


def datagram_ports(pids: Iterable[int]) -> dict[int, str]:
    """Returns the UDP ports of the processes `pids`, each with its address in hex."""
    inodes = set().union(*map(socket_inodes, pids))
    return {found.port: found.address for found in datagram_sockets() if found.inode in inodes}


def inode_of(server_port: int, client_port: int) -> str | None:
    """Returns the inode of the server's end of a connection; None while nobody has accepted it."""
    end = tcp_sockets.connection(server_port, client_port)
    return end.inode if end and end.inode != "0" else None


def is_non_blocking(pid: int, descriptor: int) -> bool:
    """Tells whether O_NONBLOCK is set on a descriptor of `pid`."""
    return bool(_flags_of(pid, descriptor) & os.O_NONBLOCK)


def is_closed_on_exec(pid: int, descriptor: int) -> bool:
    """Tells whether a program that `pid` becomes, or starts, does not inherit a descriptor."""
    return bool(_flags_of(pid, descriptor) & os.O_CLOEXEC)


def _flags_of(pid: int, descriptor: int) -> int:
    """Returns the flags of an open descriptor: proc(5), /proc/PID/fdinfo."""
    lines = _text(Path(f"/proc/{pid}/fdinfo/{descriptor}")).splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("flags:")), "0"), 8)


def socket_descriptors(pid: int) -> dict[int, str]:
    """Returns the descriptors of `pid` that are sockets, with their inodes."""
    found = {}
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            found[int(name)] = target[len("socket:[") : -1]
    return found


def socket_inodes(pid: int) -> set[str]:
    """Returns the inodes of the sockets that `pid` has open; empty if it has ended."""
    return set(socket_descriptors(pid).values())


def _socket_rows(table: Path) -> Iterator[list[str]]:
    if table.exists():  # a kernel may be without IPv6
        with table.open() as lines:
            next(lines)  # the column titles
            yield from map(str.split, lines)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
