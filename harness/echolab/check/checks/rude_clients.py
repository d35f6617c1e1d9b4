"""RUDE: clients that misbehave. Afterwards others are served, and everything is as before."""

import contextlib
from collections.abc import Callable

from echolab.check import fault_injection
from echolab.check.client import Client
from echolab.check.company import (
    SETTLE_SECONDS,
    SPARE_SOCKETS,
    Aftermath,
    connect_burst,
    connect_gently,
    require_rest_or_survival,
    survival,
)
from echolab.check.outcomes import Failed, Skipped
from echolab.check.payloads import assert_same, numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

SEVERAL = 4
LEAVERS = 12
VISITORS = 100  # that connect and leave, of each kind
VISITORS_OF_PROCESSES = 25  # where each costs the server a process
STALL_BYTES = 4 * 1024 * 1024
SMALL = 48 * 1024  # fits the window of any server
WARM_BYTES = 1024 * 1024  # after which the kernel gives a connection more room
ANSWER_SECONDS = 10.0
SLOW_BYTES = 64
ERRORS = {
    "ETIMEDOUT from recv": f"{fault_injection.RECEIVE}:error=ETIMEDOUT",
    "ECONNRESET from recv": f"{fault_injection.RECEIVE}:error=ECONNRESET",
    "ECONNRESET from send": f"{fault_injection.SEND}:error=ECONNRESET",
    "EPIPE from send": f"{fault_injection.SEND}:error=EPIPE",
}


@check("RUDE-1", "resets at any moment harm nobody else")
def resets(trial: Trial) -> None:
    """Clients reset their connections (SO_LINGER 0): idle, with an answer unread, half-closed, with
    bytes that the server has not read yet, in the middle of an echo while they do not read.

    After each the others are served; in the end sockets, threads and processes are as before.
    """
    specimen = trial.start()
    aftermath = Aftermath(trial, specimen)
    for moment, rude in RESETS.items():
        trial.state(reset_moment=moment)
        with survival(trial, specimen, "death_by_reset", f"a reset {moment}"):
            for _ in range(SEVERAL):
                rude(specimen)
        aftermath.others_are_served(f"after a reset {moment}")
    aftermath.require_as_before("resets")


def _reset_idle(specimen: Specimen) -> None:
    [client] = connect_gently(specimen, 1)
    client.echo(b"hello")
    client.reset()


def _close_with_answer_unread(specimen: Specimen) -> None:
    [client] = connect_gently(specimen, 1)
    client.send(b"hello")
    wait_until(client.has_input, ANSWER_SECONDS)
    client.close()  # the kernel resets what is closed with data unread: RFC 2525, 2.17


def _reset_with_bytes_underway(specimen: Specimen) -> None:
    [client] = connect_gently(specimen, 1)
    client.echo(b"hello")
    with specimen.frozen():
        client.send(b"never read")
        client.reset()


def _reset_half_closed(specimen: Specimen) -> None:
    [client] = connect_gently(specimen, 1)
    client.echo(b"hello")
    with specimen.frozen():
        client.send(b"last words")
        client.finish_sending()
        client.reset()


def _reset_in_mid_stream(specimen: Specimen) -> None:
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    client.socket.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError, ConnectionError):
        while sent < STALL_BYTES:
            sent += client.socket.send(bytes(SMALL))
    specimen.note(f"was sent {sent} bytes by {client.name}, which reads none")
    client.reset()


RESETS: dict[str, Callable[[Specimen], None]] = {
    "while idle": _reset_idle,
    "with its answer unread": _close_with_answer_unread,
    "with bytes underway": _reset_with_bytes_underway,
    "after half-closing": _reset_half_closed,
    "in the middle of an echo": _reset_in_mid_stream,
}


@check("RUDE-1b", "a connection that was reset is given back like any other")
def given_back_after_reset(trial: Trial) -> None:
    """Counts the server's sockets after twelve clients that closed, and after twelve that reset."""
    specimen = trial.start()
    kept = {}
    for how in ("close", "reset"):
        aftermath = Aftermath(trial, specimen)
        with survival(trial, specimen, f"death_by_{how}", f"clients that {how}"):
            for _ in range(LEAVERS):
                [client] = connect_gently(specimen, 1)
                client.echo(b"hello")
                _leave(client, how == "reset")
        kept[how] = aftermath.surplus().sockets
        if aftermath.bystander:
            aftermath.bystander.close()
    trial.state(sockets_kept_after_close=kept["close"], sockets_kept_after_reset=kept["reset"])
    is_kept = kept["reset"] > SPARE_SOCKETS
    trial.require(not is_kept, f"{kept['reset']} of {LEAVERS} connections stay open after a reset")


@check("RUDE-2", "sending to a client that has gone harms nobody else")
def sending_to_the_gone(trial: Trial) -> None:
    """A client sends and closes without reading, while the server is stopped. The server's first
    send is answered by a reset, the second fails with EPIPE, and raises SIGPIPE.

    First with 48 KiB, then with as much as the server's kernel takes in.
    """
    specimen = trial.start()
    aftermath = Aftermath(trial, specimen)
    for is_large in (False, True, True):
        [client] = connect_gently(specimen, 1)
        with contextlib.suppress(Failed):  # whether it comes back is not asked here
            client.echo_while_sending(bytes(WARM_BYTES if is_large else 1))
        with survival(trial, specimen, "death_by_sending", "sending to a client that had closed"):
            with specimen.frozen():
                client.send(bytes(max(SMALL, client.room_at_server() * is_large)))
                client.close()
        aftermath.others_are_served("after a client had closed without reading")
    aftermath.require_as_before("sending to clients that had gone")


@check("RUDE-3", "clients that connect and leave at once harm nobody else")
def connect_and_leave(trial: Trial) -> None:
    """A hundred clients connect and close, a hundred connect and reset, as port scanners do; then
    some of both while the server is stopped, so that they are gone before it accepts them."""
    specimen = trial.start()
    aftermath = Aftermath(trial, specimen)
    count = VISITORS_OF_PROCESSES if trial.known["growth"] == "fork" else VISITORS
    with survival(trial, specimen, "death_by_leaving", "clients that connect and leave"):
        for reset in (False, True):
            _come_and_go(specimen, count, reset)
        for reset in (False, True):
            with specimen.frozen():
                for client in connect_burst(specimen, count):
                    _leave(client, reset)
            specimen.settle(SETTLE_SECONDS)
    aftermath.require_as_before("clients that connected and left", visitors=4 * count)


def _come_and_go(specimen: Specimen, count: int, reset: bool) -> None:
    is_swift = True
    for number in range(count):
        if number % SEVERAL == 0 and is_swift:  # a short backlog that is full costs a second
            is_swift = wait_until(lambda: specimen.backlog_length() == 0, SETTLE_SECONDS)
        _leave(specimen.connect(), reset)
    specimen.settle(SETTLE_SECONDS)


def _leave(client: Client, reset: bool) -> None:
    client.reset() if reset else client.close()


@check("RUDE-4", "a client that sends byte by byte is served, and others meanwhile")
def byte_by_byte(trial: Trial) -> None:
    """Sends 64 bytes one at a time, awaits each, and has another client served in between."""
    specimen = trial.start()
    aftermath = Aftermath(trial, specimen)
    [client] = connect_gently(specimen, 1)
    for number, byte in enumerate(numbered_blocks(SLOW_BYTES)):
        client.echo(bytes([byte]))
        if number % 16 == 0:
            aftermath.others_are_served("while a client sent byte by byte")
    client.close()
    aftermath.require_as_before("a client that sent byte by byte")


@check("RUDE-5", "urgent data do not disturb the stream")
def urgent_data(trial: Trial) -> None:
    """Sends three bytes, an urgent one, and three more: the six come back, with the one or without.

    Then the connection and the server work as before.
    """
    specimen = trial.start()
    aftermath = Aftermath(trial, specimen)
    [client] = connect_gently(specimen, 1)
    client.echo(b"abc")
    with survival(trial, specimen, "death_by_urgent_data", "urgent data"):
        client.send_urgent(b"!")
        client.send(b"def")
        answer = client.receive(3)
        if answer.startswith(b"!"):
            answer = answer[1:] + client.receive(1)
        assert_same(answer, b"def")
        client.echo(b"still well")
    client.close()
    aftermath.require_as_before("urgent data")


@check("RUDE-6", "an error on one client's socket ends that client at most")
def errors_of_one_client(trial: Trial) -> None:
    """strace makes a receive fail with ETIMEDOUT and ECONNRESET, a send with ECONNRESET and EPIPE.

    The client concerned may be lost. The server must live, and serve newcomers.
    """
    specimen = trial.start()
    is_hit = False
    for error, injection in ERRORS.items():
        with trial.faults(specimen, f"{injection}:when={fault_injection.FIRST}") as faults:
            with contextlib.suppress(OSError), specimen.connect() as client:
                client.ask(b"hit")
                client.ask(b"again")
        trial.state(fatal_error=error)
        require_rest_or_survival(trial, specimen, "death_by_error", error)
        trial.state(fatal_error=None)
        is_hit = is_hit or faults.count() > 0
        if not specimen.serves_a_newcomer():
            raise Failed(f"after {error}, newcomers are not served")
    if not is_hit:
        raise Skipped("the server uses neither recv nor send")
