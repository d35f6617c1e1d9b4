"""A chat server, and clients that talk to it by plain sockets, for tests.

The sockets do not block. Whoever waits for one of them lets all clients of the room send and
receive meanwhile, so that a crowd of them needs no threads.
"""

import contextlib
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until

PATIENCE_SECONDS = 60.0
CHUNK = 256 * 1024
SMALL_BUFFER = 16 * 1024
PROMPT = "* what is your name?"
FAREWELL = "* the server is shutting down"


@dataclass(frozen=True)
class Holdings:
    """What the server holds on to."""

    descriptors: int
    threads: int
    children: int


class Client:
    """One connection to a room. What it hears is kept, in lines."""

    def __init__(self, room: "ChatRoom", receive_buffer: int | None = None):
        self._room = room
        family = socket.AF_INET6 if ":" in room.process.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect((room.process.host, room.process.port))
        self.socket.setblocking(False)
        self.reads = True  # a test may tell it not to
        self.ended = ""  # how the stream ended: "end" or the name of the error
        self.heard: list[str] = []
        self._unsent = b""
        self._begun = b""  # the line of which the end has not come

    def send(self, data: bytes) -> None:
        """Sends `data` as it is, at once as far as the window allows."""
        self._unsent += data
        self._send_some()

    def say(self, *lines: str) -> None:
        """Sends lines."""
        self.send("".join(f"{line}\n" for line in lines).encode())

    def hear(self) -> str:
        """Returns the next line, for which it waits; fails at the end of the stream."""
        self._room.wait_for(lambda: self.heard or self.ended)
        assert self.heard, f"a line was expected, and not {self.ended!r}"
        return self.heard.pop(0)

    def expect(self, *lines: str) -> None:
        """Hears these lines and no others before them."""
        assert [self.hear() for _ in lines] == list(lines)

    def hear_until(self, line: str) -> list[str]:
        """Hears up to `line`; returns what came before it."""
        before = []
        while (heard := self.hear()) != line:
            before.append(heard)
        return before

    def hear_to_end(self) -> list[str]:
        """Hears all there is until the server ends the stream; a reset is a failure."""
        self._room.wait_for(lambda: self.ended)
        assert self.ended == "end", self.ended
        assert not self._begun, f"half a line at the end: {self._begun!r}"
        heard, self.heard = self.heard, []
        return heard

    def is_disconnected(self) -> bool:
        """Waits until the server has ended the stream, however."""
        self._room.wait_for(lambda: self.ended)
        return True

    def has_sent_all(self) -> bool:
        """Tells whether the kernel has taken all that was to be sent."""
        return not self._unsent

    def finish_sending(self) -> None:
        """Half-closes, when all was sent: sends a FIN, and goes on reading."""
        self._room.wait_for(self.has_sent_all)
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Closes; may be called again."""
        self.socket.close()
        self.ended = self.ended or "closed by the test"

    def reset(self) -> None:
        """Closes with a RST instead of a FIN (SO_LINGER 0, socket(7))."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def events(self) -> int:
        """Returns what poll(2) is to wait for."""
        if self.ended:
            return 0
        return (select.POLLIN if self.reads else 0) | (select.POLLOUT if self._unsent else 0)

    def transfer(self) -> None:
        """Sends and receives what can be without waiting."""
        self._send_some()
        if self.reads and not self.ended:
            self._receive_some()

    def _send_some(self) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                while self._unsent and not self.ended:
                    self._unsent = self._unsent[self.socket.send(self._unsent[:CHUNK]) :]
            except ConnectionError:
                self._unsent = b""  # what the server has sent before may still be received

    def _receive_some(self) -> None:
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError as error:
            self.ended = type(error).__name__
            return
        if not data:
            self.ended = "end"
        *lines, self._begun = (self._begun + data).split(b"\n")
        self.heard += [line.decode() for line in lines]


class ChatRoom:
    """A running chat server of one model, with its clients."""

    def __init__(
        self,
        model: str,
        programs: Path,
        *options: str,
        host: str = "127.0.0.1",
        thread_sanitizer: bool = False,
    ):
        """`thread_sanitizer` tells of a build with one.

        It keeps back a signal that comes just before a call that blocks, until that call returns.
        """
        program = programs / model.replace("-", "_")
        command = [str(program), "--host", host, "--port", "0", *options]
        self._thread_sanitizer = thread_sanitizer
        self.process = ServerProcess(model, command, host=host)
        self.clients: list[Client] = []
        self.process.start(PATIENCE_SECONDS)
        # The ready line comes before the last preparations.
        assert wait_until(self._is_asleep, PATIENCE_SECONDS), "the server does not come to rest"
        self.held_at_start = self.holdings()

    def connect(self, receive_buffer: int | None = None) -> Client:
        """Opens a client, which is asked for its name, if it is let in."""
        client = Client(self, receive_buffer)
        self.clients.append(client)
        return client

    def join(self, name: str, receive_buffer: int | None = None) -> Client:
        """Opens a client, and waits until it is a member; its first words are heard."""
        client = self.connect(receive_buffer)
        client.say(name)
        client.expect(PROMPT)
        client.hear_until(f"* {name} joined")
        return client

    def join_all(self, *names: str) -> list[Client]:
        """Lets all join, one after the other, and waits until each has heard of all others."""
        members = [self.join(name) for name in names]
        for number, member in enumerate(members):
            for name in names[number + 1 :]:
                member.hear_until(f"* {name} joined")
        return members

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Lets all clients send and receive until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "what was waited for has not come"
            self._transfer()

    def wait_for_log(self, text: str) -> None:
        """Waits until the server's log holds `text`."""
        self.wait_for(lambda: text in self.process.stderr)

    def holdings(self) -> Holdings:
        """Returns what the server holds now."""
        pid = self.process.pid
        stat = proc.read_stat(pid)
        return Holdings(
            descriptors=proc.descriptor_count(pid),
            threads=stat.threads if stat else 0,
            children=len(proc.children(pid)),
        )

    def resident_bytes(self) -> int:
        """Returns the memory of the server, all its processes together."""
        return sum(proc.pss_bytes(pid) for pid in self.process.tree())

    def cpu_seconds(self) -> float:
        """Returns the CPU time of the server, all its processes together."""
        return sum(proc.cpu_seconds(pid) or 0.0 for pid in self.process.tree())

    @contextlib.contextmanager
    def frozen(self, pids: Sequence[int] | None = None) -> Iterator[None]:
        """Stops the server (or only `pids`): what happens meanwhile, it then finds all at once."""
        pids = self.process.tree() if pids is None else pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            stopped = wait_until(lambda: all(map(_is_stopped, pids)), PATIENCE_SECONDS)
            assert stopped, "cannot stop it"
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def shut_down(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Asks the server to end; does not wait for it."""
        self.process.send_signal(number)
        self._nudge()

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to all processes of the server at once, as a terminal does."""
        os.killpg(self.process.pid, number)
        self._nudge()

    def assert_ended_well(self) -> None:
        """Fails unless the server ends by itself, with status 0, leaving no process."""
        self.wait_for(lambda: not self.process.is_running())
        assert self.process.exit_status == 0
        assert wait_until(lambda: not self.process.tree(), PATIENCE_SECONDS), "processes are left"

    def destroy(self) -> None:
        """Ends whatever is left of the server and its clients."""
        for client in self.clients:
            client.close()
        self.process.stop(grace=0)

    def _is_asleep(self) -> bool:
        stat = proc.read_stat(self.process.pid)
        return stat is not None and stat.state == "S"

    def _nudge(self) -> None:
        """Makes the call return in which the server may wait, by a newcomer."""
        if not self._thread_sanitizer:
            return
        with contextlib.suppress(OSError):
            socket.create_connection((self.process.host, self.process.port)).close()

    def _transfer(self) -> None:
        poller = select.poll()
        clients = {client.socket.fileno(): client for client in self.clients if client.events()}
        for descriptor, client in clients.items():
            poller.register(descriptor, client.events())
        for descriptor, _ in poller.poll(10):
            clients[descriptor].transfer()


def _is_stopped(pid: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is None or stat.state in "TtZ"
