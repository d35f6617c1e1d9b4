"""How much slower this machine is now than it would be with nothing else to do."""

import os
import time

from echolab.check.runner import JOBS

WORK_SECONDS = 0.1  # of processor time, on which it is tried
MOST = 10.0
FEWEST_JOBS = 2  # since checks mostly wait


def slowdown() -> float:
    """Returns how many seconds pass while a process uses one of the processor: 1 to 10."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < WORK_SECONDS:
        os.getppid()  # system calls, since that is what servers do
    return min(MOST, max(1.0, (time.monotonic() - began) / WORK_SECONDS))


def jobs_at(slowed: float) -> int:
    """Returns how many checks are made side by side: fewer where each would get less."""
    return max(FEWEST_JOBS, round(JOBS / slowed))
