"""UDP: the echo server for datagrams, from outside: RFC 862's other half."""

import random
import re
import signal
import socket
from collections.abc import Iterator

import pytest
from datagram_client import LONGEST, PATIENCE_SECONDS, DatagramClient
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SERVER = "udp-echo"


@pytest.fixture
def client(server: ServerProcess) -> Iterator[DatagramClient]:
    """Returns a client of that server."""
    with DatagramClient(server.host, server.port) as client:
        yield client


def test_a_datagram_comes_back(client):
    """UDP-1: all of it, as one."""
    client.echo(b"hello")


def test_an_empty_datagram_comes_back(client):
    """UDP-2: 0 bytes are a datagram: recvfrom returns 0, and nothing has ended."""
    client.echo(b"")
    client.echo(b"hello")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_longest_datagram_comes_back(start_server, host):
    """UDP-2: neither cut off nor in pieces; and one byte more cannot even be sent."""
    server = start_server("--host", host)
    with DatagramClient(server.host, server.port) as client:
        longest = bytes(range(256)) * 256
        client.echo(longest[: LONGEST[client.family]])
        with pytest.raises(OSError, match="Message too long"):
            client.send(longest[: LONGEST[client.family] + 1])


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(datagram=st.binary(max_size=3000))
def test_whatever_it_holds_it_comes_back(client, datagram):
    """UDP-1: control characters, NUL, what is no UTF-8."""
    client.echo(datagram)


def test_clients_get_what_is_theirs(server):
    """UDP-3: one socket serves them all; the address tells them apart."""
    with (
        DatagramClient(server.host, server.port) as alice,
        DatagramClient(server.host, server.port) as bob,
    ):
        alice.echo(b"from alice")
        bob.echo(b"from bob")
        assert b"from bob" not in alice.seen and b"from alice" not in bob.seen


def test_a_client_that_has_gone_harms_nobody(server, client):
    """UDP-4: its answers find no one; the kernel then says ECONNREFUSED, to whom it may concern."""
    for _ in range(20):
        with DatagramClient(server.host, server.port) as hasty:
            hasty.send(b"anybody here?")
    client.echo(b"hello")


def test_a_datagram_from_a_port_like_its_own_is_not_answered(server, client):
    """UDP-6: it may be forged, to set two servers upon each other (CERT CA-1996-01)."""
    other_server = ("127.0.0.2", server.port)
    with DatagramClient(server.host, server.port, bound_to=other_server) as forged:
        forged.send(b"hello")
        logged = f"[ERROR] dropped 1 datagram; 127.0.0.2:{server.port}: not answered"
        assert wait_until(lambda: logged in server.stderr, PATIENCE_SECONDS), server.stderr
        client.echo(b"hello")  # it has dealt with the other one
        assert_nothing_came(forged)


@pytest.mark.parametrize("port", [7, 19, 1023])
def test_a_datagram_from_a_servers_port_is_not_answered(server, client, port):
    """UDP-6: ports below 1024 are those of services, some of which would answer the answer."""
    # An address of its own, since others may be trying this on the same machine.
    address = f"127.{'.'.join(str(random.randrange(1, 255)) for _ in range(3))}"
    try:
        small_service = DatagramClient(server.host, server.port, bound_to=(address, port))
    except PermissionError:
        pytest.skip(f"only root may use port {port}")
    with small_service:
        small_service.send(b"hello")
        logged = f"{address}:{port}: not answered"
        assert wait_until(lambda: logged in server.stderr, PATIENCE_SECONDS), server.stderr
        client.echo(b"hello")
        assert_nothing_came(small_service)


def test_a_flood_of_garbage_harms_nobody(server, client):
    """UDP-5: some of it is lost, and the server is not."""
    chance = random.Random(862)
    with DatagramClient(server.host, server.port) as rude:
        for _ in range(2000):
            rude.send(chance.randbytes(chance.randrange(2000)))
    client.echo(b"hello")


def test_what_is_dropped_is_logged_once_a_second_at_most(server, client):
    """LIMIT-4: who can make a server log can fill its disk."""
    other_server = ("127.0.0.2", server.port)
    with DatagramClient(server.host, server.port, bound_to=other_server) as forged:
        for _ in range(50):
            forged.send(b"hello")
    client.echo(b"hello")
    seconds_at_most = PATIENCE_SECONDS
    assert 1 <= server.stderr.count("[ERROR]") <= seconds_at_most


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_summary(server, client, number):
    """LIFE-4: in datagrams."""
    client.echo(b"hello")
    server.send_signal(number)
    assert server.wait(PATIENCE_SECONDS)
    assert server.exit_status == 0
    summary = r"udp-echo: datagrams received: \d+, sent: \d+, CPU time: .* system\n\Z"
    assert re.search(summary, server.stdout), server.stdout
    assert "[SHUTTING DOWN]\n[CLOSED]\n" in server.stderr


def test_after_its_end_its_clients_are_refused(server, client):
    """LIFE-9: a connected socket learns of it (udp(7)): that is how a client of UDP can know."""
    client.echo(b"hello")
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        client.ask(b"hello", lambda answer: False)


def test_a_port_in_use_is_no_port_to_serve_at(server, programs):
    """LIFE-2: no SO_REUSEADDR, or two servers would share the port without a word."""
    second = ServerProcess("udp-echo", [str(programs / "udp_echo"), f"--port={server.port}"])
    with pytest.raises(Exception, match="exit status 1.*bind: Address already in use"):
        second.start()
        second.stop()


def test_it_logs_nothing_with_quiet(start_server):
    """LIFE-14: a server that is measured must not log."""
    server = start_server("--quiet")
    with DatagramClient(server.host, server.port, ("127.0.0.2", server.port)) as forged:
        forged.send(b"hello")
    with DatagramClient(server.host, server.port) as client:
        client.echo(b"hello")
    server.stop()
    assert server.stderr == ""


def assert_nothing_came(client: DatagramClient) -> None:
    """Fails if a datagram waits to be received."""
    client.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.socket.recv(65535, socket.MSG_PEEK)
