"""The table of TCP sockets, by netlink and, where there is none, out of /proc."""

import socket

import pytest

from echolab import tcp_sockets
from echolab.waiting import wait_until

WAYS = ("netlink", "proc")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Both ways to look: the second, when the kernel does not answer the first."""

    def refuse(*_arguments):
        raise OSError("no sock_diag here")

    if request.param == "proc":
        monkeypatch.setattr(tcp_sockets, "_ask", refuse)


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        with socket.create_server((request.param, 0), family=family) as listener:
            yield listener
    except OSError:
        pytest.skip(f"this machine has no {request.param}")


def port_of(end: socket.socket) -> int:
    return end.getsockname()[1]


def test_a_listener_tells_how_many_wait_to_be_accepted(way, listener):
    with socket.create_connection(listener.getsockname()[:2]):
        (found,) = [s for s in tcp_sockets.listening() if s.port == port_of(listener)]
    assert (found.waiting, found.unsent) == (1, 0)


def test_a_connection_belongs_to_nobody_until_it_is_accepted(way, listener):
    with socket.create_connection(listener.getsockname()[:2]) as client:
        look = lambda: tcp_sockets.connection(port_of(listener), port_of(client))  # noqa: E731
        assert look().inode == "0"
        with listener.accept()[0]:
            assert look().inode != "0"


def test_what_nobody_has_received_is_counted(way, listener):
    with socket.create_connection(listener.getsockname()[:2]) as client:
        with listener.accept()[0]:
            client.send(b"three")
            end = lambda: tcp_sockets.connection(port_of(listener), port_of(client))  # noqa: E731
            assert wait_until(lambda: end().waiting == 5, 60)


def test_who_closes_first_lingers_in_time_wait(way, listener):
    client = socket.create_connection(listener.getsockname()[:2])
    port = port_of(client)
    listener.accept()[0].close()
    client.close()
    end = lambda: tcp_sockets.connection(port_of(listener), port)  # noqa: E731
    assert wait_until(lambda: end() and end().state == tcp_sockets.TIME_WAIT, 60)


def test_what_does_not_exist_is_not_found(way, listener):
    assert tcp_sockets.connection(port_of(listener), 1) is None
