"""A terminal with a shell, at which a page's commands are typed."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pexpect

COLUMNS, ROWS = 120, 50
PROMPT = "\x02\\#\x03"  # with the number of the command that the shell waits for
READY = re.compile("\x02(\\d+)\x03")
CTRL_C = "\x03"
CONTROL_SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>])")
# What the shell, not the program, says of commands that end with &.
JOB_CONTROL = re.compile(r"\[\d+\][+-]?\s+(\d+|Done|Terminated|Exit|Interrupt|Stopped|Killed)\b.*\n")
ECHO_OF_CTRL_C = re.compile(r"\^C\n?")  # what follows stands behind it, or on the next line
BLANK_LINE = re.compile(r"^[ \t]*\n", re.MULTILINE)
SLICE_SECONDS = 0.05
START_SECONDS = 60.0


def _let_keys_interrupt() -> None:
    """What was started in the background ignores the signals of keys, and so would its children."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """A shell on a pseudo-terminal (pty(7)); a context manager, which ends all that runs there."""

    def __init__(self, directory: Path, environment: dict[str, str]):
        self._directory = directory
        self._screen = ""
        self._typed = 0
        self._prompts = 0
        self._child = pexpect.spawn(
            "bash",
            ["--noprofile", "--norc", "--noediting"],
            cwd=str(directory),
            env={**environment, "PS1": PROMPT, "PS2": "", "TERM": "dumb", "NO_COLOR": "1"},
            dimensions=(ROWS, COLUMNS),
            encoding="utf-8",
            codec_errors="replace",
            preexec_fn=_let_keys_interrupt,
        )
        self._child.delaybeforesend = None
        self.runs = True

    def __enter__(self) -> "Terminal":
        self.wait_until_ready(START_SECONDS)
        return self

    def __exit__(self, *_exception) -> None:
        self._child.close(force=True)

    def run(self, command: str) -> None:
        """Types a command, of any number of lines, when the shell is ready."""
        self.runs = True
        self._typed += 1
        # The screen shows what is typed. So that it is known what that looks like, it is short.
        script = self._directory / f".typed-{id(self)}-{self._typed}"
        script.write_text(command + "\n")
        self._screen = ""
        self.press(f". ./{script.name}\n")
        self.wait_for(lambda screen: screen.startswith(f". ./{script.name}\n"), START_SECONDS)
        self._screen = self._screen.partition("\n")[2]

    def interrupt(self, seconds: float) -> bool:
        """Presses Ctrl-C, and waits until the shell is ready; returns whether it is.

        If the program has just ended by itself, it is the shell that is interrupted, and it forgets
        what was typed. An empty line, to which it answers, shows that this is past.
        """
        self.press(CTRL_C)
        if not self.wait_until_ready(seconds):
            return False
        prompts = self._prompts
        self.press("\n")
        return self.wait_for(lambda _: self._prompts > prompts, seconds)

    def press(self, keys: str) -> None:
        """Presses keys, whoever reads them."""
        self._child.send(keys)

    def wait_for(self, condition: Callable[[str], bool], seconds: float) -> bool:
        """Waits until `condition` holds for what is shown; returns whether it came to hold."""
        deadline = time.monotonic() + seconds
        while not condition(self.shown()):
            if time.monotonic() > deadline:
                return False
            self._read()
        return True

    def wait_until_ready(self, seconds: float) -> bool:
        """Waits for the end of the command; returns whether it has ended."""
        return self.wait_for(lambda _: not self.runs, seconds)

    def shown(self) -> str:
        """Returns what was shown since the command, or since `forget`, without blank lines."""
        return self._screen

    def forget(self, length: int) -> None:
        """Takes the first `length` characters as seen."""
        self._screen = self._screen[length:]

    def _read(self) -> None:
        try:
            text = self._child.read_nonblocking(65536, timeout=SLICE_SECONDS)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            self.runs = False
            return
        text = CONTROL_SEQUENCE.sub("", self._screen + text).replace("\r\n", "\n")
        numbers = READY.findall(text)
        self._prompts += len(numbers)
        # The shell may prompt once more for the command before.
        if any(int(number) > self._typed for number in numbers):
            self.runs = False
        text = READY.sub("", text)
        for unlisted in (ECHO_OF_CTRL_C, JOB_CONTROL, BLANK_LINE):
            text = unlisted.sub("", text)
        self._screen = text
