"""Busy polling: between two naps every client is tried, and during one nobody is."""

import signal
import socket
from pathlib import Path

import fault_injection
import pytest
from echolab.check import process_state
from echolab.check.fault_injection import RECEIVE, SEND
from echolab.models import MODELS
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS

pytestmark = [pytest.mark.only("busy-poll"), pytest.mark.usefixtures("subject")]

FOR_EVER = "3600s"  # longer than any test
BUSY_CPU_SECONDS = 0.1


def test_clients_wait_for_the_end_of_the_nap_and_newcomers_end_it(start_server):
    """CONC-5: the nap is an accept with a time-out; when it returns, everybody has a turn."""
    server = start_server("--nap", FOR_EVER)
    client = server.connect()
    server.wait_for_log(r"\[NEW CONNECTION\]")
    client.send(b"hello")
    client.expect_silence()
    server.connect()
    client.expect(b"hello")
    assert server.terminate() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_longest_nap(start_server, number):
    """LIFE-5, LIFE-6: and what had come during the nap is answered."""
    server = start_server("--nap", FOR_EVER)
    client = server.connect()
    server.wait_for_log(r"\[NEW CONNECTION\]")
    client.send(b"owed")
    server.wait_until_quiet()
    server.send_signal(number)
    client.expect_end(b"owed")
    client.close()
    assert server.wait_for_exit() == 0


def test_without_a_nap_it_works_and_never_rests(programs: Path):
    """RES-5: excused; with nothing to do it uses all the CPU time that there is."""
    program = programs / MODELS["busy-poll"].program
    with ServerProcess("busy-poll", [str(program), "--port", "0", "--nap", "0"]) as server:
        with socket.create_connection((server.host, server.port), PATIENCE_SECONDS) as client:
            client.sendall(b"hello")
            assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        used_before = process_state.cpu_seconds([server.pid])
        limit = used_before + BUSY_CPU_SECONDS
        is_busy = lambda: process_state.cpu_seconds([server.pid]) > limit  # noqa: E731
        assert wait_until(is_busy, PATIENCE_SECONDS), "it rests"
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_SECONDS), "the server has not ended"
        assert server.exit_status == 0


@pytest.mark.parametrize(
    ("calls", "error"),
    [(RECEIVE, "ECONNRESET"), (RECEIVE, "ETIMEDOUT"), (SEND, "EPIPE"), (SEND, "ECONNRESET")],
    ids=lambda value: value if value.startswith("E") else value[:4],
)
def test_a_call_that_fails_costs_the_client_whose_turn_it_was(server, calls, error):
    """RUDE-6: either of two, since both are tried in each round; never both."""
    clients = [server.connect(), server.connect()]
    for client in clients:
        client.echo(b"before")
    with fault_injection.faults(server, f"{calls}:error={error}:when=2"):
        assert sorted(client.is_served() for client in clients) == [False, True]
