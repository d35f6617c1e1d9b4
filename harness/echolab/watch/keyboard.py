"""Single keys from the terminal, whose settings come back in every case."""

import contextlib
import os
import select
import sys
import termios
import time
import tty

CONTROL_CHARACTERS = 6  # their place in what tcgetattr returns
NOTHING = b"\0"


class Keyboard:
    """A context manager in which keys arrive at once and are not echoed: termios(3).

    Ctrl-C still interrupts. Ctrl-Z does nothing, since it would leave a shell on a screen that is
    not its own. Without a terminal at stdin there are no keys.
    """

    def __init__(self):
        self._terminal = sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else None
        self._settings: list | None = None

    @property
    def has_keys(self) -> bool:
        """Tells whether there is a terminal to type on."""
        return self._terminal is not None

    def __enter__(self) -> "Keyboard":
        if self._terminal is not None:
            self._settings = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal)
            changed = termios.tcgetattr(self._terminal)
            changed[CONTROL_CHARACTERS][termios.VSUSP] = NOTHING
            termios.tcsetattr(self._terminal, termios.TCSANOW, changed)
        return self

    def __exit__(self, *_exception) -> None:
        if self._settings:
            with contextlib.suppress(termios.error):  # the terminal itself may have gone
                termios.tcsetattr(self._terminal, termios.TCSAFLUSH, self._settings)

    def pressed(self, seconds: float) -> str:
        """Waits for keys, at most for so long; returns those that were pressed, perhaps none."""
        if self._terminal is None:
            time.sleep(seconds)
            return ""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return ""
        keys = os.read(self._terminal, 64)
        if not keys:  # the terminal has hung up
            self._terminal = None
        return keys.decode(errors="replace")
