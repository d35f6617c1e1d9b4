"""What is left of a command that was interrupted."""

import multiprocessing
import time

from echolab import interrupts, proc

NOBODY = 2**22 + 1  # no process: the numbers end at 2**22 (proc(5), pid_max)


def test_a_child_that_somebody_else_has_buried_is_no_trouble(monkeypatch):
    seen = iter([[NOBODY]])  # it was there when the list was read
    monkeypatch.setattr(proc, "children", lambda _pid: next(seen, []))
    with interrupts.orderly_ending():
        pass


def test_a_worker_that_was_killed_is_known_to_be_dead():
    """Who is taken to be alive is waited for: a pool of such workers never ends."""
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=[3600])
    worker.start()
    interrupts.end_children()
    assert not worker.is_alive()
