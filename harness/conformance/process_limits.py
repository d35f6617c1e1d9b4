"""Taking things away from a running server, and giving them back (prlimit(2), getrlimit(2))."""

import contextlib
import itertools
import os
import resource
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ANOTHER_USER = "61862"  # RLIMIT_NPROC counts a user's processes; this one has no others


@contextlib.contextmanager
def soft_limit(pid: int, which: int, limit: int) -> Iterator[None]:
    """Lowers a soft limit of `pid`, and lifts it again."""
    soft, hard = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (limit, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, which, (soft, hard))


@contextlib.contextmanager
def soft_limits(pids: Iterable[int], which: int, limit: int) -> Iterator[None]:
    """The same for several processes."""
    with contextlib.ExitStack() as limits:
        for pid in pids:
            limits.enter_context(soft_limit(pid, which, limit))
        yield


@contextlib.contextmanager
def no_more_descriptors(pids: Iterable[int]) -> Iterator[None]:
    """Lets none of `pids` open a further descriptor."""
    with contextlib.ExitStack() as limits:
        for pid in pids:
            limit = descriptor_limit_that_leaves(pid, 0)
            limits.enter_context(soft_limit(pid, resource.RLIMIT_NOFILE, limit))
        yield


def lower_hard_limit(pid: int, which: int, limit: int) -> None:
    """Lowers both limits of `pid`, for good."""
    resource.prlimit(pid, which, (limit, limit))


def descriptor_limit_that_leaves(pid: int, free: int) -> int:
    """Returns the RLIMIT_NOFILE under which `pid` can open `free` more descriptors.

    The limit is one above the highest number allowed, and unused numbers below count as free.
    """
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    unused = (number for number in itertools.count() if number not in used)
    return next(itertools.islice(unused, free, None))


@contextlib.contextmanager
def no_more_processes(pid: int) -> Iterator[None]:
    """Lets every fork and every new thread of `pid`, a limited user's, fail with EAGAIN.

    Who may change a limit is the owner of the process: root may lack CAP_SYS_RESOURCE.
    """
    prlimit = [*as_limited_user(), "prlimit", f"--pid={pid}"]
    limits = resource.getrlimit(resource.RLIMIT_NPROC)
    subprocess.run([*prlimit, f"--nproc=1:{limits[1]}"], check=True)
    try:
        yield
    finally:
        subprocess.run([*prlimit, f"--nproc={limits[0]}:{limits[1]}"], check=True)


def as_limited_user() -> list[str]:
    """Returns the command that runs another as a user whom RLIMIT_NPROC binds: not root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", ANOTHER_USER, "--regid", ANOTHER_USER, "--clear-groups", "--"]


def is_within_reach(directory: Path) -> bool:
    """Tells whether every user may run programs in `directory`: all above it must let pass."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (directory, *directory.parents))
