"""ECHO: one client's stream comes back, whole and unchanged."""

import socket
import time
from dataclasses import dataclass

from echolab.check import process_state, short_transfers, watching
from echolab.check.client import Client, Ending, Reply
from echolab.check.outcomes import Failed, Skipped
from echolab.check.payloads import EVERY_BYTE, assert_same, first_difference, numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import NotListening, Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

FITS_THE_WINDOW = 20_000  # bytes that a stopped server's kernel takes in at once
MORE_THAN_ONE_RECEIVE = 180_000  # bytes, of which a stopped server's kernel takes in 64 KiB
MOST_OF_ONE_RECEIVE = 100_000  # so that who echoes more has received again
# Bytes, one after the other, that may fill a buffer; the last more than any that one may have.
NUDGES = (*[256] * 4, 512, 512, 1024, 1024, 4096, 8192, 256 * 1024)
ACCEPT_SECONDS = 2.0
DEATH_SECONDS = 0.7  # a program that has gone wrong may still print a long story
SHORTENED_BYTES = 2000
WHOLE_SEGMENTS = 5  # in which so many bytes come, at most, if their transfers are not shortened
BURST_BYTES = 64 * 1024
ENDLESS = 32 * 1024 * 1024  # bytes: more than the kernel's buffers take; the server's must not
MEBIBYTE = 1024 * 1024
SHOWN = 200  # bytes of a wrong answer that are kept
PROMPT_ANSWERS = 15
MANY_MESSAGES = 100
SILENT_SECONDS = 3.0  # a person thinks for longer
HELD_BACK_SECONDS = 0.030  # the delayed acknowledgement for which Nagle's algorithm waits: 40 ms


@check("ECHO-3", "a short message is answered at once", basic=True)
def short_message(trial: Trial) -> None:
    """Sends five bytes without a newline, and waits for them; then two more.

    If nothing comes back, it tries what the server may be waiting for: a newline, more bytes, the
    end of the stream.
    """
    specimen = trial.start()
    client = specimen.connect()
    reply = client.ask(b"hello")
    trial.state(hello_ending=reply.ending, hello_data=reply.data)
    if reply.ending is Ending.STUCK and not reply.data:
        trial.state(released_by=_what_releases(trial, specimen, client))
    if reply.is_disconnection or not specimen.is_running():
        trial.require_alive(specimen, after="the first message", seconds=DEATH_SECONDS)
    if reply.is_disconnection and not reply.data:
        trial.state(unanswered_stderr=_last_line(specimen.process.stderr))
        trial.state(silent_is_ended=_ends_a_silent_client(specimen))
    if reply.data and reply.data != b"hello":
        answer = reply.data + client.read(MEBIBYTE).data
        client.close()  # some serve one client at a time
        trial.state(hello_answer=answer[:SHOWN], greeting=_greeting(specimen))
    assert_same(reply.data, b"hello")
    _no_surplus(trial, specimen, client)
    _nothing_of_the_first(trial, specimen, client)


def _ends_a_silent_client(specimen: Specimen) -> bool:
    """Tells whether the server ends the connection of a client that says nothing."""
    with specimen.connect() as client:
        return client.read(1).is_disconnection


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _greeting(specimen: Specimen) -> bytes:
    """Returns what a client gets that has not said anything."""
    with specimen.connect() as client:
        return client.read(MEBIBYTE).data[:SHOWN]


def _no_surplus(trial: Trial, specimen: Specimen, client: Client) -> None:
    """Fails if more than the five bytes comes back, or the end of the stream."""
    began = time.monotonic()
    after = client.read(MEBIBYTE)
    silence = round(time.monotonic() - began, 1)
    trial.state(surplus=after.data[:SHOWN], after_hello=after.ending, silence_after_hello=silence)
    if after.data:
        client.close()  # some serve one client at a time
        trial.state(answer_to_5=5 + len(after.data), answer_to_9=_length_of_answer(specimen))
        raise Failed(f"{len(after.data)} more bytes came than were sent")
    if after.is_disconnection:
        trial.require_alive(specimen, after="the first message", seconds=DEATH_SECONDS)
        trial.state(echoed_of_20000=_echoed_at_once(specimen, FITS_THE_WINDOW))
        trial.state(echoed_of_180000=_echoed_at_once(specimen, MORE_THAN_ONE_RECEIVE))
        trial.state(clients_are_non_blocking=_is_non_blocking(specimen))
        raise Failed(f"the server ended the connection after one message ({after.ending.value})")


def _length_of_answer(specimen: Specimen) -> int:
    """Returns how many bytes a new client gets for nine."""
    with specimen.connect() as client:
        client.send(b"good bye!")
        return len(client.read(MEBIBYTE).data)


def _echoed_at_once(specimen: Specimen, count: int) -> int:
    """Returns how much of `count` bytes, there at one moment, a server echoes before it ends.

    This tells one that receives once from one that stops when nothing is there at the moment.
    """
    if not specimen.is_running():
        return 0
    client = specimen.connect(send_buffer=MEBIBYTE)
    with specimen.frozen():
        client.send(numbered_blocks(count))
    return len(client.read(count).data)


def _is_non_blocking(specimen: Specimen) -> bool | None:
    """Tells whether a client's socket is non-blocking in the server; None if nobody accepts it."""
    if not specimen.is_running():
        return None
    with specimen.connect() as client:
        wait_until(lambda: watching.place_of(specimen, client) is not None, ACCEPT_SECONDS)
        specimen.comes_to_rest(ACCEPT_SECONDS)
        place = watching.place_of(specimen, client)
        return place and process_state.is_non_blocking(place.pid, place.descriptor)


def _nothing_of_the_first(trial: Trial, specimen: Specimen, client: Client) -> None:
    """Fails if a shorter message brings nothing, or something of the longer one before."""
    second = client.ask(b"ab")
    answer = second.data
    if second.ending is Ending.COMPLETE:
        answer += client.read(MEBIBYTE).data
    trial.state(second_answer=answer[:SHOWN], second_ending=second.ending)
    if second.ending is Ending.STUCK and (end := client.end_at_server()):
        sits_in = process_state.system_calls(specimen.process.tree())
        trial.state(second_unread=end.waiting, second_sits_in=sorted(set(sits_in)))
    assert_same(answer, b"ab")


def _what_releases(trial: Trial, specimen: Specimen, client: Client) -> str:
    """Returns after what the server echoes at last: "newline", "256 bytes", "end of stream"."""
    waits = [process_state.waiting_receives(specimen.process.tree())]
    reply = client.ask(b"\n", 1)
    if reply.data:
        return "newline"
    waits.append(process_state.waiting_receives(specimen.process.tree()))
    trial.state(receives_before_nudge=waits[0], receives_after_nudge=waits[1])
    for number, size in enumerate(NUDGES, start=1):
        if reply.is_disconnection:
            return ""
        reply = client.ask(b"z" * size, 1)
        if reply.data:
            return f"{sum(NUDGES[:number])} bytes"
    client.finish_sending()
    return "end of stream" if client.read_to_end().data else ""


@dataclass(frozen=True)
class Message:
    """Bytes that some servers do not return as they are."""

    name: str  # of the facts that concern it: wrong_NAME, wrong_NAME_ending, died_of_NAME
    words: str
    data: bytes


HIGH_BYTES = b"<" + EVERY_BYTE[128:] + b">"
LINE_ENDS = b"a\r\nb\nc\rd\r\n"
MESSAGES = (
    Message("format", "format characters", b"%x.%x.%d 100%% sure"),
    Message("nul", "a NUL", b"ab\0cd"),
    Message("high", "bytes above 127", HIGH_BYTES),
    Message("line_ends", "line ends", LINE_ENDS),
    Message("any", "every byte value", EVERY_BYTE),
)


@check("ECHO-1", "every byte value comes back unchanged", basic=True)
def every_byte(trial: Trial) -> None:
    """Sends format characters, a NUL, bytes above 127, line ends, then all 256 values.

    After a wrong answer it goes on with a new client or, if the server has died, with a new server.
    """
    specimen = trial.start()
    client = specimen.connect()
    for plain in (b"plain", b"plain again"):
        answer = client.ask(plain).data
        trial.state(wrong_plain=answer if answer != plain else None)
        assert_same(answer, plain)
    failures: list[Failed] = []
    for message in MESSAGES:
        reply = client.ask(message.data)
        if reply.data == message.data:
            continue
        if reply.ending is Ending.COMPLETE:
            reply = Reply(reply.data + client.read(SHOWN).data, reply.ending)
        failures.append(_wrong_answer(trial, specimen, message, reply))
        client.close()
        if not specimen.is_running():
            specimen = trial.start()
        client = specimen.connect()
    if failures:
        raise failures[0]


def _wrong_answer(trial: Trial, specimen: Specimen, message: Message, reply: Reply) -> Failed:
    """States what came back instead, and returns how to say it."""
    facts = {f"wrong_{message.name}": reply.data, f"wrong_{message.name}_ending": reply.ending}
    is_silent = not reply.data or reply.is_disconnection
    if is_silent and specimen.dies_within(DEATH_SECONDS):
        facts[f"died_of_{message.name}"] = specimen.how_it_ended()
    trial.state(**facts, last_words_about_bytes=specimen.process.stderr[-SHOWN:])
    try:
        assert_same(reply.data, message.data)
    except Failed as failure:
        failure.args = (f"{message.words}: {failure}",)
        return failure
    raise AssertionError("the answer was right")


@check("ECHO-2", "a burst that arrives at once comes back whole")
def burst(trial: Trial) -> None:
    """Stops the server, sends it 64 KiB, and lets it go on: more than it can receive in one piece.

    If not all comes back, it sends one byte more, to see whether that releases the rest.
    """
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    data = numbered_blocks(BURST_BYTES)
    with specimen.frozen():
        client.send(data)
    reply = client.read(BURST_BYTES)
    trial.state(burst_echoed=len(reply.data), burst_ending=reply.ending)
    if reply.is_disconnection:
        trial.require_alive(specimen, after="64 KiB that came at once", seconds=DEATH_SECONDS)
    if reply.data != data and reply.ending is Ending.STUCK:
        released = client.ask(b"N", BURST_BYTES - len(reply.data) + 1).data
        is_late = (reply.data + released).startswith(data[: len(reply.data) + len(released)])
        trial.state(
            burst_gap_at=_gap_in(reply.data, data),
            burst_released_by_nudge=bool(released) and (is_late or released[:1] != b"N"),
        )
    assert_same(reply.data, data)


def _gap_in(received: bytes, expected: bytes) -> int | None:
    """Returns from which byte on something else came; None if what came was right, if not all."""
    place = first_difference(received, expected)
    return place if place < len(received) else None


@check("ECHO-4", "half-close delivers what is owed")
def half_close(trial: Trial) -> None:
    """Lets 20,000 bytes and the client's FIN arrive in one event, and expects the bytes and an end.

    Then a client that has its answer already sends a FIN, and one that has not sent anything.
    """
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    data = numbered_blocks(FITS_THE_WINDOW)
    with specimen.frozen():
        client.send(data)
        client.finish_sending()
    reply = client.read_to_end()
    trial.state(echoed_before_end=len(reply.data), ending_after_fin=reply.ending)
    if reply.is_disconnection and reply.data != data:
        trial.require_alive(specimen, after="data and a FIN", seconds=DEATH_SECONDS)
    quiet = _end_after(specimen, b"x") if reply.is_disconnection else None
    trial.state(ending_after_quiet_fin=quiet)
    assert_same(reply.data, data)
    _require_end(reply.ending, "a client's data and FIN")
    _require_end(quiet, "the FIN of a client that had its answer")
    _require_end(_end_after(specimen, b""), "a FIN right after connecting")


def _end_after(specimen: Specimen, message: bytes) -> Ending:
    """Returns what a client receives after its FIN, the answer to `message` being with it."""
    with specimen.connect() as client:
        client.echo(message)
        client.finish_sending()
        return client.read_to_end().ending


def _require_end(ending: Ending | None, after: str) -> None:
    if ending is Ending.END:
        return
    if ending is Ending.RESET:
        raise Failed(f"after {after} the server ended the connection by a reset")
    does = "is busy with something else" if ending is Ending.SPINNING else "sleeps"
    raise Failed(f"after {after} the end of the stream was due, and the server {does}")


@check("ECHO-4b", "half-close delivers what is owed to a client that reads late")
def half_close_of_a_late_reader(trial: Trial) -> None:
    """Sends without reading until nothing more fits, sends a FIN, and only then reads."""
    specimen = trial.start()
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    try:
        sent = client.send_without_reading(numbered_blocks, ENDLESS)
        client.finish_sending()
    except ConnectionError as reason:
        raise Skipped("it ends connections on which it cannot send: see ECHO-8b") from reason
    if sent >= ENDLESS:
        raise Skipped("it takes any amount from a client that reads none: see ECHO-8b, RES-1")
    reply = _read_late(client, sent, to_end=True)
    data = numbered_blocks(sent)
    trial.state(
        owed_at_late_fin=sent,
        echoed_after_late_fin=len(reply.data),
        late_fin_gap_at=_gap_in(reply.data, data),
        ending_after_late_fin=reply.ending,
    )
    assert_same(reply.data, data)
    _require_end(reply.ending, "all had been delivered")


def _read_late(client: Client, sent: int, *, to_end: bool = False) -> Reply:
    """Receives what was sent before; more quickly than a small buffer would let one."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEBIBYTE)
    return client.read(sent + 1 if to_end else sent)


@check("ECHO-5", "a silent client is left in peace")
def silence(trial: Trial) -> None:
    """Connects and says nothing: nothing must come, no greeting and no end; then it is served."""
    specimen = trial.start()
    client = specimen.connect()
    unasked = client.read(MEBIBYTE)
    trial.state(silent_client_ending=unasked.ending)
    trial.require(not unasked.data, f"nothing was due, but {unasked.data[:SHOWN]!r} came")
    trial.require(not unasked.is_disconnection, "it ended the connection of a silent client")
    client.echo(b"at last")


@check("ECHO-6", "a connection lasts until the client ends it")
def lasting_connection(trial: Trial) -> None:
    """Has a hundred messages answered on one connection; then the client is silent for three
    seconds, and says something again.
    """
    client = trial.start().connect()
    for number in range(MANY_MESSAGES):
        message = b"%03d" % number
        reply = client.ask(message)
        if reply.is_disconnection:
            raise Failed(f"it ended the connection after {number} messages")
        assert_same(reply.data, message)
    began = time.monotonic()
    ended = wait_until(client.has_input, SILENT_SECONDS)
    if ended and client.is_disconnected():
        silence = round(time.monotonic() - began, 1)
        trial.state(ended_after_silence=silence)
        raise Failed(f"it ended the connection of a client that was silent for {silence} s")
    client.echo(b"and on")


@check("ECHO-7", "a mebibyte without a newline comes back")
def large_amount(trial: Trial) -> None:
    """Sends 1 MiB without a newline, and reads while it sends.

    If not all comes back, it sends as much again, with many newlines.
    """
    specimen = trial.start()
    data = numbered_blocks(MEBIBYTE)
    failure = _failure_to_echo(specimen, data)
    trial.state(mebibyte_failure=str(failure) if failure else None)
    if failure is None:
        return
    trial.require_alive(specimen, after="a mebibyte without a newline", seconds=DEATH_SECONDS)
    in_lines = _failure_to_echo(specimen, data.replace(b" ", b"\n"))
    trial.state(mebibyte_in_lines_comes_back=in_lines is None)
    raise failure


def _failure_to_echo(specimen: Specimen, data: bytes) -> Exception | None:
    with specimen.connect() as client:
        try:
            client.echo_while_sending(data)
        except (Failed, ConnectionError) as failure:
            return failure
    return None


def _death_of(specimen: Specimen) -> str:
    return specimen.how_it_ended() if specimen.dies_within(DEATH_SECONDS) else ""


@check("ECHO-8", "short receives and short sends lose nothing")
def short_transfers_lose_nothing(trial: Trial) -> None:
    """Preloads a library into the server by which recv gives 7 bytes at most, and send takes 5.

    It judges by gaps in the stream only: where a server waits for another event after a short
    transfer, as one may with edge-triggered epoll, it cannot tell.
    """
    with short_transfers.library() as library:
        specimen = _start_with(trial, library)
        client = specimen.connect()
        data = numbered_blocks(SHORTENED_BYTES)
        reply = client.ask(data)
        if reply.ending is Ending.STUCK:  # what was kept comes before what is new; else it is lost
            data += b"N" * 100
            more = client.ask(b"N" * 100, len(data) - len(reply.data))
            reply = Reply(reply.data + more.data, more.ending)
        _skip_unless_shortened(specimen, client, reply)
    trial.state(short_transfer_gap_at=_gap_in(reply.data, data), short_transfer_ending=reply.ending)
    if reply.ending is Ending.STUCK and reply.data and data.startswith(reply.data):
        raise Skipped("after a short transfer it waits for the next event, as epoll(7) allows")
    assert_same(reply.data, data)


def _start_with(trial: Trial, library: short_transfers.Library) -> Specimen:
    environment = {"LD_PRELOAD": library.path, "SHORT_RECEIVE": "7", "SHORT_SEND": "5"}
    try:
        return trial.start(environment=environment, inherited=library.descriptors)
    except NotListening as reason:
        raise Skipped("it does not start with a library preloaded") from reason


def _skip_unless_shortened(specimen: Specimen, client: Client, reply: Reply) -> None:
    is_loaded = any(map(short_transfers.is_loaded, specimen.process.tree()))
    # One send would have made one segment of them.
    segments = 0 if reply.is_disconnection else client.data_segments_received()
    is_shortened = reply.is_disconnection or segments > WHOLE_SEGMENTS
    if not is_loaded or not is_shortened:
        raise Skipped("its transfers are not made by recv and send of the C library")


@check("ECHO-8b", "a client that reads late gets every byte")
def late_reader(trial: Trial) -> None:
    """Sends without reading until nothing more fits, so that the server's sends fall short; reads.

    It looks for gaps, for an end of the connection, and for an end of the server. If bytes are
    missing, it sends some more, to see whether those come back.
    """
    specimen = trial.start()
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    try:
        sent = client.send_without_reading(numbered_blocks, ENDLESS)
    except ConnectionError as reason:
        _state_cut(trial, specimen)
        raise Failed("the server ended the connection of a client that did not read") from reason
    reply = _read_late(client, sent)
    data = numbered_blocks(sent)
    if reply.ending is Ending.STUCK:
        data += b"N" * 8
        more = client.ask(data[sent:], len(data) - len(reply.data))
        reply = Reply(reply.data + more.data, more.ending)
    trial.state(late_reader_gap_at=_gap_in(reply.data, data), late_reader_ending=reply.ending)
    if reply.is_disconnection:
        _state_cut(trial, specimen)
    assert_same(reply.data, data)
    client.echo(b"and on")


def _state_cut(trial: Trial, specimen: Specimen) -> None:
    """States that a client was disconnected since it did not read, and whether the server lives."""
    trial.state(
        late_reader_cut=True,
        late_reader_death=_death_of(specimen),
        late_reader_words=specimen.process.stderr[-SHOWN:],
    )
    trial.require_alive(specimen, after="a client that did not read")


@check("ECHO-9", "an answer is not held back")
def prompt_answers(trial: Trial) -> None:
    """Asks fifteen times for eight bytes, and counts the answers that come in pieces.

    A piece that comes 40 ms late was held back by Nagle's algorithm, until the client's kernel
    acknowledged the one before.
    """
    client = trial.start().connect()
    client.echo(b"warm up.")
    waits = [_wait_for_pieces(client) for _ in range(PROMPT_ANSWERS)]
    in_pieces = sorted(seconds for seconds in waits if seconds is not None)
    # On a busy machine some are late anyway: so the quicker ones of them count.
    is_held_back = (
        len(in_pieces) > PROMPT_ANSWERS // 2
        and in_pieces[len(in_pieces) // 4] > HELD_BACK_SECONDS
    )
    trial.state(answers_in_pieces=len(in_pieces), answers_held_back=is_held_back)
    trial.require(
        not is_held_back,
        f"of {PROMPT_ANSWERS} answers {len(in_pieces)} came in pieces, 40 ms after the question",
    )


def _wait_for_pieces(client: Client) -> float | None:
    """Asks, and returns how long the answer took; None if it came in one segment."""
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)  # acknowledge late
    segments_before = client.data_segments_received()
    began = time.monotonic()
    client.echo(b"01234567")
    waited = time.monotonic() - began
    return waited if client.data_segments_received() - segments_before > 1 else None
