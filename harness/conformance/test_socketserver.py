"""The socket server: one handler, run by the main thread, by threads, or by processes."""

import subprocess
from pathlib import Path

import pytest
from echolab.check.process_state import footprint
from server_under_test import PATIENCE_SECONDS
from subject import Subject

pytestmark = pytest.mark.only("socketserver")

# What a client adds to the server's threads and children.
COSTS = {"inline": (0, 0), "thread": (1, 0), "fork": (0, 1)}


@pytest.fixture
def dispatch(subject: Subject) -> str:
    """Returns the value of --dispatch, "thread" being its default."""
    return subject.options[1] if subject.options else "thread"


@pytest.mark.without_sanitizers
def test_a_client_costs_what_the_dispatch_promises(server, dispatch):
    """RES-3: nothing, a thread, or a process; and no more than that."""
    at_start = footprint(server.pid)
    server.connect().echo(b"hello")
    now = footprint(server.pid)
    assert (now.threads - at_start.threads, now.children - at_start.children) == COSTS[dispatch]


@pytest.mark.excused("socketserver --dispatch inline", "it serves one client at a time")
def test_handlers_that_end_together_are_all_waited_for(server):
    """RES-3, RES-4: twelve end while their owner is stopped, and is told of it once."""
    clients = [server.connect() for _ in range(12)]
    for client in clients:
        client.echo(b"hello")
    with server.frozen([server.pid]):
        for client in clients:
            client.close()
    server.assert_gave_everything_back()


def test_another_dispatch_than_these_is_refused(programs: Path, subject: Subject):
    """LIFE-3: and the line names those there are."""
    ended = subprocess.run(
        [programs / subject.model.program, "--dispatch", "fiber"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert all(dispatch in ended.stderr for dispatch in COSTS)
