"""Where a client's connection is inside the server, and whether anybody watches it.

A task that sleeps in select(2) or poll(2) has handed the kernel the list of descriptors that it
waits for; the list stands in its memory (/proc/PID/mem), the call's arguments in /proc/PID/syscall.
What an epoll descriptor watches is in /proc/PID/fdinfo. All that is open to whoever may trace the
server (ptrace(2)); to others nothing is known, and None is returned.
"""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from echolab.check import process_state
from echolab.check.client import Client
from echolab.check.process_limits import descriptors_of
from echolab.check.specimen import Specimen

POLLFD = struct.Struct("ihh")  # struct pollfd: poll(2)
SELECT_CALLS = ("select", "pselect6")
POLL_CALLS = ("poll", "ppoll")
EPOLL_CALLS = ("epoll_wait", "epoll_pwait")


@dataclass(frozen=True)
class Place:
    """The end of a connection that the server has."""

    pid: int  # of the first process that has it open
    descriptor: int


@dataclass(frozen=True)
class Watch:
    """What one sleeping task waits for."""

    call: str  # "select", "poll", "epoll_wait" or a relative
    descriptors: frozenset[int]
    below: int | None = None  # of select: descriptors from this number on are not looked at


def place_of(specimen: Specimen, client: Client) -> Place | None:
    """Returns where the server has the connection; None where nobody has accepted it, or not now.

    The kernel gives a connection an inode only when it is accepted.
    """
    inode = process_state.inode_of(specimen.port, client.port)
    return inode and _holder(specimen.process.tree(), inode)


def watches_of(pid: int) -> list[Watch] | None:
    """Returns what the tasks of `pid` that sleep in a multiplexing call wait for."""
    watches = []
    for path in process_state.task_files(pid, "syscall"):
        try:
            fields = path.read_text().split()
            if len(fields) < 6 or not fields[0].isdigit():
                continue
            name = process_state.SYSTEM_CALLS.get(int(fields[0]), "")
            watch = _watch(pid, name, [int(field, 16) for field in fields[1:6]])
        except OSError:  # not for us to see, or ended meanwhile
            return None
        watches += [watch] if watch else []
    return watches


def is_watched(place: Place) -> bool | None:
    """Tells whether some task of that process waits for the descriptor; None if unknown."""
    watches = watches_of(place.pid)
    if not watches:
        return None
    return any(place.descriptor in watch.descriptors for watch in watches)


def limit_of_select(pid: int) -> int | None:
    """Returns the number of the first descriptor at which a sleeping select does not look."""
    limits = [watch.below for watch in watches_of(pid) or () if watch.below is not None]
    return max(limits, default=None)


def _watch(pid: int, call: str, arguments: list[int]) -> Watch | None:
    if call in SELECT_CALLS:
        below, readable, writable = arguments[:3]
        watched = _fd_set(pid, readable, below) | _fd_set(pid, writable, below)
        return Watch(call, frozenset(watched), below)
    if call in POLL_CALLS:
        entries = process_state.memory(pid, arguments[0], arguments[1] * POLLFD.size)
        return Watch(call, frozenset(fd for fd, wanted, _ in POLLFD.iter_unpack(entries) if wanted))
    if call in EPOLL_CALLS:
        return Watch(call, frozenset(_epoll_targets(pid, arguments[0])))
    return None


def _fd_set(pid: int, address: int, below: int) -> set[int]:
    if not address:
        return set()
    bits = process_state.memory(pid, address, (below + 63) // 64 * 8)
    return {fd for fd in range(below) if bits[fd // 8] >> fd % 8 & 1}  # little-endian


def _epoll_targets(pid: int, epoll: int) -> Iterable[int]:
    for line in _fdinfo(pid, epoll):
        if line.startswith("tfd:"):
            yield int(line.split()[1])


def _fdinfo(pid: int, descriptor: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().splitlines()
    except OSError:
        return []


def _holder(pids: Iterable[int], inode: str) -> Place | None:
    for pid in pids:
        for descriptor in descriptors_of(pid):
            try:
                if os.readlink(f"/proc/{pid}/fd/{descriptor}") == f"socket:[{inode}]":
                    return Place(pid, descriptor)
            except OSError:
                continue  # closed meanwhile
    return None
