"""LIFE and SEC: how a server starts, what it says, how it stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from echolab.check import process_state
from echolab.check.payloads import assert_same, numbered_blocks
from echolab.models import MODELS
from echolab.server_process import free_port
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

GRACE_SECONDS = 2.0
MARGIN_SECONDS = 30.0  # for a machine under load
ATTEMPTS = 5  # at what such a machine may be too slow for
STOP_SIGNALS = [signal.SIGTERM, signal.SIGINT]
LARGE_BUFFER = 1024 * 1024  # bytes
FITS_THE_WINDOW = 48_000  # what a stopped server's kernel takes in at once
LOOPBACK = "0100007F"  # 127.0.0.1 as /proc/net/tcp writes it
ACTIVATION = Path(__file__).with_name("socket_activation.py")
PEER = r"127\.0\.0\.1:\d+"


@pytest.fixture
def program(model: str, programs: Path) -> str:
    """Returns the path of the server's program, for tests that need no running server."""
    return str(programs / MODELS[model].program)


def run(*command: str) -> subprocess.CompletedProcess:
    """Runs a command that is expected to end by itself."""
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@contextmanager
def just_ready(program: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """Starts a server and yields it, with its port, the moment its ready line is read."""
    command = [program, "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.kill()


class StalledClient:
    """A client that has not read so far, and what it is owed when the server is asked to end."""

    def __init__(self, server: ServerUnderTest):
        self._client = server.connect(small_buffer=True)
        self._sent = self._client.send_until_stalled(numbered_blocks)
        # The rest waits in this client's own kernel, and may come too late.
        self._owed = self._sent - self._client.unacknowledged()

    def expect_what_is_owed(self) -> None:
        """Reads to the end; fails if less comes than the server's kernel had taken, or other.

        It reads more quickly than a small buffer would let it: there is a grace, and no more.
        """
        self._client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGE_BUFFER)
        received = self._client.receive_to_end()
        self._client.close()
        assert len(received) >= self._owed
        assert_same(received, numbered_blocks(len(received)))


# Start


def test_the_ready_line_names_the_address_that_is_listened_on(server, model):
    """LIFE-1: and it is the only line, so far, on stdout."""
    assert server.stdout == f"{model} listening on 127.0.0.1:{server.process.port}\n"
    assert process_state.listening_addresses(server.process.port) == {LOOPBACK}


def test_without_a_host_it_listens_on_loopback_only(program):
    """SEC-1: the default is private."""
    with just_ready(program) as (_, port):
        assert process_state.listening_addresses(port) == {LOOPBACK}


def test_ipv6_is_served(start_server, model):
    """LIFE-15, LIFE-1: the ready line puts the address in brackets."""
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this kernel has no IPv6")
    server = start_server(host="::1")
    assert server.stdout.startswith(f"{model} listening on [::1]:")
    server.connect().echo(b"hello")


def test_a_busy_port_is_named_with_its_reason(program, model):
    """LIFE-2: the last line says which call failed, and why."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(program, "--port", str(port))
    assert (ended.returncode, ended.stdout) == (1, "")
    reason = f"cannot listen on 127.0.0.1:{port}: bind: Address already in use"
    assert ended.stderr.splitlines()[-1] == f"{model}: {reason}"


@pytest.mark.parametrize(
    "option",
    [
        "--no-such-option",
        "--port=70000",
        "--port=-1",
        "--port=http",
        "--port",
        "--backlog=0",
        "--backlog=99999999999",
        "--max-clients=-1",
        "--max-clients=many",
        "--idle-timeout=-1",
        "--idle-timeout=nan",
    ],
)
def test_bad_usage_is_refused_in_one_line(program, option):
    """LIFE-3: status 2, and the line names the option."""
    ended = run(program, option)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert option.partition("=")[0] in ended.stderr


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_answered_on_stdout(program, model, option):
    """LIFE-3: status 0, and nothing is started."""
    ended = run(program, option)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert model in ended.stdout


def test_a_handed_over_socket_is_served(start_server):
    """LIFE-12: LISTEN_FDS and LISTEN_PID, as systemd sets them."""
    server = start_server(prefix=[sys.executable, str(ACTIVATION)])
    server.connect().echo(b"hello")
    # The program was told another address, and did not use it.
    assert process_state.listening_addresses(server.process.port) == {LOOPBACK}


@pytest.mark.parametrize("mistake", ["--descriptors=2", "--not-listening", "--not-a-socket"])
def test_a_wrong_descriptor_is_refused(program, model, mistake):
    """LIFE-12, LIFE-2: status 1, and the last line is about LISTEN_FDS."""
    ended = run(sys.executable, str(ACTIVATION), mistake, program, "--port", "0")
    assert (ended.returncode, ended.stdout) == (1, "")
    last_line = ended.stderr.splitlines()[-1]
    assert last_line.startswith(f"{model}: ") and "LISTEN_FDS" in last_line


def test_a_socket_for_another_process_is_left_alone(start_server):
    """LIFE-12: LISTEN_PID names somebody else, so the variables are not for this server."""
    server = start_server(environment={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    server.connect().echo(b"hello")


# What it says


def test_a_clients_life_is_logged_in_the_usual_words(server):
    """LIFE-14: one event a line, in order."""
    with server.connect() as client:
        client.echo(b"hello")
        peer = "{}:{}".format(*client.socket.getsockname())
    server.wait_for_log(r"\[DISCONNECTED\]")
    server.terminate()
    events = server.stderr.splitlines()
    assert events.pop(0).startswith("[STARTING] ")
    assert events == [
        f"[NEW CONNECTION] {peer}",
        "[ACTIVE CONNECTIONS] 1",
        f"[DISCONNECTED] {peer}: 5 bytes sent",
        "[SHUTTING DOWN]",
        "[CLOSED]",
    ]


def test_quiet_silences_every_event(start_server):
    """LIFE-14: whatever happens to it."""
    server = start_server("--quiet", "--max-clients", "1")
    client = server.connect()
    client.echo(b"hello")
    server.connect().reset()
    client.reset()
    server.assert_gave_everything_back()
    server.terminate()
    assert server.stderr == ""


def test_a_clients_bytes_do_not_reach_the_log(server):
    """SEC-2: neither escape sequences, nor formats, nor forged events."""
    with server.connect() as client:
        client.echo(b"\x1b[31m%s%n%x\r\n[CLOSED]\n\xff")
        client.reset()
    server.wait_for_log(r"\[DISCONNECTED\]")
    assert all(line.isprintable() for line in server.stderr.splitlines())
    assert "%" not in server.stderr and "[CLOSED]" not in server.stderr


# Signals


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_stop_signal_ends_an_idle_server_with_a_summary(server, model, number):
    """LIFE-4: clients served and bytes sent, of all processes together."""
    for _ in range(2):
        with server.connect() as client:
            client.echo(b"hello")
        server.assert_gave_everything_back()
    assert server.terminate(number) == 0
    times = r"CPU time: \d+\.\d+ s user, \d+\.\d+ s system"
    workers = rf"({model}: worker \d+, process \d+: \d+ clients?\n)*"
    summary = rf"{model}: clients served: 2, bytes sent: 10, {times}\n"
    assert re.fullmatch(rf".* listening on {PEER}\n{workers}{summary}", server.stdout)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_stop_signal_ends_the_streams_of_silent_clients(server, one_at_a_time, number):
    """LIFE-4, LIFE-6: the grace is for those who are owed something."""
    clients = server.connect_served(1 if one_at_a_time else 5)
    server.send_signal(number)
    for client in clients:
        client.expect_end()
        client.close()
    ended = wait_until(lambda: not server.is_running() or server.is_quiet(), PATIENCE_SECONDS)
    assert ended and not server.is_running(), "the server sleeps, with nothing left to wait for"
    assert server.wait_for_exit() == 0


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_bytes_that_came_before_the_signal_are_answered(server, number):
    """LIFE-5: the server finds both at once. The signal goes to all its processes, as Ctrl-C."""
    client = server.connect()
    client.echo(b"hello")
    data = numbered_blocks(FITS_THE_WINDOW)
    with server.frozen():
        client.send(data)
        server.signal_group(number)
    client.expect_end(data)
    client.close()
    assert server.wait_for_exit() == 0


def test_a_client_that_is_still_sending_gets_what_it_is_owed(server):
    """LIFE-5: bytes that come too late must not destroy the answer to those that came in time."""
    client = StalledClient(server)
    server.send_signal(signal.SIGTERM)
    client.expect_what_is_owed()
    assert server.wait_for_exit() == 0


@pytest.mark.only("fork-per-client")
def test_a_child_that_is_asked_twice_still_delivers(server):
    """LIFE-5: a service manager's SIGTERM reaches all processes; the parent passes on its own."""
    client = StalledClient(server)
    (child,) = server.children()
    with server.frozen([server.pid]):
        server.signal_group(signal.SIGTERM)
        taken = wait_until(lambda: not process_state.has_pending(child), PATIENCE_SECONDS)
        assert taken, "the child has not taken its signal"
    client.expect_what_is_owed()
    assert server.wait_for_exit() == 0


def test_a_client_that_never_reads_is_given_up_after_the_grace(server):
    """LIFE-6: two seconds, and the exit status is still 0."""
    server.connect(small_buffer=True).send_until_stalled(numbered_blocks)
    server.send_signal(signal.SIGTERM)
    assert server.wait_for_exit(GRACE_SECONDS + MARGIN_SECONDS) == 0


def test_a_second_signal_ends_it_at_once(start_server):
    """LIFE-7: although a client is still owed something."""
    for _ in range(ATTEMPTS):
        server = start_server()
        server.connect(small_buffer=True).send_until_stalled(numbered_blocks)
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        taken = wait_until(lambda: not process_state.has_pending(server.pid), PATIENCE_SECONDS)
        assert taken, "the server has not taken the first signal"
        server.send_signal(signal.SIGINT)
        if time.monotonic() - began < GRACE_SECONDS:
            break
        server.wait_for_exit()  # of either: the second signal came too late
    assert server.wait_for_exit() == -signal.SIGINT


def test_a_signal_to_the_process_and_to_its_group_counts_once(start_server):
    """LIFE-5, LIFE-7: as timeout(1) sends it. Later than a tenth of a second, it would be two."""
    for attempts_left in reversed(range(ATTEMPTS)):
        server = start_server()
        client = StalledClient(server)
        server.send_signal(signal.SIGTERM)
        server.signal_group(signal.SIGTERM)
        try:
            client.expect_what_is_owed()
        except (AssertionError, ConnectionError):
            if server.wait_for_exit() != -signal.SIGTERM or not attempts_left:
                raise
        else:
            assert server.wait_for_exit() == 0
            return


@pytest.mark.usefixtures("with_prompt_signals")
def test_a_signal_right_after_the_ready_line_is_not_lost(program):
    """LIFE-8: thirty times, since it is a race."""
    for _ in range(30):
        with just_ready(program) as (process, _):
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.usefixtures("with_prompt_signals")
def test_a_signal_right_after_a_connection_is_not_lost(program):
    """LIFE-8: while the server accepts, or begins to serve."""
    for _ in range(30):
        with just_ready(program) as (process, port):
            with socket.create_connection(("127.0.0.1", port)):
                process.terminate()
                assert process.wait(PATIENCE_SECONDS) == 0


def test_being_stopped_and_continued_changes_nothing(server):
    """LIFE-11: blocking calls may then return EINTR."""
    client = server.connect()
    for _ in range(5):
        with server.frozen():
            pass
        client.echo(b"hello")


def test_signals_that_are_ignored_by_default_change_nothing(server):
    """LIFE-11: a resized terminal, for one."""
    client = server.connect()
    for number in (signal.SIGWINCH, signal.SIGURG, signal.SIGCONT):
        server.signal_group(number)
        client.echo(b"hello")


# The end


def test_after_the_end_newcomers_are_refused(server):
    """LIFE-9: nobody listens any more."""
    server.terminate()
    with pytest.raises(ConnectionRefusedError):
        server.connect()


def test_a_killed_server_leaves_no_process(server):
    """LIFE-9: its children, if it has any, die with it; its clients see the end."""
    clients = [server.connect() for _ in range(3)]
    clients[0].echo(b"hello")
    server.send_signal(signal.SIGKILL)
    assert server.wait_for_exit() == -signal.SIGKILL
    assert all(client.is_disconnected() for client in clients)


def test_it_can_be_restarted_on_its_port_at_once(start_server):
    """LIFE-10: a connection that the server closed lingers in TIME_WAIT."""
    port = free_port()
    first = start_server(port=port)
    client = first.connect()
    client.echo(b"hello")
    client_port = client.port
    first.send_signal(signal.SIGTERM)
    client.expect_end()
    client.close()
    assert first.wait_for_exit() == 0
    lingers = lambda: process_state.is_time_wait(port, client_port)  # noqa: E731
    assert wait_until(lingers, PATIENCE_SECONDS)
    start_server(port=port).connect().echo(b"hello again")


@pytest.mark.only("fork-per-client")
def test_the_death_of_a_child_harms_nobody(server):
    """LIFE-13: its client is disconnected, the others go on, the count is right."""
    victim = server.connect()
    victim.echo(b"hello")
    (child,) = server.children()
    bystander = server.connect()
    bystander.echo(b"hello")
    os.kill(child, signal.SIGKILL)
    assert victim.is_disconnected()
    bystander.echo(b"still here")
    server.wait_for_log(r"\[ERROR\] .*killed by signal 9")
    server.connect().echo(b"newcomer")
    assert re.findall(r"\[ACTIVE CONNECTIONS\] (\d+)", server.stderr) == ["1", "2", "2"]
