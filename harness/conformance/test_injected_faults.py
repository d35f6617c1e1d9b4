"""What the kernel may answer but seldom does: each system call fails once, or for a while."""

import signal

import fault_injection
import pytest
from echolab.check import process_state
from echolab.check.fault_injection import ACCEPT, CREATE, EVERY, FIRST, RECEIVE, SEND, WAIT
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS, ServerUnderTest
from subject import Subject

# What strace injects into is system calls.
NO_CALL = "it makes no such call: the kernel accepts, receives and sends by itself"
MANY_CALLS = 100  # in a moment; a server that rests between two attempts makes some ten


@pytest.fixture
def server(start_server, subject: Subject) -> ServerUnderTest:
    """Returns a server in which each fault is met once: strace counts the calls of a process."""
    return start_server(*subject.one_free_worker())


@pytest.mark.excused("io-uring", NO_CALL)
@pytest.mark.parametrize("error", ["EINTR", "ECONNABORTED", "EPROTO", "EPERM", "ENETDOWN"])
def test_a_transient_failure_of_accept_costs_no_client(server, still_served, error):
    """LIMIT-8: one connection was dead, or one call was interrupted."""
    with fault_injection.faults(server, f"{ACCEPT}:error={error}:when={FIRST}") as seen:
        first = server.connect()
        assert wait_until(lambda: seen.count() > 0, PATIENCE_SECONDS)
        # In truth such an error consumes a connection. This one does not: a second connection
        # makes a new event, for a server that rightly waits for one (edge-triggered epoll).
        second = server.connect()
        assert first.is_served()
        first.close()
        assert second.is_served()
    still_served()


@pytest.mark.excused("io-uring", NO_CALL)
@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_a_short_lack_of_resources_in_accept_costs_one_client_at_most(server, still_served, error):
    """LIMIT-1, LIMIT-2, LIMIT-8: the next one is served."""
    with fault_injection.faults(server, f"{ACCEPT}:error={error}:when={FIRST}"):
        first, second = server.connect(), server.connect()
        first.is_served()
        first.close()
        assert second.is_served()
    still_served()


@pytest.mark.excused("io-uring", NO_CALL)
@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOBUFS"])
def test_a_lasting_lack_of_resources_in_accept_makes_nobody_spin(server, still_served, error):
    """LIMIT-1, LIMIT-4, LIMIT-8: the reserve does not help; those connected are served."""
    with fault_injection.faults(server, f"{ACCEPT}:error={error}:when={EVERY}") as seen:
        newcomer = server.connect()
        assert wait_until(lambda: seen.count() > 0, PATIENCE_SECONDS)
        calls_before = seen.count()
        server.assert_uses_no_cpu()
        calls = seen.count() - calls_before  # strace slows a spinning server, hiding its CPU use
        assert calls < MANY_CALLS, f"accept was called {calls} times within a moment"
        still_served()
    # It was turned away if the fault ended before the attempt with the reserve.
    if not newcomer.is_served():
        server.assert_serves_a_newcomer()
    assert "[ERROR]" in server.stderr


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(RECEIVE, marks=pytest.mark.excused("io-uring", NO_CALL), id="receive"),
        pytest.param(SEND, marks=pytest.mark.excused("io-uring", NO_CALL), id="send"),
        pytest.param(WAIT, id="wait"),
    ],
)
def test_interrupted_calls_are_repeated(server, still_served, calls):
    """LIMIT-8: EINTR is no error, and no end of stream."""
    with fault_injection.faults(server, f"{calls}:error=EINTR:when=1..3"):
        for _ in range(2):
            with server.connect() as client:
                client.echo(b"one")
                client.echo(b"two")
    still_served()


# Blocking sends never see EAGAIN; edge-triggered epoll reports room only after a true one.
@pytest.mark.only("select", "poll")
def test_bytes_that_cannot_be_sent_yet_are_sent_before_the_end(server, still_served):
    """ECHO-4, LIMIT-8: the FIN is read while the answer still waits for room."""
    client = server.connect()
    client.echo(b"hello")
    with fault_injection.faults(server, f"{SEND}:error=EAGAIN:when=1..5"):
        with server.frozen():
            client.send(b"owed")
            client.finish_sending()
        client.expect_end(b"owed")
    still_served()


# test_busy_poll.py has the same for it.
@pytest.mark.excused("io-uring", NO_CALL)
@pytest.mark.excused("busy-poll", "it tries everybody in turn, so the fault may meet the bystander")
@pytest.mark.parametrize(
    ("calls", "error"),
    [(RECEIVE, "ECONNRESET"), (RECEIVE, "ETIMEDOUT"), (SEND, "EPIPE"), (SEND, "ECONNRESET")],
    ids=lambda value: value if value.startswith("E") else value[:4],
)
def test_a_failed_connection_ends_alone(server, still_served, calls, error):
    """RUDE-6, RUDE-2: one client is lost, and nobody else."""
    with fault_injection.faults(server, f"{calls}:error={error}:when=2"):
        client = server.connect()
        # Which byte meets the fault depends on whether the server looks before there is one.
        assert not all([client.is_served(), client.is_served()])
    still_served()


@pytest.mark.only("thread-per-client", "fork-per-client")
@pytest.mark.parametrize("when", [FIRST, EVERY], ids=["once", "lasting"])
def test_a_client_without_thread_or_process_is_turned_away(server, still_served, when):
    """LIMIT-3: and its descriptor is closed, as the check afterwards finds."""
    with fault_injection.faults(server, f"{CREATE}:error=EAGAIN:when={when}"):
        assert server.connect().is_disconnected()
        assert server.connect().is_served() == (when == FIRST)
        still_served()


@pytest.mark.excused("io-uring", NO_CALL)
def test_a_signal_between_accept_and_the_first_byte_loses_nothing(start_server, subject):
    """LIFE-5, LIFE-8: strace holds the server at the end of accept until the signal is there."""
    # The search for leaks at the end does not work under strace.
    without_leaks = {"ASAN_OPTIONS": "detect_leaks=0"}
    server = start_server(*subject.one_free_worker(), environment=without_leaks)
    slow_accept = f"{ACCEPT}:delay_exit=300000:when={FIRST}"
    slow_send = f"{SEND}:delay_enter=200000:when={FIRST}"
    with fault_injection.faults(server, slow_accept, slow_send):
        client = server.connect()
        client.send(b"owed")
        held = lambda: any(map(process_state.is_held, server.accepting()))  # noqa: E731
        assert wait_until(held, PATIENCE_SECONDS)
        server.send_signal(signal.SIGTERM)
        client.expect_end(b"owed")
        client.close()
        assert server.wait_for_exit() == 0
