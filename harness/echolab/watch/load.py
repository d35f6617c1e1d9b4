"""The load that a watched server is under: the load generator, beside what is done here."""

import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from echolab.quantities import counted, duration
from echolab.spawning import spawn
from echolab.waiting import wait_until

REPORT_SECONDS = 10.0  # to end an interrupted run and report it


@dataclass(frozen=True)
class LoadOptions:
    """What the clients do; durations in seconds."""

    duration: float
    clients: int
    idle: int
    bytes: int
    think: float
    churn: bool

    def words(self) -> list[str]:
        """Returns the load generator's options."""
        times = {"duration": self.duration, "think": self.think, "warmup": 0.0}
        counts = {"clients": self.clients, "idle": self.idle, "bytes": self.bytes}
        return [
            *(f"--{name}={round(seconds * 1e6)}us" for name, seconds in times.items()),
            *(f"--{name}={number}" for name, number in counts.items()),
            *["--churn"] * self.churn,
        ]

    def __str__(self) -> str:
        thinking = f" after {duration(self.think * 1e6)}" if self.think else ""
        each = "a connection for each echo" if self.churn else f"{self.bytes} bytes an echo"
        closing = f", closed{thinking}" if self.churn else f", the next{thinking}" * bool(thinking)
        silent = f", {self.idle} silent" if self.idle else ""
        return f"{counted(self.clients, 'client')}{silent}, {each}{closing}"


class Load:
    """The load generator as a process, as a context manager; it ends with its block."""

    def __init__(self, program: Path, host: str, port: int, options: LoadOptions):
        self._command = [str(program), f"--host={host}", f"--port={port}", *options.words()]
        self._process: subprocess.Popen | None = None
        # Files, not pipes: nobody reads before the end.
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()

    def __enter__(self) -> "Load":
        self._process = spawn(self._command, stdout=self._output, stderr=self._errors)
        return self

    def __exit__(self, *_exception) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Tells whether it has ended, by itself or not."""
        return self._process.poll() is not None

    def finish(self) -> int:
        """Ends the load early, if it has not ended; returns the exit status of the program."""
        if not self.has_ended():
            self._process.send_signal(signal.SIGINT)
            wait_until(self.has_ended, REPORT_SECONDS)
        return self._process.poll() if self.has_ended() else -signal.SIGKILL

    def report(self) -> str:
        """Returns what it has printed, and its complaints behind that."""
        texts = []
        for file in (self._output, self._errors):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return "".join(texts).rstrip()
