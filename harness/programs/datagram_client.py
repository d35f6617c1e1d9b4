"""A UDP socket for tests, which takes nothing for granted that UDP does not promise."""

import socket
import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0
REPEAT_SECONDS = 0.5  # a datagram without an answer may be lost: it is sent again
LONGEST = {socket.AF_INET: 65507, socket.AF_INET6: 65527}  # bytes of payload


class DatagramClient:
    """A socket that talks to one server, as a context manager."""

    def __init__(self, host: str, port: int, bound_to: tuple[str, int] | None = None):
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        if bound_to:
            self.socket.bind(bound_to)
        self.socket.connect((host, port))
        self.seen: list[bytes] = []  # all that ever came

    def __enter__(self) -> "DatagramClient":
        return self

    def __exit__(self, *_exception) -> None:
        self.socket.close()

    @property
    def port(self) -> int:
        """The port that the server sees."""
        return self.socket.getsockname()[1]

    def send(self, datagram: bytes) -> None:
        """Sends one datagram. It may get lost."""
        self.socket.send(datagram)

    def ask(self, datagram: bytes, is_answer: Callable[[bytes], bool]) -> bytes:
        """Sends `datagram` until an answer comes, and returns that; passes over all others."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.send(datagram)
            answer = self._receive_until(is_answer, time.monotonic() + REPEAT_SECONDS)
            if answer is not None:
                return answer
        raise AssertionError(f"no answer to {datagram[:80]!r}; what came: {self.seen[-5:]}")

    def echo(self, datagram: bytes) -> None:
        """Expects `datagram` back, in one piece."""
        self.ask(datagram, lambda answer: answer == datagram)

    def wait_for(self, text: bytes) -> None:
        """Waits for a datagram that another one's message gives rise to, and that is not repeated.

        On the loopback device datagrams get lost when a socket's buffer is full, and only then:
        for a few short ones there is room.
        """
        if text in self.seen:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        answer = self._receive_until(lambda datagram: datagram == text, deadline)
        assert answer is not None, f"{text!r} has not come; what came: {self.seen}"

    def _receive_until(self, wanted: Callable[[bytes], bool], deadline: float) -> bytes | None:
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                self.seen.append(self.socket.recv(65535))
            except TimeoutError:
                return None
            if wanted(self.seen[-1]):
                return self.seen[-1]
        return None
