"""What a server costs, measured from outside, whatever it is written in.

CPU time is the difference of two exact readings, taken while the server has nothing to do. Peaks
(memory, threads, processes, descriptors) are the greatest of many samples, taken by a thread while
the load runs.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from echolab import proc

SAMPLE_SECONDS = 0.05
SAMPLING_SHARE = 0.05  # of one core, at most: for a server of many processes it samples less often
LONGEST_REST_SECONDS = 0.2  # but often enough not to miss the peak of a short run
PSS_EVERY = 6  # samples: reading it makes the kernel walk all pages of the server
SETTLE_ATTEMPTS = 5


@dataclass
class Usage:
    """What one server, with all its processes, used while it was observed."""

    cpu_seconds: float = 0.0
    cpu_is_lower_bound: bool = False  # ended children were discarded with their account
    peak_rss_bytes: int = 0
    peak_pss_bytes: int = 0
    threads: int = 0
    processes: int = 0
    descriptors: int = 0


class Accountant:
    """Observes a tree of processes while in its `with` block; `usage` is complete afterwards.

    Peaks are those of the whole block; CPU time is that between the last two calls of read.
    `tree` returns the ids of the processes, the first process of the server first.
    """

    def __init__(self, tree: Callable[[], list[int]]):
        self.usage = Usage()
        self._tree = tree
        self._last_reading = 0.0
        self._last_seen_cpu: dict[int, float] = {}
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample_until_ended, daemon=True)

    def __enter__(self) -> "Accountant":
        self._sample(with_pss=False)
        self._sampler.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._ended.set()
        self._sampler.join()

    def read(self) -> None:
        """Notes the CPU time that the server has used since the last call, and its size now."""
        reading = tree_cpu_seconds(self._tree)
        if self.usage.cpu_is_lower_bound:
            reading += self._cpu_of_discarded_children()
        self.usage.cpu_seconds = max(0.0, reading - self._last_reading)
        self._last_reading = reading
        self._sample(with_pss=True)

    def _sample_until_ended(self) -> None:
        samples, rest = 0, SAMPLE_SECONDS
        while not self._ended.wait(rest):
            samples += 1
            before = time.thread_time()
            self._sample(with_pss=samples % PSS_EVERY == 2)
            cost = time.thread_time() - before
            rest = min(max(SAMPLE_SECONDS, cost / SAMPLING_SHARE), LONGEST_REST_SECONDS)

    def _sample(self, with_pss: bool) -> None:
        tree = self._tree()
        statuses = [proc.read_status(pid) for pid in tree]
        usage = self.usage
        usage.processes = max(usage.processes, len(tree))
        usage.threads = max(usage.threads, sum(int(s.get("Threads", 1)) for s in statuses))
        resident = sum(proc.kilobytes(status.get("VmHWM")) for status in statuses)
        usage.peak_rss_bytes = max(usage.peak_rss_bytes, resident)
        descriptors = sum(map(proc.descriptor_count, tree))
        usage.descriptors = max(usage.descriptors, descriptors)
        if any(map(proc.ignores_sigchld, statuses)):
            usage.cpu_is_lower_bound = True
            self._last_seen_cpu.update((pid, proc.cpu_seconds(pid) or 0.0) for pid in tree)
        if with_pss:
            usage.peak_pss_bytes = max(usage.peak_pss_bytes, sum(map(proc.pss_bytes, tree)))

    def _cpu_of_discarded_children(self) -> float:
        living = set(self._tree())
        return sum(cpu for pid, cpu in self._last_seen_cpu.items() if pid not in living)


def tree_cpu_seconds(tree: Callable[[], list[int]]) -> float:
    """Returns the CPU time of all processes of a tree and of their children that ended.

    A child that ends between two readings would count twice or not at all, so the readings are
    repeated until the tree is the same before and after; a server that never rests gets the last.
    """
    total = 0.0
    before = tree()
    for _ in range(SETTLE_ATTEMPTS):
        total = sum(map(_cpu_with_waited_children, before))
        after = tree()
        if after == before:
            break
        before = after
    return total


def _cpu_with_waited_children(pid: int) -> float:
    stat = proc.read_stat(pid)
    own = proc.cpu_seconds(pid)
    if stat is None or own is None:
        return 0.0
    return own + stat.waited_children_cpu_seconds
