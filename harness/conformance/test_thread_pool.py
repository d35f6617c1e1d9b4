"""The thread pool: what becomes of clients when all its workers are taken."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from echolab.check.payloads import numbered_blocks
from echolab.check.process_state import footprint
from echolab.models import MODELS
from echolab.waiting import wait_until
from process_limits import as_limited_user, is_within_reach
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

pytestmark = pytest.mark.only("thread-pool")

GRACE_SECONDS = 2.0
MARGIN_SECONDS = 30.0  # for a machine under load
THREADS_AT_MOST = 3  # the main thread among them


def wait_until_accepted(server: ServerUnderTest, count: int, at_start: int) -> None:
    """Waits until the server holds the sockets of `count` clients, served or not."""
    accepted = wait_until(
        lambda: footprint(server.pid).descriptors == at_start + count, PATIENCE_SECONDS
    )
    assert accepted, f"{footprint(server.pid).descriptors - at_start} clients are accepted"


def test_beyond_the_queue_clients_wait_in_the_backlog(start_server):
    """CONC-5, RES-5: no more are accepted than there are places, and nobody spins meanwhile."""
    server = start_server("--workers", "2")
    at_start = footprint(server.pid).descriptors
    clients = server.connect_served(2)
    for number in range(2, 8):
        clients.append(server.connect())
        clients[number].send(b"%d" % number)
    wait_until_accepted(server, 4, at_start)
    server.assert_uses_no_cpu()
    server.wait_until_quiet()
    assert footprint(server.pid).descriptors == at_start + 4
    for number in range(2, 8):
        clients[number - 2].close()
        clients[number].expect(b"%d" % number)


def test_every_client_of_a_burst_gets_a_worker(start_server):
    """CONC-1, CONC-4: they stay, so a wake-up that is lost leaves one waiting for idle workers."""
    server = start_server("--workers", "4")
    for _ in range(10):
        with server.frozen():
            clients = [server.connect() for _ in range(4)]
            for number, client in enumerate(clients):
                client.send(b"%d" % number)
        for number, client in enumerate(clients):
            client.expect(b"%d" % number)
        server.close_clients()


def test_the_clients_that_wait_count_as_connected(start_server):
    """LIMIT-6: two are served, one waits, and the fourth is turned away."""
    server = start_server("--workers", "2", "--max-clients", "3")
    at_start = footprint(server.pid).descriptors
    served = server.connect_served(2)
    waiting = server.connect()
    wait_until_accepted(server, 3, at_start)
    assert server.connect().is_disconnected()
    served[0].close()
    waiting.echo(b"at last")


def test_the_idle_timeout_does_not_run_while_a_client_waits(start_server):
    """LIMIT-7: two silent clients, one after the other, use up their time before its turn comes."""
    server = start_server("--workers", "1", "--idle-timeout", "0.2")
    silent = [server.connect(), server.connect()]
    waiting = server.connect()
    waiting.send(b"in time")
    assert all(client.is_disconnected() for client in silent)
    waiting.expect(b"in time")
    assert server.terminate() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_clients_that_wait_get_what_they_are_owed(start_server, number):
    """LIFE-5: they were accepted before the signal, and so was what they had sent."""
    server = start_server("--workers", "2")
    at_start = footprint(server.pid).descriptors
    served = server.connect_served(2)
    waiting = [server.connect(), server.connect()]
    for client in waiting:
        client.send(b"owed")
    wait_until_accepted(server, 4, at_start)
    server.send_signal(number)
    for client in served:
        client.expect_end()
    for client in waiting:
        client.expect_end(b"owed")
    assert server.wait_for_exit() == 0


def test_a_signal_is_heard_while_there_is_no_place(start_server):
    """LIFE-6, LIFE-8: one client never reads, one waits behind it, one is in the backlog."""
    server = start_server("--workers", "1")
    at_start = footprint(server.pid).descriptors
    server.connect(small_buffer=True).send_until_stalled(numbered_blocks)
    for _ in range(2):
        server.connect().send(b"hello")
    wait_until_accepted(server, 2, at_start)
    server.wait_until_quiet()
    server.send_signal(signal.SIGTERM)
    assert server.wait_for_exit(GRACE_SECONDS + MARGIN_SECONDS) == 0


@pytest.mark.without_sanitizers
def test_without_threads_for_all_workers_it_does_not_start(model, programs: Path):
    """LIMIT-3: status 1, no worker is left running, and the last line says what to do."""
    if not is_within_reach(programs):
        pytest.skip("the limit does not bind root, and no other user may run these programs")
    program = str(programs / MODELS[model].program)
    ended = subprocess.run(
        [*as_limited_user(), "prlimit", f"--nproc={THREADS_AT_MOST}", program, "--port", "0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 1
    complaint = r"thread-pool: no thread for worker \d+ of 10 \(try fewer --workers\): .+"
    assert re.fullmatch(complaint, ended.stderr.splitlines()[-1]), ended.stderr
