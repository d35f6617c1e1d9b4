"""LIMIT: out of descriptors, threads, processes; and the limits that an operator sets."""

import contextlib
import resource
import sys
import time
from pathlib import Path

import pytest
from echolab.waiting import wait_until
from echolab.check.payloads import numbered_blocks
from echolab.check.process_limits import little_memory
from pace import Pace, end_before_a_newcomer, is_disconnected_in_the_end, play_in_time
from process_limits import (
    as_limited_user,
    descriptor_limit_that_leaves,
    is_within_reach,
    lower_hard_limit,
    no_more_descriptors,
    no_more_processes,
    soft_limits,
)
from server_under_test import PATIENCE_SECONDS, ServerUnderTest
from subject import Subject

FD_SETSIZE = 1024
NOFILE = resource.RLIMIT_NOFILE
BELOW_WHAT_IS_IN_USE = 4

# Becomes the program that its arguments name, with as many more descriptors as the first one says.
HOARD = """
import os, sys
for _ in range(int(sys.argv[1])):
    os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
os.execv(sys.argv[2], sys.argv[2:])
"""

SPARE_MEMORY = 64 * 1024  # bytes: enough for some newcomers,
CROWD = 100  # and not for so many


@pytest.fixture
def server(start_server, subject: Subject) -> ServerUnderTest:
    """Returns a server whose limits are those of one process."""
    return start_server(*subject.one_free_worker())


@pytest.mark.excused("prefork", "a worker that is free for a client has a descriptor for it")
@pytest.mark.without_sanitizers
def test_out_of_descriptors_newcomers_are_turned_away(server, still_served):
    """LIMIT-1, LIMIT-2: the connected one goes on, nobody spins, and later all is well again."""
    with no_more_descriptors(server.accepting()):
        assert all(server.connect().is_disconnected() for _ in range(12))
        server.assert_uses_no_cpu()
        still_served()


@pytest.mark.excused("iterative", "it never holds more than one client's descriptor")
@pytest.mark.excused("prefork", "no worker ever holds more than one client's descriptor")
@pytest.mark.excused("fork-per-client", "its parent never holds a client's descriptor for long")
@pytest.mark.without_sanitizers
def test_at_the_hard_limit_the_clients_that_fit_are_served(server):
    """LIMIT-1, LIMIT-2: nothing is lifted; the place of one that leaves is another's."""
    (accepting,) = server.accepting()
    lower_hard_limit(accepting, NOFILE, descriptor_limit_that_leaves(accepting, 3))
    clients = [server.connect() for _ in range(10)]
    served = [client for client in clients if client.is_served()]
    assert len(served) == 3
    server.assert_uses_no_cpu()
    served[0].close()
    assert wait_until(lambda: server.connect().is_served(), PATIENCE_SECONDS)


@pytest.mark.only("io-uring")
@pytest.mark.without_sanitizers
def test_a_low_limit_from_the_start_turns_away_the_clients_that_do_not_fit(start_server):
    """LIMIT-1, LIMIT-2: the kernel looks the limit up when accepting begins, and goes by that."""
    server = start_server(prefix=["prlimit", "--nofile=20"])
    clients = [server.connect() for _ in range(30)]
    served = [client for client in clients if client.is_served()]
    assert 10 <= len(served) < 20
    server.assert_uses_no_cpu()
    served[0].close()
    assert wait_until(lambda: server.connect().is_served(), PATIENCE_SECONDS)


@pytest.mark.only("poll")
@pytest.mark.without_sanitizers
def test_a_limit_below_what_poll_watches_costs_the_newest_clients_only(server):
    """LIMIT-1: poll(2) takes no more entries than RLIMIT_NOFILE allows descriptors."""
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.echo(b"before")
    with soft_limits(server.accepting(), NOFILE, BELOW_WHAT_IS_IN_USE):
        clients[0].echo(b"under the limit")
        assert clients[-1].is_disconnected()
        server.assert_uses_no_cpu()
    clients[0].echo(b"after")


@pytest.mark.excused("iterative", "it never holds more than one client's descriptor")
@pytest.mark.excused("poll", "it takes no more entries than the limit allows descriptors")
@pytest.mark.without_sanitizers
def test_a_limit_below_what_is_in_use_harms_nobody_connected(start_server):
    """LIMIT-1, LIMIT-2: an operator lowers the limit of a server that is at work."""
    server = start_server()
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.echo(b"before")
    with soft_limits(server.accepting(), NOFILE, BELOW_WHAT_IS_IN_USE):
        for client in clients:
            client.echo(b"under the limit")
        server.assert_uses_no_cpu()
    for client in clients:
        client.echo(b"after")


@pytest.mark.without_sanitizers
def test_a_limit_that_leaves_not_even_a_reserve_is_survived(server):
    """LIMIT-1, LIMIT-2: a newcomer waits, nobody spins, and the reserve is there again later."""
    with soft_limits(server.accepting(), NOFILE, BELOW_WHAT_IS_IN_USE):
        server.connect()
        server.assert_uses_no_cpu()


@pytest.mark.excused("prefork", "a worker that is free for a client has a descriptor for it")
@pytest.mark.without_sanitizers
def test_a_shortage_is_logged_at_most_once_a_second(server):
    """LIMIT-4: many are turned away, and few lines say so, of each process that accepts."""
    started = time.monotonic()
    with no_more_descriptors(server.accepting()):
        assert all(server.connect().is_disconnected() for _ in range(30))
    server.wait_for_log(r"\[ERROR\]")
    lines_a_process = server.stderr.count("[ERROR]") / len(server.accepting())
    assert lines_a_process <= 1 + (time.monotonic() - started)


@pytest.mark.without_sanitizers
def test_out_of_memory_it_lives_on(server, still_served):
    """LIMIT-10: newcomers find no room, those connected go on, and later all is well again."""
    with little_memory(server.process.tree(), SPARE_MEMORY):
        for _ in range(CROWD):
            with contextlib.suppress(ConnectionError):  # it has been turned away already
                server.connect().send(bytes(3000))
        server.wait_until_quiet()
        still_served()


@pytest.mark.only("thread-per-client", "fork-per-client")
def test_out_of_threads_or_processes_newcomers_are_turned_away(start_server, programs: Path):
    """LIMIT-3: the connected one goes on, and later newcomers are served again."""
    if not is_within_reach(programs):
        pytest.skip("the limit does not bind root, and no other user may run these programs")
    server = start_server(prefix=as_limited_user())
    bystander = server.connect()
    bystander.echo(b"hello")
    with no_more_processes(server.pid):
        assert all(server.connect().is_disconnected() for _ in range(5))
        bystander.echo(b"still here")
    server.wait_for_log(r"\[ERROR\] .*Resource temporarily unavailable")


@pytest.mark.only("select")
def test_clients_beyond_fd_setsize_are_turned_away(start_server):
    """LIMIT-5: most numbers below it are taken by descriptors that the server inherits."""
    server = start_server(prefix=[sys.executable, "-c", HOARD, str(FD_SETSIZE - 24)])
    served = [server.connect().is_served() for _ in range(40)]
    assert any(served) and not all(served)
    server.wait_for_log(r"\[ERROR\] .*FD_SETSIZE")


@pytest.mark.only("select")
def test_eleven_hundred_clients_are_served_or_turned_away(server):
    """LIMIT-5: those that fit are served, before and after the others came."""
    served = [client for client in (server.connect() for _ in range(1100)) if client.is_served()]
    assert FD_SETSIZE - 24 < len(served) < FD_SETSIZE
    for client in served:
        client.echo(b"still here")


@pytest.mark.excused("iterative", "its limit is one")
def test_clients_beyond_max_clients_are_turned_away(start_server):
    """LIMIT-6: the third of two is; when one leaves, another is taken."""
    server = start_server("--max-clients", "2")
    first, second = server.connect(), server.connect()
    first.echo(b"first")
    second.echo(b"second")
    assert server.connect().is_disconnected()
    first.close()
    assert wait_until(lambda: server.connect().is_served(), PATIENCE_SECONDS)
    second.echo(b"second")


def test_a_silent_client_is_disconnected_after_the_idle_timeout(start_server):
    """LIMIT-7: before it said anything, and after."""

    def play(server: ServerUnderTest, _timeout: float, pace: Pace) -> None:
        assert is_disconnected_in_the_end(server.connect())
        pace.begin()
        client = server.connect()
        client.echo(b"hello")
        pace.step()
        assert is_disconnected_in_the_end(client)

    play_in_time(start_server, play)


def test_a_client_that_never_reads_is_disconnected_after_the_idle_timeout(start_server):
    """LIMIT-7: no byte goes either way, however much is waiting."""
    server = start_server("--idle-timeout", "0.5")
    client = server.connect(small_buffer=True)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:  # the socket's own call: it waits, though the server sleeps until the time-out
            client.socket.sendall(numbered_blocks(64 * 1024))
    end_before_a_newcomer(server)


def test_an_active_client_is_not_disconnected(start_server):
    """LIMIT-7: each byte starts the time-out anew."""

    def play(server: ServerUnderTest, timeout: float, pace: Pace) -> None:
        client = server.connect()
        ends = time.monotonic() + 2 * timeout
        while time.monotonic() < ends:
            client.echo(b"active")
            pace.step()

    play_in_time(start_server, play)


def test_bytes_that_came_in_time_count_even_if_the_server_looks_late(start_server):
    """LIMIT-7: the time-out passes while the server is stopped, with bytes waiting for it."""

    def play(server: ServerUnderTest, timeout: float, pace: Pace) -> None:
        client = server.connect()
        client.echo(b"hello")
        with server.frozen():
            client.send(b"in time")
            pace.step()
            time.sleep(1.2 * timeout)  # it is the passing of time that is tested
        pace.begin()
        client.expect(b"in time")
        client.echo(b"and on")
        pace.step()

    play_in_time(start_server, play)
