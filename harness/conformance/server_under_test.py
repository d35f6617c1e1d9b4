"""A server under test: the process, its clients, the steps that a test took, its afterlife."""

import contextlib
import dataclasses
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from echolab import proc
from echolab.check import process_state
from echolab.check.client import Client
from echolab.check.observed_server import ObservedServer
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until
from subject import Subject

PATIENCE_SECONDS = 60.0  # with what is awaited, on a machine under load
NUDGE_SECONDS = 4.0  # more than the grace of a shutdown
IDLE_WINDOW_SECONDS = 0.4
IDLE_CPU_SHARE = 0.25  # of one CPU; a server at rest uses none, one that spins all of it
# What a newcomer says to see whether it is served, and what it must hear.
PROBES = {
    "echo": (b"hello", b"hello"),
    "ack": (b"hello\n", b"Message 'hello' received successfully\n"),
    "bye": (b"hello\n", b"hello\n"),
    "pingpong": (b"ping\n", b"pong\n"),
    "temperature": (b"100\n", b"212.00\n"),
}
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")


class ServerUnderTest(ObservedServer):
    """One running server of the kit."""

    def __init__(self, subject: Subject, programs: Path, *, thread_sanitizer: bool = False):
        """`thread_sanitizer` tells of a build with one.

        It adds a thread of its own to the program's first, and itself reports threads that nobody
        joined. And it keeps back a signal that comes just before a call that blocks, until that
        call returns.
        """
        super().__init__()
        self.subject = subject
        self._thread_sanitizer = thread_sanitizer
        self.program = programs / subject.model.program
        self.has_been_ended = False  # by the test, and so it is not to be found running afterwards
        self._probe = PROBES["echo"]
        self._at_start: process_state.Footprint | None = None

    def start(
        self,
        *options: str,
        host: str = "127.0.0.1",
        port: int = 0,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> "ServerUnderTest":
        """Starts the program, behind the command `prefix` if any, and waits until it sleeps."""
        address = ["--host", host, "--port", str(port)]
        if "--service" in options:
            self._probe = PROBES[options[options.index("--service") + 1]]
        own = self.subject.command_line(options)
        command = [*prefix, str(self.program), *address, *own]
        self.note(f"is started: {' '.join(command)}")
        self._process = ServerProcess(
            self.subject.model.name, command, host=host, environment=environment
        )
        self._process.start(PATIENCE_SECONDS)
        assert wait_until(self._is_set_up, PATIENCE_SECONDS), "the server does not come to rest"
        self._at_start = self._footprint()
        return self

    def _is_set_up(self) -> bool:
        """Tells whether all threads sleep, the first one not for a thread that it starts.

        The first thread of each model waits for events, or for children. It starts a pool's threads
        one by one, and may sleep in futex(2) until one of them has begun.
        """
        first_call, *_ = process_state.system_calls([self.pid]) or [""]
        return self._is_asleep() and first_call != "futex"

    @property
    def stdout(self) -> str:
        """What it has written to stdout so far."""
        return self.process.stdout

    @property
    def stderr(self) -> str:
        """What it has written to stderr so far."""
        return self.process.stderr

    def is_started(self) -> bool:
        """Tells whether there is a process, or was."""
        return self._process is not None

    def children(self) -> list[int]:
        """Returns the processes that the server has forked and not yet waited for."""
        return proc.children(self.pid)

    def accepting(self) -> list[int]:
        """Returns the processes that accept: its workers, where a model has some from the start."""
        return self.children() if self._at_start.children else [self.pid]

    def connect_served(self, count: int) -> list[Client]:
        """Opens clients that have been served, and stay."""
        clients = [self.connect() for _ in range(count)]
        for client in clients:
            client.echo(b"hello")
        return clients

    def assert_uses_no_cpu(self) -> None:
        """Fails if the server is busy in the next moments."""
        share = self.cpu_share(IDLE_WINDOW_SECONDS)
        assert share < IDLE_CPU_SHARE, f"with nothing to do it uses {share:.0%} of a CPU"

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server's first process."""
        self.note(f"gets {number.name}")
        self.process.send_signal(number)

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to all processes of the server at once, as a terminal does."""
        self.note(f"gets {number.name}, all its processes at once")
        os.killpg(self.pid, number)

    def wait_for_exit(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Waits until the server has ended by itself; returns its exit status."""
        if self._thread_sanitizer and not self.process.wait(NUDGE_SECONDS):
            self._nudge()
        assert self.process.wait(seconds), f"the server has not ended after {seconds:g} s"
        self.has_been_ended = True
        self.note(f"has ended with status {self.process.exit_status}")
        return self.process.exit_status

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the server to end, waits for it, and returns its exit status."""
        self.send_signal(number)
        return self.wait_for_exit()

    def wait_for_log(self, pattern: str, count: int = 1) -> None:
        """Waits until a regular expression is found `count` times in the server's log."""
        found = wait_until(lambda: len(re.findall(pattern, self.stderr)) >= count, PATIENCE_SECONDS)
        assert found, f"the log does not say {pattern!r}"

    def assert_serves_a_newcomer(self) -> None:
        """Fails unless a new client is served."""
        question, answer = self._probe
        with self.connect() as newcomer:
            newcomer.send(question)
            newcomer.expect(answer)

    def assert_gave_everything_back(self) -> None:
        """Fails unless the server comes to hold no more than at its start."""
        back = wait_until(lambda: self._footprint() == self._at_start, PATIENCE_SECONDS)
        assert back, f"it holds {self._footprint()}, at the start {self._at_start}"

    def assert_unharmed(self) -> None:
        """Fails unless the server, its clients gone, is as good as new. For the end of a test."""
        self.close_clients()
        assert self.is_running(), "the server has died"
        self.assert_gave_everything_back()
        self.assert_serves_a_newcomer()
        self.assert_gave_everything_back()

    def assert_ended_well(self) -> None:
        """Fails unless the server ends when asked to, leaving no process and no complaint."""
        if not self.has_been_ended:
            assert self.terminate() == 0, "the server did not end with status 0"
        assert not SANITIZER_REPORT.search(self.stderr), "a sanitizer has found something"
        gone = wait_until(lambda: not self.process.tree(), PATIENCE_SECONDS)
        assert gone, f"processes left: {self.process.tree()}"
        # What io_uring held, the kernel lets go of a moment after the process has ended.
        closed = wait_until(lambda: not proc.is_listening(self.process.port), PATIENCE_SECONDS)
        assert closed, "somebody still listens"

    def _nudge(self) -> None:
        """Makes the call return in which the server waits, by a newcomer."""
        with contextlib.suppress(OSError):
            self.connect()

    def _footprint(self) -> process_state.Footprint:
        held = process_state.footprint(self.pid)
        workers = [process_state.footprint(pid) for pid in self.children()]
        held = dataclasses.replace(
            held,
            descriptors=held.descriptors + sum(worker.descriptors for worker in workers),
            threads=held.threads + sum(worker.threads for worker in workers),
        )
        return dataclasses.replace(held, threads=0) if self._thread_sanitizer else held
