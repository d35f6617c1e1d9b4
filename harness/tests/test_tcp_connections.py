import socket

import pytest

from echolab import tcp_sockets
from echolab.tcp_sockets import LISTEN, connection, of_port
from echolab.waiting import wait_until


@pytest.fixture(params=["by netlink", "from /proc"])
def way(request, monkeypatch):
    """The two ways by which the kernel can be asked."""
    if request.param == "from /proc":
        monkeypatch.setattr(tcp_sockets, "NETLINK_SOCK_DIAG", 99)  # a protocol of nobody
    return request.param


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=7) as listening:
        yield listening


@pytest.fixture
def client(listener):
    with socket.create_connection(listener.getsockname()) as connected:
        yield connected


def ports(listener, client):
    return listener.getsockname()[1], client.getsockname()[1]


def test_a_connection_that_nobody_has_accepted_is_seen_as_such(way, listener, client):
    assert not connection(*ports(listener, client)).is_accepted
    with listener.accept()[0]:
        assert connection(*ports(listener, client)).is_accepted


def test_bytes_count_as_read_when_a_process_has_taken_all_of_them(way, listener, client):
    client.sendall(b"hello")
    with listener.accept()[0] as accepted:
        assert wait_until(lambda: connection(*ports(listener, client)).waiting == 5, 60)
        assert not connection(*ports(listener, client)).has_read(5)
        accepted.recv(2)
        assert not connection(*ports(listener, client)).has_read(5)
        accepted.recv(3)
        assert connection(*ports(listener, client)).has_read(5)


def test_what_has_not_come_is_not_read(listener, client):
    with listener.accept()[0]:
        assert not connection(*ports(listener, client)).has_read(5)


def test_bytes_count_as_acknowledged_when_the_peers_kernel_has_them(listener, client):
    with listener.accept()[0] as accepted:
        accepted.sendall(b"hello")
        end = ports(listener, client)
        assert wait_until(lambda: connection(*end).acknowledged >= 5, 60)


def test_a_listener_tells_how_many_connections_nobody_has_accepted(way, listener, client):
    (found,) = (one for one in of_port(listener.getsockname()[1]) if one.state == LISTEN)
    assert found.waiting == 1


def test_all_sockets_of_a_port_are_listed_whatever_their_family(way):
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
        port = both.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as old:
            with socket.create_connection(("::1", port)) as new:
                wanted = {0, old.getsockname()[1], new.getsockname()[1]}
                assert {found.peer_port for found in of_port(port)} == wanted


def test_a_connection_that_does_not_exist_is_none(way, listener):
    assert connection(listener.getsockname()[1], 1) is None
