import socket

import pytest

from echolab.socket_diag import LISTEN, SocketDiagnostics
from echolab.waiting import wait_until


@pytest.fixture
def kernel():
    with SocketDiagnostics() as diagnostics:
        yield diagnostics


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=7) as listening:
        yield listening


@pytest.fixture
def client(listener):
    with socket.create_connection(listener.getsockname()) as connected:
        yield connected


def test_a_connection_that_nobody_has_accepted_is_seen_as_such(kernel, listener, client):
    ends = listener.getsockname(), client.getsockname()
    assert not kernel.connection(*ends).is_accepted
    with listener.accept()[0]:
        assert kernel.connection(*ends).is_accepted


def test_bytes_count_as_read_when_the_program_has_read_them(kernel, listener, client):
    ends = listener.getsockname(), client.getsockname()
    client.sendall(b"hello")
    with listener.accept()[0] as accepted:
        assert wait_until(lambda: kernel.connection(*ends).receive_queue == 5, 10)
        assert kernel.connection(*ends).bytes_read == 0
        accepted.recv(2)
        assert kernel.connection(*ends).bytes_read == 2


def test_bytes_count_as_acknowledged_when_the_peer_has_them(kernel, listener, client):
    with listener.accept()[0] as accepted:
        accepted.sendall(b"hello")
        ends = accepted.getsockname(), client.getsockname()
        assert wait_until(lambda: kernel.connection(*ends).bytes_acknowledged >= 5, 10)


def test_a_listener_tells_how_many_connections_it_has_not_accepted(kernel, listener, client):
    (found,) = kernel.sockets(listener.getsockname()[1], 1 << LISTEN)
    assert (found.receive_queue, found.send_queue) == (1, 7)


def test_all_sockets_of_a_port_are_listed_whatever_their_family(kernel):
    with socket.create_server(
        ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True
    ) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as old:
            with socket.create_connection(("::1", port)) as new:
                wanted = {0, old.getsockname()[1], new.getsockname()[1]}
                assert {found.peer_port for found in kernel.sockets(port)} == wanted


def test_a_connection_that_does_not_exist_is_none(kernel, listener):
    nobody = ("127.0.0.1", 1)
    assert kernel.connection(listener.getsockname(), nobody) is None
