"""A UDP client for checks: it notes each step, and waits for conditions instead of times."""

import select
import socket
import time
from dataclasses import dataclass

from echolab.check.client import LOOK_AFTER_SECONDS, PATIENCE_SECONDS, Activity
from echolab.check.outcomes import Failed, Inconclusive
from echolab.check.payloads import assert_same
from echolab.check.specimen import Specimen
from echolab.check.transcript import describe

LONGEST = 65507  # bytes of payload that fit one datagram of IPv4


@dataclass(frozen=True)
class Answer:
    """What came for a datagram."""

    datagram: bytes | None  # None: none will come
    is_refused: bool = False  # nobody takes datagrams there, says the server's kernel
    is_given_up: bool = False  # the server is busy with something else


class DatagramClient:
    """A socket of UDP that talks to one server, as a context manager.

    On the loopback device a datagram is lost only where there is no room for it. So a server that
    sleeps, and has not answered a single one, never will.
    """

    def __init__(self, name: str, specimen: Specimen, bound_to: tuple[str, int] | None = None):
        """`bound_to` is the client's own address; by default the kernel chooses."""
        self.name = name
        self._specimen = specimen
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if bound_to:
            self.socket.bind(bound_to)
        self.socket.connect((specimen.process.host, specimen.port))  # so that refusals are told

    def __enter__(self) -> "DatagramClient":
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def send(self, datagram: bytes) -> None:
        """Sends one datagram."""
        self._tell("sends a datagram", datagram)
        try:
            self.socket.send(datagram)
        except ConnectionRefusedError:  # what became of an earlier one: udp(7)
            self.socket.send(datagram)

    def receive(self) -> Answer:
        """Receives one datagram, or finds that none will come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_readable(LOOK_AFTER_SECONDS):
            activity = self._specimen.activity()
            # What happened while the server was looked at counts.
            if activity is not Activity.ACTIVE and not self._is_readable(0):
                self._tell("received no datagram, and none will come")
                return Answer(None, is_given_up=activity is Activity.SPINNING)
            if time.monotonic() > deadline:
                raise Inconclusive(f"{self.name} waits for a server that neither answers nor rests")
        try:
            datagram = self.socket.recv(LONGEST + 1)
        except ConnectionRefusedError:
            self._tell("is refused: nobody takes datagrams there (ICMP)")
            return Answer(None, is_refused=True)
        self._tell("received a datagram", datagram)
        return Answer(datagram)

    def ask(self, datagram: bytes) -> Answer:
        """Sends one datagram, and receives one."""
        self.send(datagram)
        return self.receive()

    def echo(self, datagram: bytes) -> None:
        """Sends `datagram`, and fails unless it comes back."""
        answer = self.ask(datagram)
        if answer.datagram is None:
            how = "was refused" if answer.is_refused else "is not answered"
            raise Failed(f"a datagram of {describe(datagram)} {how}")
        assert_same(answer.datagram, datagram)

    def close(self) -> None:
        """Closes; may be called again."""
        if self.socket.fileno() >= 0:
            self._tell("closes")
            self.socket.close()

    def _is_readable(self, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self.socket, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _tell(self, action: str, data: bytes = b"") -> None:
        self._specimen.transcript.add(self.name, action, data)
