"""The process that grades one submission, of which nothing is left when it is over.

Grading is done by a command of its own, `./lab grade`, a submission in and a JSON out. So whatever
befalls it, by its own fault or the submission's, befalls nobody else.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from echolab import proc
from echolab.grading.gradebook import FILE
from echolab.grading.scoring import printable
from echolab.quantities import duration
from echolab.spawning import spawn
from echolab.waiting import wait_until

ORDERLY_SECONDS = 10.0
PIPE_BYTES = 1 << 16
TOLD_BYTES = 2000  # of the last words of a grader
LAST_STATUS = 3  # of ./lab: from 0, all well, to 3, could not tell

CommandFor = Callable[[Path, Path], Sequence[str]]  # a submission, and where grade.json is due


class GraderProcess:
    """Grades the submission in `directory` by the command that `command_for` gives.

    It has `seconds` for it. All its temporary files lie in a directory of their own. Raises OSError
    if it cannot be started.
    """

    def __init__(self, directory: Path, command_for: CommandFor, seconds: float):
        self.directory = directory
        self._seconds = seconds
        self._began = time.monotonic()
        self._last_words = b""
        self._was_cut_off = False
        self._what_is_left = contextlib.ExitStack()
        try:
            self._start(command_for)
        except BaseException:
            self.close()
            raise

    def _start(self, command_for: CommandFor) -> None:
        scratch = Path(tempfile.mkdtemp(prefix="echolab-class-"))
        self._what_is_left.callback(remove_tree, scratch)
        scratch.chmod(0o711)  # the grader may keep in it what another user is to run
        result = scratch / "result"
        result.mkdir(mode=0o700)
        self.grade = result / FILE
        self._process = spawn(
            command_for(self.directory, result),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        self._what_is_left.callback(self._process.stderr.close)
        self._what_is_left.callback(self.kill)
        os.set_blocking(self._process.stderr.fileno(), False)
        self._end = os.pidfd_open(self._process.pid)
        self._what_is_left.callback(os.close, self._end)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    def fileno(self) -> int:
        """Returns a descriptor that is readable when the process has ended: pidfd_open(2)."""
        return self._end

    def listen(self) -> None:
        """Takes what the grader has said, lest it wait for a reader; only the end is kept.

        Who says more than a pipe holds waits for the next time: nobody else shall wait for him.
        """
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._process.stderr.fileno(), PIPE_BYTES)
            self._last_words = (self._last_words + said)[-TOLD_BYTES:]

    def is_overdue(self) -> bool:
        """Tells whether it has had its time."""
        return self.seconds > self._seconds

    def has_ended(self) -> bool:
        """Tells whether the process is over."""
        return self._process.poll() is not None

    def trouble(self) -> str:
        """Returns why there is no grade, once the process is over; "" if there is one."""
        self.listen()
        if self._was_cut_off:
            return f"its grader was not done after {_said(self._seconds)}"
        status = self._process.returncode
        if status < 0:
            return f"its grader was ended by {signal.Signals(-status).name}"
        if status > LAST_STATUS or not self.grade.exists():
            return f"its grader failed: {self._last_line() or f'exit status {status}'}"
        return ""

    def ask_to_end(self) -> None:
        """Lets the process end in order, as Ctrl-C would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """Ends the process and all that descends from it, in order if it does so soon."""
        if self.has_ended():
            return  # its descendants have been adopted, and its number may be another's
        self._was_cut_off = True
        self.ask_to_end()
        if wait_until(self.has_ended, ORDERLY_SECONDS):
            return
        for pid in proc.descendants([self._process.pid]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Ends whatever still runs, and removes the temporary files; may be called again."""
        self._what_is_left.close()

    def _last_line(self) -> str:
        lines = self._last_words.decode(errors="replace").strip().splitlines()
        return printable(lines[-1].removeprefix("lab: ")) if lines else ""


def remove_tree(directory: Path) -> None:
    """Removes a directory, also where what lies in it forbids it."""
    with contextlib.suppress(OSError):
        # Before they are listed: top-down, and never through a link.
        for path, directories, _ in os.walk(directory):
            for name in directories:
                _let_in(Path(path, name))
    shutil.rmtree(directory, ignore_errors=True)


def _let_in(directory: Path) -> None:
    if not directory.is_symlink():
        with contextlib.suppress(OSError):
            directory.chmod(0o700)


def _said(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else duration(seconds * 1e6)
