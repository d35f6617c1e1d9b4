"""Makes chosen system calls of a running server fail, or take longer, by means of strace(1)."""

import collections
import contextlib
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from echolab.check import process_state
from echolab.check.outcomes import Skipped
from echolab.spawning import spawn
from echolab.waiting import wait_until

PATIENCE_SECONDS = 20.0
# One operation has several system calls: libraries and C libraries differ in which they use.
ACCEPT = "accept,accept4"
RECEIVE = "recvfrom,recvmsg,readv"
SEND = "sendto,sendmsg,writev"
WAIT = "select,pselect6,poll,ppoll,epoll_wait,epoll_pwait,io_uring_enter"
CREATE = "clone,clone3,fork,vfork"
# Programs that read and write their sockets; not of those that start programs or log meanwhile.
ANY_RECEIVE = f"{RECEIVE},read"
ANY_SEND = f"{SEND},write"
FIRST, EVERY = "1", "1+"  # which calls fail; each thread counts its own


class Faults:
    """What strace has reported so far, and in the end."""

    def __init__(self, log: Path):
        self._log = log
        self._last = ""

    def count(self) -> int:
        """Returns how many calls were made to fail, or delayed."""
        text = self._last or self._log.read_text()
        return text.count("(INJECTED)") + text.count("(DELAYED)")

    def calls(self) -> collections.Counter[str]:
        """Returns how often each of the traced calls was made."""
        text = self._last or self._log.read_text()
        return collections.Counter(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))

    def keep(self) -> None:
        """Reads the report for the last time: its file is about to go."""
        self._last = self._log.read_text() or "(nothing)"


def is_available() -> bool:
    """Tells whether there is a strace at all."""
    return shutil.which("strace") is not None


@contextlib.contextmanager
def faults(
    pids: Sequence[int], note: Callable[[str], None], *injections: str
) -> Iterator[Faults]:
    """While it lasts, strace treats `pids` as `injections` say: "recvfrom:error=EINTR:when=1".

    Calls that are only named, "recvfrom,recvmsg", are counted and left as they are. Raises Skipped
    where strace is missing or may not attach.
    """
    if not is_available():
        raise Skipped("strace is not installed")
    with tempfile.TemporaryDirectory(prefix="echolab-strace-") as directory:
        log = Path(directory, "log")
        tracer = _attach(pids, injections, log)
        note(f"is traced: strace injects {', '.join(injections)}")
        seen = Faults(log)
        try:
            yield seen
        finally:
            _detach(tracer)
            seen.keep()


def _attach(pids: Sequence[int], injections: tuple[str, ...], log: Path) -> subprocess.Popen:
    traced = ",".join(injection.partition(":")[0] for injection in injections)
    command = ["strace", "--follow-forks", f"--output={log}", f"--trace={traced}"]
    command += [f"--inject={injection}" for injection in injections if ":" in injection]
    command += [f"--attach={pid}" for pid in pids]
    messages = log.with_name("messages")
    with messages.open("w") as stderr:
        tracer = spawn(command, stderr=stderr)

    def attached() -> bool:
        said = messages.read_text()
        return all(_is_attached_or_gone(pid, said) for pid in pids)

    wait_until(lambda: attached() or tracer.poll() is not None, PATIENCE_SECONDS)
    if not attached():
        _detach(tracer)
        raise Skipped(f"strace cannot attach: {messages.read_text().strip()}")
    return tracer


def _is_attached_or_gone(pid: int, messages: str) -> bool:
    """Tells whether nothing more is to be awaited: what fails at once may end a server first.

    A process is traced (TracerPid of proc(5)) a little before strace sees its calls: what strace
    itself says comes when all its threads have been stopped.
    """
    has_ended = process_state.zombies([pid]) or not process_state.task_states([pid])
    return f"Process {pid} attached" in messages or bool(has_ended)


def _detach(tracer: subprocess.Popen) -> None:
    tracer.send_signal(signal.SIGTERM)
    try:
        tracer.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
