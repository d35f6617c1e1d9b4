"""What a client of the checker does with a server that does not do its part."""

import os
import time

import pytest

from echolab import proc
from echolab.check import spin_watch
from echolab.check.client import Ending
from echolab.check.outcomes import Stuck
from echolab.check.specimen import Command, Specimen
from echolab.check.spin_watch import SpinWatch
from echolab.waiting import wait_until

NEVER_RECEIVES = """
    import signal, socket, sys
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    client, _ = listener.accept()
    signal.pause()
"""

BUSY = """
    import socket, sys
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    listener.setblocking(False)
    clients = []
    while True:
        try:
            clients.append(listener.accept())
        except BlockingIOError:
            pass
"""

NAPS = """
    import select, socket, sys, threading, time

    def nap():
        {nap}

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    client, _ = listener.accept()
    while data := client.recv(4096):
        nap()
        client.sendall(data)
"""
WAYS_TO_NAP = (
    "time.sleep(0.5)",
    "select.select([], [], [], 0.5)",
    "select.poll().poll(500)",
    "select.epoll().poll(0.5)",
    "threading.Event().wait(0.5)",
)
QUESTIONS = 6  # that take a server longer, all together, than one that sleeps is waited for

MORE_THAN_FITS = 64 * 1024 * 1024


@pytest.fixture
def start(script):
    """Starts a Python program as a specimen, which ends with the test."""
    proc.adopt_orphans()
    specimens = []

    def run(program: str) -> Specimen:
        specimens.append(Specimen(Command((*script(program), "{port}"))))
        return specimens[-1].start()

    yield run
    for specimen in specimens:
        specimen.destroy()


def test_who_finds_no_room_at_a_server_that_sleeps_is_told_so(start):
    client = start(NEVER_RECEIVES).connect()
    with pytest.raises(Stuck, match="the server sleeps"):
        client.send(bytes(MORE_THAN_FITS))


@pytest.mark.parametrize("nap", WAYS_TO_NAP)
def test_a_server_that_sleeps_before_it_answers_is_waited_for(start, nap):
    assert start(NAPS.format(nap=nap)).connect().ask(b"hello").data == b"hello"


def test_a_server_that_sleeps_before_each_answer_is_waited_for_each_time(start):
    client = start(NAPS.format(nap=WAYS_TO_NAP[1])).connect()
    assert all(client.ask(b"hello").data == b"hello" for _ in range(QUESTIONS))


def test_a_question_for_which_there_is_no_room_has_no_answer(start):
    client = start(NEVER_RECEIVES).connect()
    assert client.ask(bytes(MORE_THAN_FITS)).ending is Ending.STUCK


def test_a_server_that_spins_is_known_to_and_answers_nobody(start):
    specimen = start(BUSY)
    assert not specimen.comes_to_rest(seconds=120)
    assert specimen.surely_spins() and specimen.spins()
    assert specimen.connect().ask(b"hello").ending is Ending.SPINNING


def test_a_server_that_sleeps_does_not_spin(start):
    specimen = start(NEVER_RECEIVES)
    assert specimen.comes_to_rest(seconds=120)
    assert not specimen.surely_spins() and not specimen.spins()


@pytest.fixture
def soon_certain(monkeypatch):
    """A spin of a twentieth of a second is enough: a loaded machine gives no more for a while."""
    monkeypatch.setattr(spin_watch, "CERTAIN_CPU_SECONDS", 0.05)


def test_who_was_awake_at_each_look_and_ran_all_the_time_spins(soon_certain):
    watch = SpinWatch(lambda: [os.getpid()])
    watch.look(sleeps=False)
    _keep_busy(0.1)
    assert watch.is_certain()


def test_who_was_found_asleep_in_between_does_not(soon_certain):
    watch = SpinWatch(lambda: [os.getpid()])
    watch.look(sleeps=False)
    _keep_busy(0.1)
    watch.look(sleeps=True)
    watch.look(sleeps=False)
    assert not watch.is_certain()


def test_who_was_looked_at_rarely_and_hardly_ran_does_not(soon_certain):
    watch = SpinWatch(lambda: [os.getpid()])
    watch.look(sleeps=False)
    wait_until(lambda: False, 0.5)
    assert not watch.is_certain()


def _keep_busy(cpu_seconds: float) -> None:
    end = time.process_time() + cpu_seconds
    while time.process_time() < end:
        pass
