"""Taking descriptors and memory away from a running server, and giving them back (prlimit(2))."""

import contextlib
import itertools
import os
import resource
import sys
from collections.abc import Iterable, Iterator

from echolab.check import process_state
from echolab.check.outcomes import Skipped

# Becomes the program that its arguments name; the first says which descriptor is the last in use.
HOARD = """
import os, sys
while (null := os.open(os.devnull, os.O_RDONLY)) < int(sys.argv[1]):
    os.set_inheritable(null, True)
os.set_inheritable(null, True)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@contextlib.contextmanager
def few_descriptors(pids: Iterable[int], free: int) -> Iterator[None]:
    """Lets each of `pids` open no more than `free` further descriptors; lifts that again."""
    with contextlib.ExitStack() as limits:
        for pid in pids:
            limits.enter_context(_soft_limit(pid, _limit_that_leaves(pid, free)))
        yield


@contextlib.contextmanager
def little_memory(pids: Iterable[int], spare: int) -> Iterator[None]:
    """Lets the address space of each of `pids` grow by `spare` bytes only; lifts that again."""
    with contextlib.ExitStack() as limits:
        for pid in pids:
            most = process_state.address_space_bytes(pid) + spare
            limits.enter_context(_soft_limit(pid, most, resource.RLIMIT_AS))
        yield


@contextlib.contextmanager
def _soft_limit(pid: int, limit: int, kind: int = resource.RLIMIT_NOFILE) -> Iterator[None]:
    soft, hard = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (limit, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (soft, hard))


def _limit_that_leaves(pid: int, free: int) -> int:
    """Returns the limit that is one above the last of the `free` numbers that are not in use."""
    used = set(descriptors_of(pid))
    unused = (number for number in itertools.count() if number not in used)
    return next(itertools.islice(unused, free, None))


def descriptors_of(pid: int) -> list[int]:
    """Returns the numbers of the descriptors that `pid` has open; none if it has ended."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def hoarding(last: int, limit: int) -> list[str]:
    """Returns the command that starts another one with all descriptors up to `last` in use.

    Its limit is `limit`. Raises Skipped where that is not allowed.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < limit:
        raise Skipped(f"no process may have {limit} descriptors here (ulimit -Hn)")
    return ["prlimit", f"--nofile={limit}:{limit}", sys.executable, "-c", HOARD, str(last)]
