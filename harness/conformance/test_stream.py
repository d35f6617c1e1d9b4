"""ECHO: one client's stream comes back, whole and unchanged."""

from pathlib import Path

import hypothesis
import hypothesis.strategies as strategies
import pytest
from echolab.check import process_state
from echolab.check.payloads import EVERY_BYTE, assert_same, numbered_blocks

MEBIBYTE = 1024 * 1024
FITS_THE_WINDOW = 20_000  # what a stopped server's kernel takes in at once


def test_every_byte_value_comes_back_unchanged(server):
    """ECHO-1: all 256 values, NUL and non-ASCII among them."""
    server.connect().echo(EVERY_BYTE)


def test_line_ends_come_back_unchanged(server):
    """ECHO-1: CR and LF in every combination."""
    server.connect().echo(b"one\r\ntwo\nthree\rfour\r\n\r\n\n\n\r\r")


def test_one_byte_at_a_time_comes_back_in_order(server):
    """ECHO-2, ECHO-3: each byte is answered before the next is sent."""
    client = server.connect()
    for byte in EVERY_BYTE:
        client.echo(bytes([byte]))


def test_a_burst_that_arrives_at_once_comes_back_whole(server):
    """ECHO-2: more than one receive buffer's worth, in one event."""
    client = server.connect()
    data = numbered_blocks(64 * 1024)
    with server.frozen():
        client.send(data)
    client.expect(data)


def test_a_short_message_is_answered_exactly(server):
    """ECHO-3, ECHO-5: five bytes, no newline, no surplus; then two, and nothing of the first."""
    client = server.connect()
    client.echo(b"hello")
    client.echo(b"ab")
    client.expect_silence()


def test_a_silent_client_gets_nothing_and_keeps_its_connection(server):
    """ECHO-5, ECHO-6: no greeting, and no impatience."""
    client = server.connect()
    client.expect_silence()
    client.echo(b"at last")


def test_eight_mebibytes_come_back_while_they_are_sent(server):
    """ECHO-7: much more than all the buffers on the way."""
    server.connect().echo_while_sending(numbered_blocks(8 * MEBIBYTE))


def test_half_close_still_delivers_what_is_owed(server):
    """ECHO-4: data and FIN arrive in one event; the FIN must not hide the data."""
    client = server.connect()
    data = numbered_blocks(FITS_THE_WINDOW)
    with server.frozen():
        client.send(data)
        client.finish_sending()
    client.expect_end(data)


def test_half_close_of_a_client_that_did_not_read_delivers_everything(server):
    """ECHO-4, RES-2: the server's queues are full when the FIN comes."""
    client = server.connect(small_buffer=True)
    sent = client.send_until_stalled(numbered_blocks)
    client.finish_sending()
    client.expect_end(numbered_blocks(sent))


def test_end_of_stream_right_after_connecting_is_answered_with_the_end(server):
    """ECHO-4, ECHO-5: nothing was sent, nothing is owed."""
    client = server.connect()
    client.finish_sending()
    client.expect_end()


@pytest.mark.excused("asio-callbacks", "edge-triggered epoll may take a short one for the last")
@pytest.mark.excused("asio-coroutines", "edge-triggered epoll may take a short one for the last")
@pytest.mark.excused("io-uring", "the kernel makes its transfers, where no library shortens them")
@pytest.mark.without_sanitizers
def test_short_receives_and_short_sends_lose_nothing(start_server, programs: Path):
    """ECHO-8: recv gives at most 7 bytes, send takes at most 5."""
    shim = programs / "short_transfers.so"
    server = start_server(
        environment={"LD_PRELOAD": str(shim), "SHORT_RECEIVE": "7", "SHORT_SEND": "5"}
    )
    client = server.connect()
    client.echo(numbered_blocks(2000))
    assert process_state.has_mapped(server.pid, shim)
    # One send would have made one segment of them.
    assert client.data_segments_received() > 5, "the transfers were not shortened"


FEW_EXAMPLES = hypothesis.settings(
    max_examples=12,
    deadline=None,
    database=None,
    print_blob=True,
    # All examples of a test share one server: it must serve the next after any of them.
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
CLIENTS = 3
MESSAGES = strategies.binary(min_size=1, max_size=300)
STEPS = strategies.lists(
    strategies.tuples(
        strategies.integers(0, CLIENTS - 1),
        strategies.one_of(MESSAGES, strategies.sampled_from(["catch up", "finish", "reset"])),
    ),
    max_size=25,
)


class Conversation:
    """The reference model of one client: what it may expect after what it has done."""

    def __init__(self, client):
        self._client = client
        self._owed = b""
        self._is_sending = self._is_open = True

    def take(self, step: bytes | str, is_served: bool) -> None:
        """Does a step, as far as it makes sense after those before."""
        if not self._is_open:
            return
        if isinstance(step, bytes) and self._is_sending:
            self._client.send(step)
            self._owed += step
        elif step == "catch up" and is_served:
            self._client.expect(self._owed)
            self._owed = b""
        elif step == "finish" and self._is_sending:
            self._client.finish_sending()
            self._is_sending = False
        elif step == "reset":
            self._client.reset()
            self._is_open = False

    def end(self) -> None:
        """Ends the conversation: all that is owed must come, and then the end of the stream."""
        self.take("finish", is_served=True)
        if self._is_open:
            self._client.expect_end(self._owed)
            self._client.close()


@FEW_EXAMPLES
@hypothesis.given(steps=STEPS)
def test_interleaved_clients_get_what_a_reference_model_predicts(server, one_at_a_time, steps):
    """ECHO-1, ECHO-2, ECHO-4, CONC-2, RUDE-1: writes, half-closes and resets of three clients."""
    conversations = [Conversation(server.connect()) for _ in range(CLIENTS)]
    for number, step in steps:
        # iterative serves its first client until that one leaves.
        conversations[number].take(step, is_served=not one_at_a_time or number == 0)
    for conversation in conversations:
        conversation.end()


@FEW_EXAMPLES
@hypothesis.given(pieces=strategies.lists(strategies.binary(max_size=2000), max_size=20))
def test_random_bytes_in_random_pieces_come_back_as_one_stream(server, pieces):
    """ECHO-1, ECHO-2: the pieces are the client's, the stream is the same."""
    with server.connect() as client:
        for piece in pieces:
            client.send(piece)
        client.finish_sending()
        assert_same(client.receive_to_end(), b"".join(pieces))
