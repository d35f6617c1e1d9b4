"""RUDE: clients that reset, vanish, dribble. Each test ends with a newcomer being served."""

import pytest
from echolab.check.payloads import numbered_blocks

MEBIBYTE = 1024 * 1024


def test_resets_after_an_echo_are_survived(server, still_served):
    """RUDE-1: the server learns of it from recv."""
    for _ in range(5):
        client = server.connect()
        client.echo(b"hello")
        client.reset()
        still_served()


def test_a_client_that_leaves_its_answer_unread_is_survived(server, still_served):
    """RUDE-1: a close with data unread is a reset (RFC 2525, 2.17)."""
    client = server.connect()
    client.send(numbered_blocks(60_000))
    server.wait_until_quiet()
    client.close()
    still_served()


@pytest.mark.parametrize("count", [48 * 1024, 4 * MEBIBYTE], ids=["then FIN", "in mid-stream"])
def test_a_client_that_left_before_its_answer_is_survived(server, still_served, count):
    """RUDE-1, RUDE-2: the answer meets a closed socket; recv or send then fail, and no SIGPIPE."""
    client = server.connect()
    client.echo(b"hello")
    with server.frozen():
        client.socket.setblocking(False)
        client.socket.send(numbered_blocks(count))
        client.close()
    still_served()


def test_a_reset_of_a_stalled_client_is_survived(server, still_served):
    """RUDE-1, RUDE-2: the server waits for room to send, and gets a reset."""
    client = server.connect(small_buffer=True)
    client.send_until_stalled(numbered_blocks)
    client.reset()
    still_served()


def test_a_reset_of_a_half_closed_connection_is_survived(server, still_served):
    """RUDE-1: FIN first, RST while the server is still sending."""
    client = server.connect(small_buffer=True)
    client.send_until_stalled(numbered_blocks)
    client.finish_sending()
    client.reset()
    still_served()


def test_two_hundred_clients_that_connect_and_leave_are_survived(server, still_served):
    """RUDE-3: no word, only a FIN."""
    for _ in range(200):
        server.connect().close()
    still_served()


def test_clients_that_are_reset_before_they_are_accepted_are_survived(server, still_served):
    """RUDE-3: the queue of the listener holds connections that are dead already."""
    with server.frozen():
        for _ in range(10):
            server.connect().reset()
    still_served()


def test_a_dribbling_client_is_served_and_so_are_the_others(server, still_served):
    """RUDE-4: one byte, then somebody else's turn."""
    client = server.connect()
    for byte in b"drop by drop":
        client.echo(bytes([byte]))
        still_served()


def test_urgent_data_does_no_harm(server, still_served):
    """RUDE-5: the stream around it is echoed, with or without the urgent byte."""
    client = server.connect()
    with server.frozen():
        client.send(b"before")
        client.send_urgent(b"!")
        client.send(b"after")
    client.finish_sending()
    assert client.receive_to_end() in (b"beforeafter", b"before!after")
    still_served()
