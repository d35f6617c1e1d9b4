"""What the labs' measurements say: by what they see, not by how long it took."""

import socket

import pytest
from echolab.course import experiment, lab_04, lab_05
from echolab.course.experiment import HELLO, hello_beside

LEAVING = "when they leave"
FD_SETSIZE = 1024


@pytest.fixture
def ends():
    """A client's socket, and the server's end of its connection."""
    client, server = socket.socketpair()
    with client, server:
        yield client, server


class Silent:
    """A client whom the server serves, and that says nothing; `on_leaving` is called at its end."""

    def __init__(self, on_leaving=lambda: None):
        self.close = on_leaving


def test_a_hello_that_is_answered_needs_nobody_to_leave(ends):
    client, server = ends
    server.sendall(HELLO)
    left = []
    assert hello_beside([Silent(lambda: left.append(True))], client, LEAVING).value == "at once"
    assert not left


def test_a_hello_that_is_answered_when_the_others_have_left_has_waited_for_them(ends, monkeypatch):
    monkeypatch.setattr(experiment, "A_WHILE_SECONDS", 0.01)
    client, server = ends
    silent = Silent(lambda: server.sendall(HELLO))
    assert hello_beside([silent], client, LEAVING).value == LEAVING


def test_a_hello_that_nobody_answers_is_never_answered(ends, monkeypatch):
    monkeypatch.setattr(experiment, "A_WHILE_SECONDS", 0.01)
    monkeypatch.setattr(experiment, "PATIENCE_SECONDS", 0.01)
    assert hello_beside([Silent()], ends[0], LEAVING).value == "never"


def test_by_level_a_socket_is_reported_until_all_is_read():
    assert lab_04.reports_by_level().value == lab_04.RECEIVED_BYTES // lab_04.BUFFER_BYTES


def test_by_edge_a_socket_is_reported_once():
    assert lab_04.reports_by_edge().value == 1


def test_poll_holds_more_clients_than_a_set_has_places(programs):
    held = lab_04.most_clients_of_poll().value
    assert FD_SETSIZE < held < lab_04.DESCRIPTORS


def test_silent_clients_cost_poll_more_than_they_cost_epoll(programs):
    of_poll = lab_04.echo_beside_800_silent_clients_of_poll().value
    assert of_poll > 2 * lab_04.echo_beside_800_silent_clients_of_epoll().value


def test_a_write_that_does_not_wait_keeps_what_the_kernel_does_not_take():
    assert 0 < lab_05.what_write_keeps().value < lab_05.WRITTEN_BYTES
