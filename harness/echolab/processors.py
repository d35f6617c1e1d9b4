"""What the kernel tells about processors: where their time went, and which share a core."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CPU_DIRECTORY = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Times:
    """Seconds since the machine's start, summed over some processors."""

    busy: float  # for processes; with interrupts where the kernel charges those to processes
    idle: float
    steal: float  # wanted, but given to others by the hypervisor

    def __sub__(self, earlier: "Times") -> "Times":
        return Times(
            self.busy - earlier.busy, self.idle - earlier.idle, self.steal - earlier.steal
        )


def available() -> list[int]:
    """Returns the processors that this process may use."""
    return sorted(os.sched_getaffinity(0))


def read_times(processors: Collection[int]) -> Times:
    """Returns what /proc/stat says of these processors (proc(5)), in steps of a clock tick."""
    return times_of(Path("/proc/stat").read_text(), processors)


def times_of(stat: str, processors: Collection[int]) -> Times:
    """Returns the times of these processors from the text of /proc/stat.

    Without CONFIG_IRQ_TIME_ACCOUNTING a process's CPU time contains the interrupts that came
    while it ran, TCP's own work on loopback among them, and /proc/stat shows no hard interrupts.
    """
    rows = [line.split() for line in stat.splitlines() if line.startswith("cpu")]
    wanted = {f"cpu{processor}" for processor in processors}
    columns = [list(map(int, row[1:9])) for row in rows if row[0] in wanted]
    if not columns:  # a container may show other processors than it uses
        return Times(0.0, 0.0, 0.0)
    user, nice, system, idle, iowait, irq, softirq, steal = map(sum, zip(*columns))
    in_processes = softirq if irq == 0 else 0
    ticks = (user + nice + system + in_processes, idle + iowait, steal)
    return Times(*(count / TICKS_PER_SECOND for count in ticks))


def on_separate_cores(processors: Collection[int]) -> tuple[int, int]:
    """Returns two processors that are not the two threads of one core, if there are such."""
    first, *others = sorted(processors)
    siblings = siblings_of(first)
    return first, next((other for other in others if other not in siblings), others[0])


def siblings_of(processor: int) -> set[int]:
    """Returns the processors that share a core with one, itself included."""
    path = CPU_DIRECTORY / f"cpu{processor}" / "topology" / "thread_siblings_list"
    try:
        text = path.read_text().strip()
    except OSError:
        return {processor}
    siblings: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        siblings.update(range(int(first), int(last or first) + 1))
    return siblings
