"""Ending early, but in order."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Collection, Iterator

from echolab import proc
from echolab.waiting import wait_until

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KILL_SECONDS = 5.0


class Interrupted(KeyboardInterrupt):
    """A signal asked this process to end."""

    def __init__(self, number: int):
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_status = 128 + number  # as shells report it: 130 for Ctrl-C


class _Waiting:
    """Signals that have come while they have to wait."""

    def __init__(self) -> None:
        self.blocks = 0  # of uninterrupted() that have been entered, and not left
        self.numbers: list[int] = []


_waiting = _Waiting()


def _end(number: int, _frame) -> None:
    if _waiting.blocks:
        _waiting.numbers.append(number)
        return
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(number)


@contextlib.contextmanager
def orderly_ending() -> Iterator[None]:
    """In its `with` block Ctrl-C, SIGTERM and SIGHUP raise Interrupted, once.

    Afterwards they are ignored until the block is left, which takes a few seconds at most: an
    impatient second Ctrl-C must not break off the cleaning up. Whatever process is still there
    at the end is killed: all children of this process are its own, or were adopted.
    """
    proc.adopt_orphans()
    before = {number: signal.signal(number, _end) for number in ENDING}
    try:
        yield
    finally:
        end_children()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """In its `with` block the signals wait. A child that is forked in it has to call take_signals.

    Python swallows what a signal's handler raises within the callbacks that it runs at a fork. To
    block the signals is for the child, and not enough here: another thread, such as that of a
    progress display, may take them, and the handler then runs in the main thread all the same.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    _waiting.blocks += 1
    try:
        yield
    finally:
        _waiting.blocks -= 1
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if _waiting.numbers and not _waiting.blocks:
            number = _waiting.numbers[0]
            _waiting.numbers.clear()
            _end(number, None)


def take_signals() -> None:
    """Lets the signals end this process, in which no cleaning up is due, as they usually do."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    _waiting.blocks = 0  # it was forked within one
    _waiting.numbers.clear()


def end_children(spared: Collection[int] = ()) -> None:
    """Kills and buries all children of this process, those included that it has adopted.

    Only those with the ids `spared` are left. It takes five seconds at most: who sleeps in the
    kernel cannot be killed at once.
    """
    wait_until(lambda: _only_are_left(spared), KILL_SECONDS)


def _only_are_left(spared: Collection[int]) -> bool:
    """Kills and buries the other children; returns whether there were none."""
    # Who is buried behind its back is alive for multiprocessing, for ever, and its pool never ends.
    workers = {worker.pid: worker for worker in multiprocessing.active_children()}
    for pid in set(proc.children(os.getpid())).difference(spared):
        # A thread that waits for its own process may have buried it meanwhile.
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            if pid in workers:
                workers[pid].join(0)
            else:
                os.waitpid(pid, os.WNOHANG)
    return set(proc.children(os.getpid())).issubset(spared)
