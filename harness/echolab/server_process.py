"""A server as a process: started, awaited without a connection, observed, and surely ended."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from resource import struct_rusage
from typing import IO

from echolab import proc
from echolab.errors import CannotRun, LabError
from echolab.port_claims import claim
from echolab.spawning import spawn
from echolab.waiting import wait_until

START_SECONDS = 30.0  # an interpreter on a loaded machine takes some
GRACE_SECONDS = 4.0  # the kit's servers promise to end within 2
KILL_SECONDS = 5.0
ATTEMPTS = 100  # at a free port: hardly any are in use
READY_LINE = re.compile(r"^\S+ listening on (\[[^\]]+\]|[^:\s]+):(\d+)\n", re.MULTILINE)
LAST_LINES = 5


class ServerError(LabError):
    """A server did not start, answered wrongly, or died."""


class ServerCannotRun(ServerError):
    """The machine lacks what a server of the kit needs: it says so by exit status 3."""


class ServerProcess:
    """A server program that runs in its own session, as a context manager.

    With `port` 0 the program is one of the kit's: it takes a free port by itself, and its ready
    line on stdout says which. Otherwise the program is anybody's: it is ready once some socket
    listens on `port`.

    The server ends with this object: on leaving the `with` block, on an exception, and, by the
    parent-death signal of prctl(2), even when this very process is killed. (The kernel means the
    thread that started the server, so start servers in the main thread.)
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        core: int | None = None,
    ):
        """`environment` is added to this process's own; `pass_fds` stay open in the server.

        With `core` the server, with all its threads and children, stays on that processor.
        """
        self.name = name
        self.command = list(command)
        self.host = host
        self.port = port
        self._says_when_ready = port == 0
        self.rusage: struct_rusage | None = None  # of its whole life, once it was waited for
        self.exit_status: int | None = None  # -N: ended by signal N
        self.killed = False  # whether it took SIGKILL to end it
        self._environment = dict(environment or {})
        self._pass_fds = tuple(pass_fds)
        self._core = core
        self._mark = f"ECHOLAB_SERVER={uuid.uuid4().hex}"
        self._adopted: set[int] = set()
        self._output: dict[str, IO[bytes]] = {}
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the command as it was started."""
        assert self._process, "the server was not started"
        return self._process.pid

    @property
    def stdout(self) -> str:
        """What the server has written to stdout so far."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """What the server has written to stderr so far."""
        return self._text("stderr")

    def start(self, seconds: float = START_SECONDS) -> None:
        """Starts the server and waits until it listens; raises ServerError if it does not."""
        self.launch()
        try:
            self._await_ready(seconds)
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Starts the server, and waits for nothing; raises ServerError if there is no program."""
        program = self.command[0]
        if shutil.which(program) is None:
            raise ServerError(f"{self.name}: cannot start '{program}': no such program")
        proc.adopt_orphans()
        # Files, not pipes: a pipe that nobody empties would stop a server that logs much.
        self._output = {name: tempfile.TemporaryFile() for name in ("stdout", "stderr")}
        mark_name, _, mark_value = self._mark.partition("=")
        self._process = spawn(
            self.command,
            stdout=self._output["stdout"],
            stderr=self._output["stderr"],
            env={**os.environ, **self._environment, mark_name: mark_value},
            pass_fds=self._pass_fds,
            core=self._core,
        )

    def is_running(self) -> bool:
        """Tells whether the command as started has not ended."""
        return self.exit_status is None and not self._reap()

    def tree(self) -> list[int]:
        """Returns the ids of all processes of this server, its own first, zombies included.

        Besides the descendants these are the processes that left the family as daemons do: this
        process adopted them, and they still carry the server's mark in their environment.
        """
        roots = [self.pid] if self.exit_status is None else []
        return proc.descendants(roots + self._orphans())

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the command as started, if it still runs."""
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Waits until the command as started has ended; returns whether it has."""
        return wait_until(lambda: not self.is_running(), seconds)

    def stop(self, grace: float = GRACE_SECONDS) -> int | None:
        """Ends every process of the server: asks by SIGTERM, insists by SIGKILL after `grace`.

        Returns the exit status of the command as started. May be called more than once.
        """
        if self._process is None:
            return None
        self.send_signal(signal.SIGTERM)
        self.killed |= not self.wait(grace)
        self._signal_tree(signal.SIGTERM if not self.killed else signal.SIGKILL)
        if not wait_until(self._is_gone, min(grace, 0.5)):
            wait_until(self._kill, KILL_SECONDS)
        return self.exit_status

    def last_words(self) -> str:
        """Returns the last lines of stderr (or else of stdout) in one line, for a message."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return " | ".join(lines[-LAST_LINES:]) or "(it printed nothing)"

    def death_in_words(self) -> str:
        """Returns in a line how the command has ended, with its last words if it had any."""
        words = f": {self.last_words()}" if self.stderr.strip() else ""
        return f"{self.name}: died ({end_in_words(self.exit_status)}){words}"

    def _await_ready(self, seconds: float) -> None:
        if not wait_until(lambda: self._is_ready() or self._is_gone(), seconds):
            raise ServerError(
                f"{self.name}: does not listen after {seconds:g} s: {self.last_words()}"
            )
        if self._says_when_ready and self.exit_status == CannotRun.exit_status:
            raise ServerCannotRun(self.last_words())
        if not self._is_ready():
            raise ServerError(
                f"{self.name}: ended before it listened"
                f" (exit status {self.exit_status}): {self.last_words()}"
            )

    def _is_ready(self) -> bool:
        if not self._says_when_ready:
            return proc.is_listening(self.port)
        ready = READY_LINE.search(self.stdout)
        if ready:
            self.host, self.port = ready[1].strip("[]"), int(ready[2])
        return ready is not None

    def _reap(self) -> bool:
        """Collects the command's exit status if it has ended; returns whether it has.

        wait4 instead of Popen.wait: its rusage counts the threads and children that ended too.
        """
        pid, status, rusage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.exit_status = os.waitstatus_to_exitcode(status)
        self.rusage = rusage
        self._process.returncode = self.exit_status
        return True

    def _orphans(self) -> list[int]:
        """Returns the server's processes that this one adopted, and buries those that ended."""
        mine = {pid for pid in proc.children(os.getpid()) if pid != self.pid}
        self._adopted = {pid for pid in mine if self._is_marked(pid)}
        for pid in list(self._adopted):
            stat = proc.read_stat(pid)
            if stat and stat.state == "Z":
                os.waitpid(pid, os.WNOHANG)
                self._adopted.remove(pid)
        return sorted(self._adopted)

    def _is_marked(self, pid: int) -> bool:
        return pid in self._adopted or proc.has_environment(pid, self._mark)

    def _is_gone(self) -> bool:
        # Twice, since the table is read entry by entry: who forks and ends meanwhile, as a daemon
        # does, may be in it neither before nor after.
        return not self.is_running() and not self.tree() and not self.tree()

    def _kill(self) -> bool:
        self.killed = True
        self._signal_tree(signal.SIGKILL)
        return self._is_gone()

    def _signal_tree(self, number: signal.Signals) -> None:
        for pid in self.tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _text(self, name: str) -> str:
        file = self._output.get(name)
        if file is None:
            return ""
        # pread leaves alone the file position, which the server shares and writes at.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")


def end_in_words(status: int | None) -> str:
    """Returns what an exit status, or the number of a signal below zero, means."""
    if status is None:
        return ""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def free_port(host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Returns a port that nobody uses on `host`, for a server that must be told one.

    TCP and UDP each have ports of their own: `kind` says of which one it is to be.

    It lies below the ephemeral range, so that no client's socket takes it before the server does,
    and no other program of the kit is given it meanwhile.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    first_ephemeral, _ = proc.ephemeral_ports()
    for _ in range(ATTEMPTS):
        port = random.randrange(max(1024, first_ephemeral // 2), first_ephemeral)
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            if claim(port, kind):
                return port
    raise LabError(f"no free port below {first_ephemeral} on {host}")
