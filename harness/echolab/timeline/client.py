"""One client of a timeline: its connection, and what is known of its request under way."""

import reprlib
import socket
import struct
import time
from dataclasses import dataclass, field

from echolab.tcp_sockets import TcpSocket
from echolab.timeline.record import Request

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
TIMESPEC = struct.Struct("@ll")
RECEIVE_BYTES = 4096
CLOCK_READINGS = 5


@dataclass
class Client:
    """All times are in seconds and mean what those of Request mean."""

    number: int
    socket: socket.socket
    is_connected: bool = False
    accepted: float | None = None
    ready: float = 0.0
    sent: float | None = None  # None while no request is under way
    unread_until: float = 0.0
    read: float | None = None
    message: bytes = b""
    received: bytes = b""
    bytes_sent: int = 0  # of all requests
    done: list[Request] = field(default_factory=list)
    failure: str = ""

    def connect(self, address: tuple[str, int]) -> None:
        """Begins to connect; the socket is writable when that has ended, well or not."""
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    def end_connecting(self) -> None:
        """Takes the outcome of connecting; raises OSError if it is none."""
        if code := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, "")
        self.is_connected = True

    def send(self, now: float) -> None:
        """Sends the next request."""
        self.message = f"client {self.number}, request {len(self.done) + 1}\n".encode()
        self.received, self.read = b"", None
        self.sent = self.unread_until = now
        self.bytes_sent += len(self.message)
        self.socket.sendall(self.message)  # a line fits into an empty send buffer

    def is_unclear(self) -> bool:
        """Tells whether it is worth looking what the server has done with it."""
        is_unread = self.sent is not None and self.read is None
        return self.is_connected and not self.failure and (is_unread or self.accepted is None)

    def note(self, seen: TcpSocket | None, before: float, after: float) -> bool:
        """Notes what the server's end looked like at some time between `before` and `after`.

        Returns whether the server has done something.
        """
        known = self.accepted, self.read
        if self.accepted is None and seen and seen.is_accepted:
            self.accepted = after
        if self.sent is not None and self.read is None:
            if seen and seen.has_read(self.bytes_sent):
                self.read = after
            else:
                self.unread_until = max(before, self.unread_until)
        return known != (self.accepted, self.read)

    def receive(self, began: float) -> None:
        """Takes what has come of the answer, whose times count from `began`; raises OSError.

        Its time is the kernel's own note of its arrival (socket(7)): on a busy machine this
        program may see it later, and that must not look like the server's doing.
        """
        data, notes, *_ = self.socket.recvmsg(RECEIVE_BYTES, socket.CMSG_SPACE(TIMESPEC.size))
        stamps = [note for level, kind, note in notes if kind == SO_TIMESTAMPNS]
        arrived = monotonic(*TIMESPEC.unpack(stamps[0])) if stamps else time.monotonic()
        self.take(data, arrived - began)

    def take(self, data: bytes, arrived: float) -> None:
        """Takes a part of the answer, b"" for the connection's end, that came at `arrived`."""
        self.received += data
        if not data:
            self.failure = f"the server closed before request {len(self.done) + 1} was answered"
        elif not self.message.startswith(self.received) or self.sent is None:
            self.failure = f"{reprlib.repr(self.received)} came back for {self.message!r}"
        elif self.received == self.message:
            self._complete(arrived)

    def _complete(self, answered: float) -> None:
        self.accepted = answered if self.accepted is None else self.accepted
        self.done.append(
            Request(
                client=self.number,
                number=len(self.done) + 1,
                ready=self.ready,
                sent=self.sent,
                accepted=min(self.accepted, answered),
                unread_until=min(self.unread_until, answered),
                read=answered if self.read is None else min(self.read, answered),
                answered=answered,
            )
        )
        self.ready, self.sent = answered, None


def monotonic(seconds: int, nanoseconds: int) -> float:
    """Returns the monotonic clock's time for a recent time of the wall clock.

    The wall clock may have been set, so their distance is taken anew each time; of a few readings
    it is the one that took the least time.
    """
    readings = []
    for _ in range(CLOCK_READINGS):
        before = time.monotonic_ns()
        wall = time.time_ns()
        after = time.monotonic_ns()
        readings.append((after - before, (before + after) // 2 - wall))
    return (seconds * 1_000_000_000 + nanoseconds + min(readings)[1]) / 1e9
