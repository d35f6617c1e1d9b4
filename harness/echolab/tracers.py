"""What counts a program's system calls by name: perf's tracepoints, or strace.

Both run a command with all its threads and children, and write what they counted when it ends.
"""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.errors import CannotRun
from echolab.server_process import GRACE_SECONDS, ServerProcess

PROBE_SECONDS = 30.0
TRACEPOINTS = "/sys/kernel/tracing/events/syscalls"
# By name perf counts these only: ending a tracepoint costs it tens of milliseconds, and there are
# 360. What a server calls besides is in the total, and so among the others.
WATCHED = (
    "accept accept4 read write readv writev recvfrom sendto recvmsg sendmsg poll ppoll select"
    " pselect6 epoll_wait epoll_pwait epoll_ctl io_uring_enter futex nanosleep clock_nanosleep"
).split()
OTHERS = "others"


@dataclass(frozen=True)
class Tracer:
    """A program that counts; `command` goes before the traced one, and ends on a file's name."""

    name: str
    command: tuple[str, ...]
    parse: Callable[[str], Counter]

    def before(self, file: Path) -> tuple[str, ...]:
        """Returns the words before a command so that its calls are counted into `file`.

        The traced command dies with its tracer, as the tracer does with the driver.
        """
        return (*self.command, str(file), "--", "setpriv", "--pdeathsig", "KILL", "--")

    def works(self) -> bool:
        """Tells whether it is installed, and may count here, by having it count a command."""
        with tempfile.NamedTemporaryFile() as file:
            command = [*self.before(Path(file.name)), "true"]
            try:
                subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS)
            except (FileNotFoundError, subprocess.TimeoutExpired):
                return False
            return self.parse(Path(file.name).read_text()).total() > 0


class TracedServer(ServerProcess):
    """A server whose command begins with a tracer's."""

    def stop(self, grace: float = GRACE_SECONDS) -> int | None:
        """Asks the server, not its tracer, to end: so the tracer writes what it counted."""
        traced = proc.children(self.pid) if self._process and self.is_running() else []
        for pid in traced:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if traced:
            self.wait(grace)
        return super().stop(grace)


def find_tracer() -> Tracer:
    """Returns the tracer that disturbs least, of those that work here; raises CannotRun."""
    for tracer in TRACERS:
        if tracer.works():
            return tracer
    raise CannotRun(
        "system calls cannot be counted here: perf may not (that takes root, and linux-perf),"
        " and strace is not installed or may not trace: sudo apt-get install strace"
    )


def parse_perf(text: str) -> Counter:
    """Reads `perf stat --field-separator=,`: 10,,syscalls:sys_enter_sendto,808239,100.00,,"""
    found = re.findall(r"^(\d+),[^,]*,(?:syscalls|raw_syscalls):sys_enter_?(\w*),", text, re.M)
    calls = Counter({name: int(number) for number, name in found})
    total = calls.pop("", 0)
    return +(calls + Counter({OTHERS: total - calls.total()}))


def parse_strace(text: str) -> Counter:
    """Reads `strace --summary-columns=calls,name`: a line "10 sendto" for each, and a total."""
    found = re.findall(r"^ *(\d+) (\w+)$", text, re.M)
    return Counter({name: int(calls) for calls, name in found if name != "total"})


def _perf_events() -> str:
    """Returns the tracepoint of all calls, and those of the watched ones that this kernel has."""
    known = [name for name in WATCHED if os.path.exists(f"{TRACEPOINTS}/sys_enter_{name}")]
    return ",".join(["raw_syscalls:sys_enter", *(f"syscalls:sys_enter_{name}" for name in known)])


# perf first: the kernel counts in passing, while strace stops the server twice a call. So slowed
# down, a server finds more clients ready at a time than it would, and waits less often.
TRACERS = (
    Tracer(
        "perf's tracepoints",
        ("perf", "stat", "--field-separator=,", f"--event={_perf_events()}", "--output"),
        parse_perf,
    ),
    Tracer(
        "strace",
        ("strace", "--follow-forks", "--summary-only", "--summary-columns=calls,name", "--output"),
        parse_strace,
    ),
)
