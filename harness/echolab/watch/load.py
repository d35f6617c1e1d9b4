"""The load that a watched server is under: the load generator, beside what is done here."""

import signal
import subprocess
import tempfile
from pathlib import Path

from echolab.quantities import counted, duration
from echolab.spawning import spawn
from echolab.waiting import wait_until
from echolab.workloads import Workload

REPORT_SECONDS = 10.0  # to end an interrupted run and report it


def in_words(workload: Workload) -> str:
    """Returns what the clients do, in a line."""
    parts = [counted(workload.clients[0], "client")]
    if workload.idle:
        parts.append(f"{workload.idle} silent")
    if workload.slow_readers:
        parts.append(f"{workload.slow_readers} that never read")
    if workload.dribble:
        parts.append(f"{workload.dribble} that dribble")
    if workload.resets_per_second:
        parts.append(f"{workload.resets_per_second:g} resets a second")
    parts.append(f"{workload.bytes} bytes an echo")
    if workload.rate is not None:
        parts.append(f"{workload.rate:g} requests a second due ({workload.arrivals})")
    pause = duration(workload.think * 1e6) if workload.think else ""
    if workload.churn:
        parts.append(f"a connection for each{pause and f', held for {pause}'}")
    elif pause:
        parts.append(f"the next {pause} after the last")
    return ", ".join(parts)


class Load:
    """The load generator as a process, as a context manager; it ends with its block."""

    def __init__(self, program: Path, host: str, port: int, workload: Workload):
        options = workload.loadgen_options(workload.clients[0])
        self._command = [str(program), f"--host={host}", f"--port={port}", *options]
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
