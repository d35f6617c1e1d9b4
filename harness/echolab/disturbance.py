"""Whether a run had the processors to itself.

Two witnesses. Before a run, a fixed piece of work on each processor, held against the best that it
took lately: a lower clock, a busy twin of the core, a hypervisor that gives the
time to others. During the run, /proc/stat: what all processes used less what was ours.

They are for gross disturbances. What remains is noise, and the intervals of the ranking carry it.
"""

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from echolab.processors import Times, available, read_times

WORK = 100_000  # additions: 1 to 3 ms, shorter than what the scheduler gives at a time
SPINS = 5
FIRST_SPINS = 20  # an idle processor takes some milliseconds to raise its clock
FEW_PROCESSORS = 4  # beyond these, each run is calibrated where the kernel puts it
# Calibrations to remember, some half a minute. A laptop that has grown warm never sees the clock of
# its first seconds again: that slows all servers alike, and is no reason to rank none of them.
LATELY = 30
TRIES = 3  # of a calibration: what passes in some milliseconds need not have met the run
# A quarter is more than what the clock of a healthy machine changes by when its other cores get
# busy, and less than what a busy twin (a half) or a low clock (a half and more) cost.
SLOW = 1.25
# Another program that wants the processor all the time takes half of it, which makes 2.
TAKEN = 1.5
# What others take in a run shows whole in echoes/s, but only a tenth of it in CPU s/M. Less than a
# quarter is noise, which the intervals carry.
MUCH = 0.25


@dataclass(frozen=True)
class Spin:
    """What the fixed piece of work took, in seconds: of CPU time the least, of the clock the sum
    over all attempts in units of one attempt."""

    cpu: float
    wall: float


def spin(attempts: int = SPINS) -> Spin:
    """Does the fixed piece of work a few times on the processor where it is."""
    cpu_times, wall = [], 0.0
    for _ in range(attempts):
        started, used = time.perf_counter(), time.thread_time()
        sum(range(WORK))
        cpu_times.append(time.thread_time() - used)
        wall += time.perf_counter() - started
    return Spin(min(cpu_times), wall * min(cpu_times) / sum(cpu_times))


@dataclass(frozen=True)
class Calibration:
    """How a calibration went: `ratio` is the time of the work over its best, at the worst place."""

    ratio: float
    trouble: str | None


class Calibrator:
    """Knows the best that each processor did lately."""

    def __init__(self, processors: Sequence[int | None], spin: Callable[[int], Spin] = spin):
        """`processors`: None stands for wherever the kernel puts this thread."""
        self._processors = processors
        self._spin = spin
        self._recent: dict[int | None, deque[float]] = {}

    def calibrate(self) -> Calibration:
        """Does the work on each processor; returns the worst of them."""
        results = [self._calibrate(processor) for processor in self._processors]
        return max(results, key=lambda result: result.ratio)

    def _calibrate(self, processor: int | None) -> Calibration:
        recent = self._recent.setdefault(processor, deque(maxlen=LATELY))
        for _ in range(TRIES):
            with _staying_on(processor):
                taken = self._spin(SPINS if recent else FIRST_SPINS)
            best = min([taken.cpu, *recent])
            result = _judged(taken.cpu / best, taken.wall / best, processor)
            if result.trouble is None:
                break
        recent.append(taken.cpu)
        return result


def _judged(slower: float, longer: float, processor: int | None) -> Calibration:
    where = "the processor" if processor is None else f"processor {processor}"
    trouble = None
    if slower > SLOW:
        trouble = f"{where} was slow before the run: {slower:.1f} times its best time"
    elif longer > TAKEN:
        trouble = f"{where} was taken before the run: {longer:.1f} times its best time"
    return Calibration(longer, trouble)


@contextlib.contextmanager
def _staying_on(processor: int | None) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    if processor is not None:
        os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Watch:
    """Watches the processors before and during each run of a comparison."""

    def __init__(self, pinned: Sequence[int] = ()):
        """`pinned`: the processors on which the runs stay; otherwise they may use all."""
        self._processors = list(pinned) or available()
        few = len(self._processors) <= FEW_PROCESSORS
        self._calibrator = Calibrator(self._processors if few else [None])
        self._readings: list[tuple[Times, float]] = []
        self.calibration = Calibration(1.0, None)

    def calibrate(self) -> None:
        """Notes how fast the processors are; to be called before each run."""
        self._readings = []
        self.calibration = self._calibrator.calibrate()

    def read(self) -> None:
        """Notes where the processors' time went so far; the last two readings count."""
        self._readings = [*self._readings[-1:], (read_times(self._processors), time.process_time())]

    def trouble(self, used_seconds: float | None) -> str | None:
        """Returns what disturbed the run; None if nothing did.

        `used_seconds`: the CPU time of its server and clients between the two readings; None where
        it is not known in full, and the others' cannot be told.
        """
        if self.calibration.trouble or used_seconds is None or len(self._readings) < 2:
            return self.calibration.trouble
        (before, driver_before), (after, driver_after) = self._readings
        ours = used_seconds + driver_after - driver_before
        return taken_by_others(after - before, ours)


def taken_by_others(times: Times, ours: float) -> str | None:
    """Returns who else used the processors while we used `ours` CPU seconds; None if few did.

    Where more stayed idle than other programs used, they need not have been in our way.
    """
    others = max(0.0, times.busy - ours)
    whole = max(times.busy, ours) + times.idle + times.steal
    if whole <= 0:
        return None
    if times.steal > MUCH * whole:
        return f"the hypervisor gave away {_percent(times.steal / whole)} of the processors' time"
    if others > MUCH * whole and others > times.idle:
        return f"other programs used {_percent(others / whole)} of the processors' time"
    return None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
