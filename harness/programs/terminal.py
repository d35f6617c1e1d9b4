"""A program on a terminal of its own, as a person uses it."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pexpect

PATIENCE_SECONDS = 60.0
CTRL_C = "\x03"
CTRL_D = "\x04"
CHUNK = 1024


class Terminal:
    """A pseudo-terminal (pty(7)) with a program on it, as a context manager.

    It echoes what is typed and edits lines, as terminals do; line ends arrive as CR LF.
    """

    def __init__(self, program: Path, *arguments: str, environment: dict[str, str] | None = None):
        self._child = pexpect.spawn(
            str(program), list(arguments), timeout=PATIENCE_SECONDS, env=environment
        )
        self._child.delaybeforesend = None

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_exception) -> None:
        self._child.close(force=True)

    def type_line(self, line: str) -> None:
        """Types a line and presses Enter."""
        self._child.send(line + "\r")

    def press(self, keys: str) -> None:
        """Types keys as they are, CTRL_C for one."""
        self._child.send(keys)

    def expect(self, text: str) -> str:
        """Waits until `text` appears; returns what appeared before it, line ends as \\n."""
        self._child.expect_exact(text)
        return _with_plain_line_ends(self._child.before)

    def expect_in_order(self, texts: Sequence[str]) -> None:
        """Waits for each of `texts`, one after the other."""
        for text in texts:
            self.expect(text)

    def paste(self, data: bytes, until: str) -> str:
        """Types `data` while it reads the screen, as terminals do; returns all up to `until`."""
        typist = threading.Thread(target=self._type_all, args=(data,), daemon=True)
        typist.start()
        shown = self.expect(until)
        typist.join(PATIENCE_SECONDS)
        return shown

    def finish(self) -> tuple[str, int]:
        """Waits until the program has ended; returns what it still showed, and its exit status."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        status = self._child.exitstatus
        return _with_plain_line_ends(self._child.before), -1 if status is None else status

    def _type_all(self, data: bytes) -> None:
        for begin in range(0, len(data), CHUNK):
            self._child.send(data[begin : begin + CHUNK])


def _with_plain_line_ends(shown: bytes) -> str:
    return shown.decode(errors="replace").replace("\r\n", "\n")
