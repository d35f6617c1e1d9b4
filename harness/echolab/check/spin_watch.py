"""Notices a server that keeps a processor busy, so that nobody waits long for it to rest."""

import time
from collections.abc import Callable

from echolab.check import process_state

CERTAIN_CPU_SECONDS = 0.5  # without a moment of sleep; honest work of a check takes a tenth of it
CERTAIN_SHARE = 0.9  # of the time in which the machine let it run


class SpinWatch:
    """What is known from the looks that others take at a server, whether it sleeps.

    Nothing is measured in between: so a server that is looked at rarely is not accused.
    """

    def __init__(self, tree: Callable[[], list[int]]):
        """`tree` returns the server's processes."""
        self._tree = tree
        self._awake_since: tuple[float, float, float] | None = None

    def look(self, sleeps: bool) -> None:
        """Takes note of one look."""
        if sleeps:
            self._awake_since = None
        elif self._awake_since is None:
            self._awake_since = self._clocks()

    def is_certain(self) -> bool:
        """Tells whether the server was found awake at each look, and ran all the time since.

        The time for which it waited for a processor does not count.
        """
        if self._awake_since is None:
            return False
        elapsed, used, waited = (
            now - then for now, then in zip(self._clocks(), self._awake_since)
        )
        return used > CERTAIN_CPU_SECONDS and used > CERTAIN_SHARE * (elapsed - waited)

    def _clocks(self) -> tuple[float, float, float]:
        """Returns the time, the CPU time used, and the time waited for a processor."""
        pids = self._tree()
        used = process_state.cpu_seconds(pids)
        return time.monotonic(), used, process_state.processor_wait_seconds(pids)
