"""Any server command as a specimen: started anew for each check, on a port of its own."""

import shlex
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from echolab import proc
from echolab.check import process_state
from echolab.check.observed_server import ObservedServer
from echolab.check.outcomes import Failed
from echolab.server_process import ServerProcess, end_in_words, free_port
from echolab.waiting import wait_until

HOST = "127.0.0.1"
START_SECONDS = 10.0
BUSY_START_SECONDS = 30.0  # more, for a server that is still busy
ELSEWHERE_SECONDS = 2.0  # after which a server that listens, but elsewhere, is given up
SETTLE_SECONDS = 3.0


@dataclass(frozen=True)
class Command:
    """How the server under test is started.

    {port} and {host} in `words` stand for what the checker chooses. A command without {port} finds
    the port in the environment variable PORT.
    """

    words: tuple[str, ...]

    def with_port(self, port: int) -> list[str]:
        """Returns the words of the command for one port."""
        return [word.replace("{port}", str(port)).replace("{host}", HOST) for word in self.words]

    def names_the_port(self) -> bool:
        """Tells whether the port stands in the command, rather than in the environment only."""
        return any("{port}" in word for word in self.words)

    def of_check(self, _check_id: str) -> "Command":
        """Returns the command as one check is to start it: some are to be kept apart."""
        return self

    def __str__(self) -> str:
        return shlex.join(self.words)


class NotListening(Failed):
    """The server was started, and does not listen where it was told to."""


@dataclass(frozen=True)
class Holdings:
    """What a server holds."""

    sockets: int
    tasks: int  # threads of all its processes
    processes: int
    zombies: int


class Specimen(ObservedServer):
    """One running instance of the server under test."""

    def __init__(self, command: Command, takes_datagrams: bool = False, greets: bool = False):
        """With `takes_datagrams` it is a server of UDP: ready when it has a socket on its port.

        With `greets` it says a line to whoever connects, which its clients pass over.
        """
        super().__init__(greets)
        self._command = command
        self._takes_datagrams = takes_datagrams
        self._launched = 0.0

    def start(
        self,
        *,
        port: int | None = None,
        core: int | None = None,
        descriptors: int | None = None,
        inherited: Sequence[int] = (),
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> "Specimen":
        """Starts the server and waits until it listens and sleeps; raises NotListening.

        It may be kept on one processor, be limited in its descriptors, and find some that are
        open already. `prefix` is a command that becomes the server's own.
        """
        limit = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}:{descriptors}"]
        how = {"core": core, "pass_fds": inherited, "environment": environment or {}}
        if port is not None:
            return self._start_on(port, [*limit, *prefix], how)
        kind = socket.SOCK_DGRAM if self._takes_datagrams else socket.SOCK_STREAM
        while True:
            self._start_on(free_port(HOST, kind), [*limit, *prefix], how)
            if self.is_running() or self.process.tree() or not self._is_ready():
                return self
            self.note("has ended, since another program was quicker to take that port")

    def _start_on(self, port: int, prefix: list[str], how: dict[str, Any]) -> "Specimen":
        words = self._command.with_port(port)
        how_told = "" if self._command.names_the_port() else f", with PORT={port}"
        self.note(f"is started{how_told}: {shlex.join(words)}")
        how["environment"] = {**how["environment"], "PORT": str(port)}
        process = ServerProcess("the server", [*prefix, *words], host=HOST, port=port, **how)
        process.launch()
        self._process = process
        self._launched = time.monotonic()
        if not self._comes_to_be_ready():
            raise NotListening(self._why_not_listening(port))
        self.settle(SETTLE_SECONDS)
        return self

    @property
    def port(self) -> int:
        """The port that it was told to listen on."""
        return self.process.port

    def listening_ports(self) -> dict[int, str]:
        """Returns the ports on which it listens, each with its address in hex."""
        if self._takes_datagrams:
            return process_state.datagram_ports(self.process.tree())
        return process_state.listening_ports(self.process.tree())

    def holdings(self) -> Holdings:
        """Returns what it holds now."""
        pids = self.process.tree()
        zombies = process_state.zombies(pids)
        return Holdings(
            sockets=sum(len(process_state.socket_inodes(pid)) for pid in pids),
            tasks=len(process_state.task_states(pids)) - len(zombies),
            processes=len(pids) - len(zombies),
            zombies=len(zombies),
        )

    def backlog_length(self) -> int:
        """Returns how many completed connections wait to be accepted."""
        return process_state.backlog_length(self.port)

    def how_it_ended(self) -> str:
        """Returns "exit status 1" or "killed by SIGPIPE"; "" while it runs."""
        if self.is_running():
            return ""
        return end_in_words(self.process.exit_status)

    def dies_within(self, seconds: float) -> bool:
        """Waits for its death for so long; returns whether it has died."""
        return self.process.wait(seconds)

    def serves_a_newcomer(self) -> bool:
        """Tells whether a new client is served."""
        try:
            with self.connect() as newcomer:
                return newcomer.ask(b"newcomer").data == b"newcomer"
        except OSError:
            return False

    def _is_ready(self) -> bool:
        if self._takes_datagrams:
            return bool(process_state.datagram_sockets(self.port))
        if self.port in self.listening_ports():
            return True
        # It may be another program that took the port a moment ago: this one is about to end then.
        has_had_time = time.monotonic() - self._launched > ELSEWHERE_SECONDS
        return proc.is_listening(self.port) and (has_had_time or not self.is_running())

    def _comes_to_be_ready(self) -> bool:
        """Waits until it listens on its port, or it is clear that it will not."""
        if not wait_until(self._has_begun, START_SECONDS) and not self.is_quiet():
            wait_until(self._has_begun, BUSY_START_SECONDS)  # a slow start on a busy machine
        return self._is_ready()

    def _has_begun(self) -> bool:
        if self._is_ready() or not (self.is_running() or self.process.tree()):
            return True
        has_had_time = time.monotonic() - self._launched > ELSEWHERE_SECONDS
        return has_had_time and bool(self.listening_ports()) and self.is_quiet()

    def _why_not_listening(self, port: int) -> str:
        self.process.is_running()
        if elsewhere := self.listening_ports():
            ports = ", ".join(map(str, elsewhere))
            return f"it was told to listen on port {port}, and listens on {ports}"
        if end := self.how_it_ended():
            return f"it ended before it listened on port {port}: {end}"
        return f"it does not listen on port {port} after {START_SECONDS:g} s"
