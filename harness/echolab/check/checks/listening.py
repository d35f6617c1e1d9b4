"""Where a server listens, for how long, and to whom."""

import contextlib
import socket
from pathlib import Path

from echolab.check import process_state
from echolab.check.client import Ending
from echolab.check.outcomes import Failed, Inconclusive, Info, Skipped
from echolab.check.registry import STREAM_SERVICES, check
from echolab.check.specimen import HOST, NotListening, Specimen
from echolab.check.trial import DATAGRAM_SERVICES, Trial
from echolab.server_process import free_port
from echolab.waiting import wait_until

KNOCKING = 16  # clients that connect while nobody accepts
ENOUGH_ROOM = 5  # what listen was given in the examples of the eighties, and is now at least
KNOCK_SECONDS = 1.0  # for the kernel alone: the server is stopped
REST_SECONDS = 2.0  # for a server to take notice; one that is never at rest, too
SHOWN = 500
ANY_IPV6, IPV6_LOOPBACK = "0" * 32, "0" * 24 + "01000000"  # as /proc/net/tcp6 writes them
IPV6_INTERFACES = Path("/proc/net/if_inet6")
FIRST_UNPRIVILEGED = 1024
ATTEMPTS = 3


@check(
    "LIFE-1",
    "it listens where it was told to",
    basic=True,
    alone=True,
    services=(*STREAM_SERVICES, *DATAGRAM_SERVICES),
)
def listens(trial: Trial) -> None:
    """Starts the server on a free port, and looks in the kernel's tables where it listens."""
    try:
        port = _start_on_a_telling_port(trial)
    except NotListening as failure:
        specimen = trial.specimens[-1]
        words = specimen.process.last_words()
        trial.state(
            told_port=specimen.port,
            listens_elsewhere=sorted(specimen.listening_ports()),
            ended_before_listening=specimen.how_it_ended(),
            last_words_at_start=words,
        )
        raise Failed(f"{failure}\n{words}") from failure
    trial.state(listening_addresses=sorted(process_state.listening_addresses(port)))


def _start_on_a_telling_port(trial: Trial) -> int:
    """Starts the server; again, if it ended since another program was quicker to take its port."""
    for _ in range(ATTEMPTS):
        specimen = trial.start(port=_telling_port())
        if specimen.process.tree():
            return specimen.port
    raise Inconclusive("other programs take the ports on which the server is to listen")


def _telling_port() -> int:
    """Returns a free port which, with its two bytes swapped, is another one that is free, too."""
    while True:
        port = free_port(HOST)
        swapped = swapped_port(port)
        if swapped != port and swapped >= FIRST_UNPRIVILEGED and _is_free(swapped):
            return port


def swapped_port(port: int) -> int:
    """Returns the port on which a server listens that forgets htons, on most machines."""
    return (port & 0xFF) << 8 | port >> 8


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@check("LIFE-1b", "it goes on when its first client has left", basic=True)
def goes_on(trial: Trial) -> None:
    """Lets a client be served and leave, and then expects that the next one is served."""
    specimen = trial.start()
    with specimen.connect() as first:
        if first.ask(b"hello").data != b"hello":
            raise Skipped("even the first client is not served: see ECHO-3")
    specimen.comes_to_rest(REST_SECONDS)
    _require_still_running(trial, specimen)
    try:
        reply = specimen.connect().ask(b"again")
    except ConnectionRefusedError as reason:
        _require_still_running(trial, specimen)
        trial.state(next_client="refused")
        raise Failed("it listens no longer, now that its first client has left") from reason
    if reply.data != b"again":
        trial.state(next_client="disconnected" if reply.is_disconnection else "not served")
        _require_still_running(trial, specimen)
        is_waiting = reply.ending is Ending.STUCK and specimen.backlog_length() > 0
        how = "was not accepted" if is_waiting else f"got {reply.data!r}, {reply.ending.value}"
        raise Failed(f"the client after the first {how}")
    trial.state(next_client="served")


def _require_still_running(trial: Trial, specimen: Specimen) -> None:
    if specimen.is_running():
        return
    end = specimen.how_it_ended()
    trial.state(
        ended_with_first_client=end, last_words_with_first_client=specimen.process.last_words()
    )
    raise Failed(f"the server ended ({end}) when its first client had left")


@check("LIFE-15", "it can be reached by IPv6")
def serves_ipv6(trial: Trial) -> None:
    """Looks in the kernel's tables whether the server listens at an address of IPv6, too.

    The server is told a port and no address: so what is found is for the user to judge.
    """
    if not IPV6_INTERFACES.exists() or "lo" not in IPV6_INTERFACES.read_text().split():
        raise Skipped("this machine has no IPv6")
    addresses = process_state.listening_addresses(trial.start().port)
    is_reachable = bool({ANY_IPV6, IPV6_LOOPBACK} & addresses)
    trial.state(listens_on_ipv6=is_reachable)
    if not is_reachable:
        raise Info("it listens on addresses of IPv4 only")


@check("SEC-4", "it can be reached from its own machine only", services=STREAM_SERVICES)
def loopback_only(trial: Trial) -> None:
    """Looks in the kernel's tables whether the server listens at all addresses of the machine."""
    addresses = process_state.listening_addresses(trial.start().port)
    is_open = bool(addresses & process_state.ANY_ADDRESSES)
    trial.state(listens_at_all_addresses=is_open)
    trial.require(not is_open, "it listens at all addresses of this machine, not on 127.0.0.1")


@check("CONC-7", "several clients can wait to be accepted")
def room_in_the_backlog(trial: Trial) -> None:
    """Stops the server, lets sixteen clients connect, and counts those that can wait there."""
    specimen = trial.start()
    with contextlib.ExitStack() as clients, specimen.frozen():
        for _ in range(KNOCKING):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((HOST, specimen.port))
        specimen.note(f"has {KNOCKING} clients at its door")
        wait_until(lambda: specimen.backlog_length() >= KNOCKING, KNOCK_SECONDS)
        waiting = specimen.backlog_length()
    trial.state(clients_in_backlog=waiting)
    trial.require(waiting >= ENOUGH_ROOM, f"of {KNOCKING} clients only {waiting} could wait")
