"""SERV: services that speak in messages, one set for all of them."""

from dataclasses import dataclass

from echolab import tcp_sockets
from echolab.check import process_state
from echolab.check.client import Client, Ending
from echolab.check.company import survival
from echolab.check.outcomes import Failed, Skipped
from echolab.check.payloads import EVERY_BYTE, assert_same, numbered_blocks
from echolab.check.registry import ALL_SERVICES, check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

MESSAGE_SERVICES = tuple(service for service in ALL_SERVICES if service != "echo")
LONGEST_LINE = 4096  # bytes, the line end not counted
TOO_LONG = b"error: line too long\n"
STILL_SENDING = 100_000  # bytes, behind the last message
# Messages whose answers a client that does not read has no room for, and the server's kernel has.
UNREAD_MESSAGES = 8000
FIN_SECONDS = 3.0  # for the server to send its FIN, and for its kernel to take the client's


@dataclass(frozen=True)
class Exchange:
    """A message that every server of a service understands, and the answer; without line ends."""

    message: bytes
    answer: bytes


EXCHANGES = {
    "ack": Exchange(b"hello", b"Message 'hello' received successfully"),
    "bye": Exchange(b"hello", b"hello"),
    "pingpong": Exchange(b"ping", b"pong"),
    "temperature": Exchange(b"100", b"212.00"),
}


LAST_WORDS = {"bye": (b"bye", b"bye"), "pingpong": (b"done", b"")}  # with the answer, if any


def _line_end(trial: Trial) -> bytes:
    """Returns what ends a message: the answer ends in the same way."""
    return b"" if _is_in_chunks(trial) else b"\n"


def _is_in_chunks(trial: Trial) -> bool:
    return trial.known["framing"] == "chunk"


def _expect(trial: Trial, client: Client, message: bytes, answer: bytes) -> None:
    """Sends a message, and expects that answer at once."""
    end = _line_end(trial)
    reply = client.ask(message + end, len(answer + end))
    trial.state(message_ending=reply.ending)
    assert_same(reply.data, answer + end)


@check("SERV-1", "a message is acknowledged", basic=True, services=("ack",))
def acknowledges(trial: Trial) -> None:
    """Says hello, twice, and waits for the acknowledgement each time."""
    client = trial.start().connect()
    for _ in range(2):
        _expect(trial, client, b"hello", b"Message 'hello' received successfully")
    client.expect_silence()


@check("SERV-2", "messages are echoed until bye", basic=True, services=("bye",))
def says_good_bye(trial: Trial) -> None:
    """Says hello, good bye and bye: all come back, and after the last one the end."""
    client = trial.start().connect()
    for message in (b"hello", b"good bye", b"bye"):
        _expect(trial, client, message, message)
    client.expect_end()


@check("SERV-3", "ping is answered by pong until done", basic=True, services=("pingpong",))
def plays_ping_pong(trial: Trial) -> None:
    """Says ping, something else and ping again, then done: two pongs come, and the end."""
    client = trial.start().connect()
    _expect(trial, client, b"ping", b"pong")
    client.send(b"what?" + _line_end(trial))
    client.expect_silence()
    _expect(trial, client, b"ping", b"pong")
    client.send(b"done" + _line_end(trial))
    client.expect_end()


@check("SERV-4", "Celsius is answered by Fahrenheit", basic=True, services=("temperature",))
def converts(trial: Trial) -> None:
    """Sends 100, abc, nan, inf and -40: what is no temperature is an error, and not the end."""
    client = trial.start().connect()
    _expect(trial, client, b"100", b"212.00")
    for word in (b"abc", b"nan", b"inf"):
        _expect(trial, client, word, b"error: '" + word + b"' is not a temperature")
    _expect(trial, client, b"-40", b"-40.00")


@check("SERV-5", "lines may come in any pieces", services=MESSAGE_SERVICES)
def lines_in_pieces(trial: Trial) -> None:
    """Sends half a line, then the rest with CRLF and the next line, then one that the end ends."""
    _skip_unless_lines(trial)
    exchange = EXCHANGES[trial.service]
    client = trial.start().connect()
    message, answer = exchange.message, exchange.answer + b"\n"
    client.send(message[:2])
    client.expect_silence()
    client.send(message[2:] + b"\r\n" + message + b"\n" + message)
    reply = client.read(2 * len(answer))
    trial.state(lines_ending=reply.ending)
    assert_same(reply.data, 2 * answer)
    client.finish_sending()
    client.expect_end(answer)


@check("SERV-5b", "a line that is too long is an error", services=MESSAGE_SERVICES)
def line_too_long(trial: Trial) -> None:
    """Sends 4096 bytes and a newline, which is the longest line; and then one byte more."""
    _skip_unless_lines(trial)
    specimen = trial.start()
    longest = specimen.connect()
    longest.send(b"x" * LONGEST_LINE + b"\n")
    longest.finish_sending()
    trial.require(TOO_LONG not in longest.receive_to_end(), "the longest line was refused")
    client = specimen.connect()
    client.send(b"x" * (LONGEST_LINE + 1))
    client.expect_end(TOO_LONG)


def _skip_unless_lines(trial: Trial) -> None:
    if _is_in_chunks(trial):
        raise Skipped("its messages are chunks, not lines")


@check("SERV-6", "a chunk is what one recv returned", services=MESSAGE_SERVICES)
def chunks(trial: Trial) -> None:
    """Sends a message without a newline, and one with it: the answers end as the messages did."""
    if not _is_in_chunks(trial):
        raise Skipped("its messages are lines, not chunks")
    exchange = EXCHANGES[trial.service]
    client = trial.start().connect()
    for end in (b"", b"\n"):
        reply = client.ask(exchange.message + end, len(exchange.answer + end))
        assert_same(reply.data, exchange.answer + end)
        client.expect_silence()


@check("SERV-7", "bytes that are no text harm nobody", services=MESSAGE_SERVICES)
def not_text(trial: Trial) -> None:
    """Sends all byte values; then a newcomer must be served, and no ESC be in answers and log."""
    specimen = trial.start()
    client = specimen.connect()
    client.send(EVERY_BYTE.replace(b"\n", b"") + b"\n")
    client.finish_sending()
    reply = client.read_to_end()
    trial.require_alive(specimen, after="bytes that are no text", seconds=0.0)
    trial.require(reply.ending is Ending.END, f"the connection was left {reply.ending.value}")
    is_echo = trial.service == "bye"
    trial.require(is_echo or b"\x1b" not in reply.data, "an ESC of the client is in the answer")
    log = specimen.process.stdout + specimen.process.stderr
    trial.state(escape_in_log="\x1b" in log)
    trial.require("\x1b" not in log, "an ESC of the client is in the server's log")
    exchange = EXCHANGES[trial.service]
    _expect(trial, specimen.connect(), exchange.message, exchange.answer)


@check("SERV-8", "the last answer reaches a client that is still sending", services=("bye",))
def last_answer(trial: Trial) -> None:
    """Stops the server while 'bye' and 100,000 bytes more arrive; 'bye' must come, and a FIN."""
    _skip_unless_lines(trial)
    specimen = trial.start()
    client = specimen.connect()
    client.ask(b"hello\n")
    with specimen.frozen():
        client.send(b"bye\n" + numbered_blocks(STILL_SENDING))
    reply = client.read_to_end()
    trial.state(last_answer=reply.data, last_answer_ending=reply.ending)
    assert_same(reply.data, b"bye\n")
    trial.require(reply.ending is Ending.END, f"the connection was left {reply.ending.value}")


@check("SERV-8b", "both ends may finish at the same moment", services=("bye", "pingpong"))
def both_finish(trial: Trial) -> None:
    """Stops the server while its client's last message and FIN arrive, so that it finds both.

    Then both FINs are underway at once (RFC 9293, figure 13): the server's waits behind answers for
    which a client that does not read has no room, when the client's comes. All answers must come,
    and an end; and a newcomer be served.
    """
    specimen = trial.start()
    last, answer = LAST_WORDS[trial.service]
    end = _line_end(trial)
    client = specimen.connect()
    with survival(trial, specimen, "death_of_both_finishing", "both ends had finished at once"):
        with specimen.frozen():
            client.send(last + end)
            client.finish_sending()
        _expect_all(client, answer + end if answer else b"")
    if not _is_in_chunks(trial):
        with survival(trial, specimen, "death_of_both_finishing", "two FINs had crossed"):
            _let_fins_cross(trial, specimen)
    exchange = EXCHANGES[trial.service]
    _expect(trial, specimen.connect(), exchange.message, exchange.answer)


def _expect_all(client: Client, answer: bytes) -> None:
    reply = client.read_to_end()
    assert_same(reply.data, answer)
    if reply.ending is not Ending.END:
        raise Failed(f"the connection was left {reply.ending.value}")


def _let_fins_cross(trial: Trial, specimen: Specimen) -> None:
    exchange, (last, answer) = EXCHANGES[trial.service], LAST_WORDS[trial.service]
    client = specimen.connect(small_buffer=True)
    client.send((exchange.message + b"\n") * UNREAD_MESSAGES + last + b"\n")
    state = lambda: process_state.state_of(specimen.port, client.port)  # noqa: E731
    wait_until(lambda: state() == tcp_sockets.FIN_WAIT_1, FIN_SECONDS)
    client.finish_sending()
    have_crossed = wait_until(lambda: state() == tcp_sockets.CLOSING, FIN_SECONDS)
    trial.state(fins_crossed=have_crossed)
    specimen.note("has sent its FIN, too" if have_crossed else "did not send its FIN before")
    answers = (exchange.answer + b"\n") * UNREAD_MESSAGES
    _expect_all(client, answers + (answer + b"\n" if answer else b""))
