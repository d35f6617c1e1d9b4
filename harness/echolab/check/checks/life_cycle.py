"""LIFE: how a server starts, is stopped and continued, ends, and starts again."""

import contextlib
import os
import signal
import socket

from echolab.check import process_state
from echolab.check.client import PATIENCE_SECONDS, Client, Ending
from echolab.check.company import can_serve_beside
from echolab.check.outcomes import Failed, Inconclusive, Info, Mismatch, NotStrict, Skipped
from echolab.check.payloads import numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import HOST, NotListening, Specimen
from echolab.check.trial import Trial
from echolab.server_process import free_port
from echolab.waiting import wait_until

END_SECONDS = 3.0  # in which a server ends that was asked to; the grace of LIFE-6 is two
NUDGE_SECONDS = 1.0
GIVE_UP_SECONDS = 2.0  # in which a server sees that its port is somebody else's
FITS_THE_WINDOW = 48_000  # bytes that a stopped server's kernel takes in at once
STOPS = 5
IGNORED_BY_DEFAULT = (signal.SIGWINCH, signal.SIGURG, signal.SIGCONT)


@check("LIFE-2", "a port that is in use is said to be, and ends the server")
def busy_port(trial: Trial) -> None:
    """Listens on a port itself and starts the server on it.

    The server must end, with another status than 0, and say something about it.
    """
    port = free_port(HOST)
    with socket.create_server((HOST, port)):
        specimen = trial.start(port=port)
        wait_until(lambda: not specimen.is_running() or _listens(specimen), GIVE_UP_SECONDS)
        ended = specimen.comes_to(lambda: not specimen.is_running())
        if not ended and _listens(specimen):
            raise Skipped("it listens at another address than 127.0.0.1")
        said = (specimen.process.stderr + specimen.process.stdout).strip()
        elsewhere = sorted(specimen.listening_ports())
    trial.state(busy_port_end=specimen.how_it_ended(), busy_port_said=said)
    instead = f"listens on port {elsewhere[0]}" if elsewhere else "goes on, and does not listen"
    trial.require(ended, f"its port is in use, and it {instead}")
    status = specimen.process.exit_status
    trial.require(status != 0, "its port is in use, and it ends with status 0")
    trial.require(bool(said), "its port is in use, and it ends without a word")


def _listens(specimen: Specimen) -> bool:
    return specimen.port in process_state.listening_ports(specimen.process.tree())


@check("LIFE-4", "SIGTERM ends it")
def ends_on_sigterm(trial: Trial) -> None:
    """Asks the server to end when its only client has left.

    If it has not ended after three seconds, it is looked whether one more connection makes it end.
    """
    specimen = trial.start()
    with specimen.connect() as client:
        client.echo(b"hello")
    specimen.comes_to(lambda: False)
    if _ends_on_sigterm(specimen):
        return
    released_by = _what_ends_it(specimen)
    trial.state(ended_only_by=released_by)
    raise Failed(
        f"SIGTERM ended it only when there was {released_by}"
        if released_by
        else f"{END_SECONDS:g} s after SIGTERM it is still there"
    )


def _ends_on_sigterm(specimen: Specimen) -> bool:
    """Asks the server to end; returns whether it has, once that is decided."""
    specimen.note("gets SIGTERM")
    specimen.process.send_signal(signal.SIGTERM)
    if specimen.dies_within(END_SECONDS):
        return True
    return specimen.comes_to(lambda: not specimen.is_running())


def _what_ends_it(specimen: Specimen) -> str:
    """Returns what it takes besides SIGTERM; "" if nothing helps."""
    with contextlib.suppress(OSError), specimen.connect():
        specimen.dies_within(NUDGE_SECONDS)
    return "one more connection" if specimen.dies_within(NUDGE_SECONDS) else ""


@check("LIFE-5", "what it had received before SIGTERM is answered")
def delivers_before_the_end(trial: Trial) -> None:
    """Stops the server, sends 48,000 bytes and then SIGTERM, and lets it go on: so it finds both.

    A server without a handler for the signal cannot do that, which is noted and not judged.
    """
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    data = numbered_blocks(FITS_THE_WINDOW)
    with specimen.frozen():
        client.send(data)
        specimen.note("gets SIGTERM")
        specimen.process.send_signal(signal.SIGTERM)
    reply = client.read(len(data))
    client.close()
    lost = len(data) - len(reply.data)
    if not lost:
        return
    if reply.ending is Ending.STUCK or not specimen.dies_within(END_SECONDS):
        raise Skipped("it does not end on SIGTERM: see LIFE-4")
    end = specimen.how_it_ended()
    if end == "killed by SIGTERM":
        raise Info(f"SIGTERM kills it at once, and {lost} bytes that it had received are lost")
    trial.state(lost_at_shutdown=lost, shutdown_end=end)
    raise NotStrict(f"it ended ({end}), and {lost} bytes that it had received are lost")


@check("LIFE-6", "SIGTERM ends it although a client is connected")
def ends_beside_a_client(trial: Trial) -> None:
    """Asks the server to end while a silent client is connected: one client must not hold it up."""
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    if _ends_on_sigterm(specimen):
        return
    client.close()
    by_client = specimen.dies_within(NUDGE_SECONDS)
    if not by_client:
        raise Skipped("it does not end without clients either: see LIFE-4")
    trial.state(ended_only_without_clients=True)
    raise Failed("SIGTERM ended it only when its client had left")


@check("LIFE-9", "after its end nobody listens, and no process is left")
def leaves_nothing(trial: Trial) -> None:
    """Asks the server to end while clients are connected; then these leave, too.

    Nobody may listen on its port any more, and none of its processes may go on.
    """
    specimen = trial.start()
    clients = [specimen.connect() for _ in range(3 if can_serve_beside(trial, 3) else 1)]
    for client in clients:
        client.echo(b"hello")
    if not _ends_on_sigterm(specimen):
        for client in clients:
            client.close()
        _what_ends_it(specimen)
    if specimen.is_running():
        raise Skipped("it does not end on SIGTERM: see LIFE-4")
    listens = not specimen.comes_to(lambda: not _listens(specimen))
    for client in clients:
        client.close()
    left = not specimen.comes_to(lambda: not specimen.process.tree())
    trial.state(listens_after_its_end=listens, processes_after_its_end=left)
    trial.require(not listens, "it has ended, and another process of it still listens on its port")
    trial.require(not left, "it and its clients have gone, and another process of it goes on")


@check("LIFE-10", "it can be started again at once")
def starts_again(trial: Trial) -> None:
    """Kills the server while a client is connected, so that the connection lingers in TIME_WAIT on
    the server's port; then starts it again on the same port.
    """
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    client_port = client.port
    specimen.note("is killed (SIGKILL)")
    _kill(specimen)
    if client.read_to_end().ending is Ending.RESET:
        raise Skipped("its connections end by a reset, which leaves nothing in TIME_WAIT")
    client.close()
    lingers = lambda: process_state.is_time_wait(specimen.port, client_port)  # noqa: E731
    if not wait_until(lingers, PATIENCE_SECONDS / 3):
        raise Inconclusive("the connection does not linger in TIME_WAIT")
    try:
        trial.start(port=specimen.port)
    except NotListening as reason:
        again = trial.specimens[-1]
        trial.state(restart_end=again.how_it_ended() or "it does not listen")
        trial.state(restart_while_time_wait=lingers())
        raise Failed(f"started again at once: {reason}") from reason


def _kill(specimen: Specimen) -> None:
    """Ends all processes of the server, so that its sockets are closed."""
    for pid in specimen.process.tree():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended = lambda: not specimen.is_running() and not specimen.process.tree()  # noqa: E731
    if not wait_until(ended, PATIENCE_SECONDS / 3):
        raise Inconclusive("the server cannot be killed")


@check("LIFE-11", "being stopped and continued changes nothing")
def stopped_and_continued(trial: Trial) -> None:
    """Stops the server and lets it go on (SIGSTOP, SIGCONT), five times, and sends it signals that
    are ignored by default; its client is served after each.
    """
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    for _ in range(STOPS):
        with specimen.frozen():
            pass
        _require_unmoved(trial, specimen, client, "it was stopped and continued")
    for number in IGNORED_BY_DEFAULT:
        specimen.note(f"gets {number.name}")
        specimen.process.send_signal(number)
        _require_unmoved(trial, specimen, client, f"it got {number.name}")


def _require_unmoved(trial: Trial, specimen: Specimen, client: Client, after: str) -> None:
    specimen.comes_to(lambda: not specimen.is_running())
    if not specimen.is_running():
        trial.state(died_of_continuing=specimen.how_it_ended())
        raise Failed(f"the server ended ({specimen.how_it_ended()}) when {after}")
    try:
        client.echo(b"hello")
    except (ConnectionError, Mismatch) as failure:
        answer = failure.received if isinstance(failure, Mismatch) else b""
        trial.state(dropped_by_continuing=not answer)
        raise
