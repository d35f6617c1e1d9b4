"""A control group (cgroups(7)) for all processes of a sandbox, where this process may make one.

It limits their memory and their number, and lets all of them together have no more of a busy
processor than a few others have: a fork bomb slows down who checks it, and hardly anybody else.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.grading.limits import Limits
from echolab.waiting import wait_until

MOUNTED = Path("/sys/fs/cgroup")
SPARE_PROCESSES = 256  # for who checks
GONE_SECONDS = 5.0
NEW_SECONDS = 60.0  # a group is still empty while its sandbox is being prepared
CONTROLLERS = {"memory", "pids", "cpu", ""}  # in version 2 they have one hierarchy, without a name
# Of a busy processor, four times as much as a process that is in no group of its own.
WEIGHTS = {"cpu.weight": 400, "cpu.shares": 4096}  # of version 2, and of version 1
MEMORY_FILES = {"memory.max", "memory.limit_in_bytes"}  # of version 2, and of version 1


@dataclass(frozen=True)
class ControlGroup:
    """What limits a sandbox as a whole; without directories nothing does."""

    directories: tuple[Path, ...] = ()
    is_memory_limited: bool = False

    def take(self, pid: int) -> None:
        """Puts a process and its descendants into the group."""
        for member in proc.descendants([pid]):
            for directory in self.directories:
                (directory / "cgroup.procs").write_text(str(member))


@contextlib.contextmanager
def control_group(name: str, limits: Limits) -> Iterator[ControlGroup]:
    """Makes the group, as far as that is allowed, and removes it when its processes are gone."""
    settings = {"pids.max": 4 * limits.processes + SPARE_PROCESSES}
    settings |= WEIGHTS | {file: limits.memory_bytes for file in MEMORY_FILES}
    made, limited = [], set()
    try:
        for parent in _mine():
            _remove_abandoned(parent)
            with contextlib.suppress(OSError):
                (parent / name).mkdir()
                made.append(parent / name)
                limited |= _set(parent / name, settings)
        yield ControlGroup(tuple(made), bool(limited & MEMORY_FILES))
    finally:
        for directory in made:
            wait_until(lambda: _is_removed(directory), GONE_SECONDS)


def _mine() -> Iterator[Path]:
    """Returns this process's own groups, of those that matter here."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if CONTROLLERS.intersection(controllers.split(",")):
            group = MOUNTED / controllers / path.lstrip("/")
            if os.access(group / "cgroup.procs", os.W_OK):  # else nothing is mounted there
                yield group


def _remove_abandoned(parent: Path) -> None:
    """Removes the groups that graders have left which were killed: nobody else will."""
    for group in parent.glob("echolab-*"):
        with contextlib.suppress(OSError):  # processes are in it, or another grader was quicker
            if time.time() - group.stat().st_mtime > NEW_SECONDS:
                group.rmdir()


def _set(directory: Path, settings: dict[str, int]) -> set[str]:
    """Writes the settings that the group has; returns their names."""
    present = {name for name in settings if (directory / name).exists()}
    for name in present:
        (directory / name).write_text(str(settings[name]))
    return present


def _is_removed(directory: Path) -> bool:
    with contextlib.suppress(OSError):
        directory.rmdir()
    return not directory.exists()
