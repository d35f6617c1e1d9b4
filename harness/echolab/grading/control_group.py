"""A control group (cgroups(7)) for all processes of a sandbox, where this process may make one."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.grading.limits import Limits
from echolab.waiting import wait_until

MOUNTED = Path("/sys/fs/cgroup")
SPARE_PROCESSES = 256  # for who checks
GONE_SECONDS = 5.0
VERSION_2 = ""  # the name of the controller in /proc/self/cgroup
MEMORY_FILE = {VERSION_2: "memory.max", "memory": "memory.limit_in_bytes"}


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
    """Makes the group, as far as that is allowed here, and removes it when its processes are gone."""
    made = []
    is_memory_limited = False
    processes = 4 * limits.processes + SPARE_PROCESSES
    try:
        for controller, parent in _mine():
            settings = {"pids.max": processes, MEMORY_FILE.get(controller, ""): limits.memory_bytes}
            directory = parent / name
            with contextlib.suppress(OSError):
                directory.mkdir()
                made.append(directory)
                limited = _set(directory, settings)
                is_memory_limited |= MEMORY_FILE.get(controller) in limited
        yield ControlGroup(tuple(made), is_memory_limited)
    finally:
        for directory in made:
            wait_until(lambda: _is_removed(directory), GONE_SECONDS)


def _mine() -> Iterable[tuple[str, Path]]:
    """Returns where groups that limit memory or processes are made below this process's own."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in (VERSION_2, "memory", "pids"):
            group = MOUNTED / controllers / path.lstrip("/")
            if os.access(group / "cgroup.procs", os.W_OK):  # else nothing is mounted there
                yield controllers, group


def _set(directory: Path, settings: dict[str, int]) -> set[str]:
    """Writes the settings that the group has; returns their names."""
    present = {name for name in settings if name and (directory / name).exists()}
    for name in present:
        (directory / name).write_text(str(settings[name]))
    return present


def _is_removed(directory: Path) -> bool:
    with contextlib.suppress(OSError):
        directory.rmdir()
    return not directory.exists()
