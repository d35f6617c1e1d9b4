"""A TCP client for checks: it notes each step, and waits for conditions instead of times."""

import contextlib
import enum
import fcntl
import select
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from echolab import tcp_sockets
from echolab.check.outcomes import Failed, Inconclusive, Stuck
from echolab.check.payloads import assert_same
from echolab.check.transcript import Action, Transcript, describe
from echolab.tcp_sockets import TcpSocket

PATIENCE_SECONDS = 30.0  # a hard end, for a server that neither answers nor sleeps
LOOK_AFTER_SECONDS = 0.05  # how long nothing happens before the server is looked at
CHUNK = 256 * 1024
SMALL_BUFFER = 16 * 1024
STALL_LIMIT = 64 * 1024 * 1024  # far more than the kernel's buffers take
TCP_INFO_BYTES_ACKNOWLEDGED = 120  # offset of tcpi_bytes_acked; tcpi_bytes_received follows
TCP_INFO_DATA_SEGMENTS_IN = 152  # offset of tcpi_data_segs_in in struct tcp_info, linux/tcp.h
TCP_INFO_SEND_WINDOW = 228  # offset of tcpi_snd_wnd


class Activity(enum.Enum):
    """What a server does, as far as somebody who waits for it is concerned."""

    ACTIVE = "active"  # it may still answer
    ASLEEP = "asleep"  # with nothing left to do, or it has ended: it will not
    SPINNING = "spinning"  # it has used a processor for seconds, and has not answered


class Ending(enum.Enum):
    """How the reading of an answer ended."""

    COMPLETE = "complete"  # as many bytes as were asked for
    END = "then the end of the stream"
    RESET = "then a reset"
    STUCK = "and no more will come: the server sleeps"
    SPINNING = "and no more came: the server is busy with something else"


@dataclass(frozen=True)
class Reply:
    """What a client received, and why there was no more of it."""

    data: bytes
    ending: Ending

    @property
    def is_disconnection(self) -> bool:
        """Whether the server has ended the connection."""
        return self.ending in (Ending.END, Ending.RESET)


class Client:
    """One connection to the server under test.

    `activity` tells what the server does, if told since when it owes an answer, or None. That, and
    not a time-out, is what condemns a server which does not answer: a machine under load makes it
    slow, but does not put it to sleep.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        transcript: Transcript,
        activity: Callable[[float | None], Activity],
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        connect_seconds: float = PATIENCE_SECONDS,
        is_greeted: bool = False,
    ):
        """Connects. The buffers are the kernel's, in bytes; by default it chooses.

        With `is_greeted` the first line that comes is a greeting: it is `greeting` as soon as it is
        complete, and nobody gets to read it.
        Raises TimeoutError if the server's kernel does not answer, since its backlog is full.
        """
        self.name = name
        self._moved_at = time.monotonic()
        self._transcript = transcript
        self._activity = activity
        self._is_greeted = is_greeted
        self.greeting = b""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if send_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self._tell(Action.CONNECT_SMALL if receive_buffer else Action.CONNECT)
        self.socket.settimeout(connect_seconds)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(PATIENCE_SECONDS)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    @property
    def port(self) -> int:
        """Its own port, by which the connection is known in the kernel's tables."""
        return self.socket.getsockname()[1]

    def send(self, data: bytes) -> None:
        """Sends all of `data`; does not read meanwhile.

        Raises Stuck if the server takes no more.
        """
        self._tell(Action.SEND, data)
        rest = memoryview(data)
        self.socket.setblocking(False)
        try:
            while rest:
                self._wait_for(select.POLLOUT)
                rest = rest[self.socket.send(rest) :]
        finally:
            self.socket.settimeout(PATIENCE_SECONDS)

    def send_urgent(self, byte: bytes) -> None:
        """Sends one byte with the urgent pointer set (tcp(7), MSG_OOB)."""
        self._tell(Action.SEND_URGENT, byte)
        self.socket.send(byte, socket.MSG_OOB)

    def send_until_stalled(self, pattern: Callable[[int, int], bytes]) -> int:
        """Sends without reading until the server takes no more; returns how many bytes it took.

        `pattern(count, start)` makes the bytes.
        """
        sent = self.send_without_reading(pattern, STALL_LIMIT)
        if sent >= STALL_LIMIT:
            raise Failed(f"the server took {sent} bytes from a client that reads none")
        return sent

    def send_without_reading(self, pattern: Callable[[int, int], bytes], limit: int) -> int:
        """Sends until the server takes no more, or at least `limit`; returns how many it took."""
        sent = 0
        self.socket.setblocking(False)
        try:
            with contextlib.suppress(Stuck):
                while sent < limit:
                    self._wait_for(select.POLLOUT)
                    sent += self.socket.send(pattern(CHUNK, sent))
        finally:
            stalled = "" if sent >= limit else ", and can send no more"
            self._tell(Action.FILL, count=sent, outcome=f"{sent} bytes{stalled}")
        self.socket.settimeout(PATIENCE_SECONDS)
        return sent

    def finish_sending(self) -> None:
        """Half-closes: sends a FIN, and goes on reading."""
        self._tell(Action.FINISH)
        self._moved_at = time.monotonic()
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, count: int) -> Reply:
        """Receives `count` bytes, or what comes instead; for questions that have many answers.

        Raises Inconclusive where neither the server nor the machine lets one tell.
        """
        return self._read(lambda received: count - len(received))

    def read_until(self, is_enough: Callable[[bytes], bool]) -> Reply:
        """Receives until `is_enough` says so of what has come, or what comes instead."""
        return self._read(lambda received: 0 if is_enough(bytes(received)) else CHUNK)

    def _read(self, missing: Callable[[bytearray], int]) -> Reply:
        """Receives until nothing is missing of what has come, in bytes, or what comes instead."""
        received = bytearray()
        try:
            while (limit := missing(received)) > 0 and (piece := self._receive_some(limit)):
                received += piece
            ending = Ending.COMPLETE if limit <= 0 else Ending.END
        except (ConnectionResetError, BrokenPipeError):
            ending = Ending.RESET
        except Stuck:
            ending = self._why_stuck()
        outcome = "" if ending is Ending.COMPLETE else ending.value
        wanted = len(received) + max(0, missing(received))
        self._tell(Action.RECEIVE, bytes(received), wanted, outcome)
        return Reply(bytes(received), ending)

    def _why_stuck(self) -> Ending:
        is_asleep = self._activity(None) is not Activity.SPINNING
        return Ending.STUCK if is_asleep else Ending.SPINNING

    def read_to_end(self, limit: int = STALL_LIMIT) -> Reply:
        """Receives until the stream ends, or what comes instead."""
        return self.read(limit)

    def ask(self, question: bytes, expected: int | None = None) -> Reply:
        """Sends, and reads as many bytes as were sent (or `expected`), or what comes instead."""
        try:
            self.send(question)
        except (ConnectionResetError, BrokenPipeError):
            self._tell("cannot send: the connection is gone")
            return Reply(b"", Ending.RESET)
        except Stuck:
            self._tell("cannot send: there is no room at the server")
            return Reply(b"", self._why_stuck())
        return self.read(len(question) if expected is None else expected)

    def receive(self, count: int) -> bytes:
        """Receives exactly `count` bytes, or fewer if the stream ends before."""
        received = bytearray()
        while len(received) < count and (data := self._receive_some(count - len(received))):
            received += data
        self._tell(Action.RECEIVE, bytes(received), count)
        return bytes(received)

    def receive_to_end(self) -> bytes:
        """Receives until the server ends the stream; a reset raises ConnectionResetError."""
        received = b"".join(iter(lambda: self._receive_some(CHUNK), b""))
        self._tell(Action.RECEIVE, received, STALL_LIMIT, Ending.END.value)
        return received

    def expect(self, data: bytes) -> None:
        """Receives as many bytes as `data` has, and fails if they are others."""
        assert_same(self.receive(len(data)), data)

    def expect_end(self, data: bytes = b"") -> None:
        """Receives `data` and then the end of the stream, and fails on anything else."""
        assert_same(self.receive_to_end(), data)

    def expect_silence(self) -> None:
        """Waits until the server sleeps; fails if it has sent anything, or ended the stream."""
        try:
            surplus = self._receive_some(CHUNK)
        except Stuck:
            self._tell(Action.RECEIVE, b"", 1, "as it should be")
            return
        what = describe(surplus) if surplus else "the end"
        raise Failed(f"nothing was due, but {what} arrived")

    def echo(self, data: bytes) -> None:
        """Sends `data` and expects it back. For what fits the kernel's buffers."""
        self.send(data)
        self.expect(data)

    def echo_while_sending(self, data: bytes) -> None:
        """Sends `data` and expects it back, reading and writing at the same time."""
        received = bytearray()
        sent = 0
        self.socket.setblocking(False)
        try:
            while len(received) < len(data):
                wanted = select.POLLIN | (select.POLLOUT if sent < len(data) else 0)
                ready = self._wait_for(wanted)
                if ready & select.POLLOUT:
                    sent += self.socket.send(data[sent : sent + CHUNK])
                if ready & select.POLLIN:
                    if not (piece := self.socket.recv(CHUNK)):
                        break
                    received += piece
        finally:
            outcome = f"sent {sent} bytes, received {len(received)}"
            self._tell(Action.EXCHANGE, count=len(data), outcome=outcome)
        self.socket.settimeout(PATIENCE_SECONDS)
        assert_same(bytes(received), data)

    @contextlib.contextmanager
    def flooding(self) -> Iterator[None]:
        """While it lasts, a thread sends without pause and reads the answers; then it leaves."""
        is_under_way, is_over = threading.Event(), threading.Event()
        self._tell("sends without pause")
        with ThreadPoolExecutor(1) as thread:
            flood = thread.submit(self._flood, is_under_way, is_over)
            try:
                assert is_under_way.wait(PATIENCE_SECONDS), f"{self.name} is not answered"
                yield
            finally:
                is_over.set()
            flood.result()
        self.close()

    def is_disconnected(self) -> bool:
        """Waits for the end of the stream: True for a FIN or a reset, False if bytes came."""
        try:
            disconnected = self._receive_some(1) == b""
        except (ConnectionResetError, BrokenPipeError):
            disconnected = True
        outcome = "the end of the connection" if disconnected else "a byte"
        self._tell(Action.RECEIVE, b"", 1, outcome)
        return disconnected

    def is_served(self) -> bool:
        """Sends a byte: True if it comes back, False if the server ends the connection instead."""
        try:
            self.send(b"?")
        except (ConnectionResetError, BrokenPipeError):
            return False
        return not self.is_disconnected()

    def has_input(self) -> bool:
        """Tells, without waiting, whether there is something to read, or the end."""
        return bool(self._readiness(select.POLLIN, 0))

    def unacknowledged(self) -> int:
        """Returns how many bytes sent have not reached the server's kernel (tcp(7), SIOCOUTQ)."""
        answer = fcntl.ioctl(self.socket, termios.TIOCOUTQ, struct.pack("i", 0))
        return struct.unpack("i", answer)[0]

    def data_segments_received(self) -> int:
        """Returns in how many TCP segments the bytes came (TCP_INFO, tcp(7))."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return struct.unpack_from("I", info, TCP_INFO_DATA_SEGMENTS_IN)[0]

    def end_at_server(self) -> TcpSocket | None:
        """Returns the other end of the connection, as its kernel sees it; None if there is none."""
        try:
            return tcp_sockets.connection(self.socket.getpeername()[1], self.port)
        except OSError:
            return None  # it is not connected any more

    def room_at_server(self) -> int:
        """Returns how many bytes the server's kernel takes in now, read or not; 0 if unknown."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        if len(info) < TCP_INFO_SEND_WINDOW + 4:
            return 0  # before Linux 5.4
        return struct.unpack_from("I", info, TCP_INFO_SEND_WINDOW)[0]

    def close(self) -> None:
        """Closes; may be called again."""
        if self.socket.fileno() >= 0:
            self._tell(Action.CLOSE)
            self.socket.close()

    def reset(self) -> None:
        """Closes with a RST instead of a FIN (SO_LINGER 0, socket(7))."""
        self._tell(Action.RESET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _flood(self, is_under_way: threading.Event, is_over: threading.Event) -> None:
        self.socket.setblocking(False)
        while not is_over.is_set():
            ready = self._wait_for(select.POLLIN | select.POLLOUT)
            if ready & select.POLLOUT:
                self.socket.send(bytes(CHUNK))
            if ready & select.POLLIN:
                assert self.socket.recv(CHUNK), "the server has ended the stream"
                is_under_way.set()

    def _receive_some(self, limit: int) -> bytes:
        self._wait_for(select.POLLIN)
        return self.socket.recv(min(limit, CHUNK))

    def _wait_for(self, wanted: int) -> int:
        """Waits until the socket is ready, and returns for what; Stuck if it never will be."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        moved = None
        while not (ready := self._readiness(wanted, LOOK_AFTER_SECONDS)):
            activity = self._activity(self._owed_since() if wanted & select.POLLIN else None)
            before, moved = moved, self._moved()
            if activity is Activity.SPINNING and moved != before:
                activity = Activity.ACTIVE  # it works: what it has to do for this client gets less
            # What happened while the server was looked at counts.
            is_over = activity is not Activity.ACTIVE and not self._is_underway(wanted)
            if is_over and not (ready := self._readiness(wanted, 0)):
                does = "sleeps" if activity is Activity.ASLEEP else "is busy with something else"
                raise Stuck(f"{self.name} waits, and the server {does}")
            if ready:
                break
            if time.monotonic() > deadline:
                raise Inconclusive(f"{self.name} waits for a server that neither answers nor rests")
        self._moved_at = time.monotonic()
        return ready

    def _owed_since(self) -> float | None:
        """Returns when it last sent or received, if less has come than was sent; or else None.

        The end of the stream counts (TCP_INFO, tcp(7)).
        """
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        acknowledged, received = struct.unpack_from("QQ", info, TCP_INFO_BYTES_ACKNOWLEDGED)
        return self._moved_at if acknowledged - 1 > received else None  # the SYN counts, too

    def _moved(self) -> tuple[int, int]:
        """Returns how many bytes of this client's wait at the server, and how many go back."""
        end = self.end_at_server()
        return (end.waiting, end.unsent) if end else (0, 0)

    def _is_underway(self, wanted: int) -> bool:
        """Tells whether the server's kernel still has bytes for this client, which will come.

        After a stall they may keep it waiting for a while: a closed window is probed now and then.
        """
        end = self.end_at_server()
        return bool(wanted & select.POLLIN) and end is not None and end.unsent > 0

    def _readiness(self, wanted: int, seconds: float) -> int:
        poller = select.poll()  # not select: its sets end at descriptor 1023
        poller.register(self.socket, wanted)
        ready = next((events for _, events in poller.poll(seconds * 1000)), 0)
        if ready & select.POLLIN and self._is_greeted and self._pass_over_greeting():
            return self._readiness(wanted, seconds)
        return ready

    def _pass_over_greeting(self) -> bool:
        """Takes what has come of the greeting; tells whether there was any of it."""
        waiting = fcntl.ioctl(self.socket, termios.FIONREAD, struct.pack("i", 0))
        if not (count := struct.unpack("i", waiting)[0]):
            return False  # the end of the stream, or a reset, which the reader is to meet
        line, newline, _ = self.socket.recv(count, socket.MSG_PEEK).partition(b"\n")
        self.greeting += self.socket.recv(len(line + newline))
        self._is_greeted = not newline
        self._tell(Action.RECEIVE, line + newline, len(line + newline), "the greeting")
        return True

    def _tell(self, action: str, data: bytes = b"", count: int = 0, outcome: str = "") -> None:
        self._transcript.add(self.name, action, data, count, outcome)
