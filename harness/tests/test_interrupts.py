"""What is left of a command that was interrupted."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from echolab import interrupts, proc
from echolab.models import ROOT

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


@pytest.fixture
def another_thread():
    """While a test lasts, there is a thread that blocks no signals."""
    is_over = threading.Event()
    thread = threading.Thread(target=is_over.wait)
    thread.start()
    yield
    is_over.set()
    thread.join()


@pytest.fixture
def seen():
    """Returns a descriptor that is readable when a signal was taken, by whichever thread."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    yield reader
    signal.set_wakeup_fd(before)
    os.close(reader)
    os.close(writer)


def test_a_signal_that_another_thread_takes_waits_until_the_fork_is_over(another_thread, seen):
    reached = []
    with pytest.raises(interrupts.Interrupted, match="SIGINT"), interrupts.orderly_ending():
        with interrupts.uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            os.read(seen, 1)
            reached.append("the end of the block")
        reached.append("what follows it")
    assert reached == ["the end of the block"]


def test_ctrl_c_before_the_driver_has_been_loaded_shows_no_traceback(tmp_path):
    (tmp_path / "click.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    path = os.pathsep.join((str(tmp_path), str(ROOT / "harness")))
    lab = subprocess.run(
        [sys.executable, "-m", "echolab", "list"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (lab.returncode, lab.stderr) == (-signal.SIGINT, "")
