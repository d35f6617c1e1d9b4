"""A display without a screen, and the windows on it, used as a person uses them.

A person looks, points, clicks and types: so does this, by xdotool(1) and import(1). What a field
says is read as a person would take it elsewhere: select all, copy, and paste (xclip(1)).
"""

import contextlib
import ctypes
import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab.proc import read_status
from echolab.spawning import spawn
from echolab.waiting import wait_until

PATIENCE_SECONDS = 60.0
TOOLS = ("Xvfb", "xdotool", "xclip", "import", "convert")
SIZE = "1024x768x24"
LEAKS_OF_OTHERS = Path(__file__).with_name("leaks_of_others.txt")


@dataclass(frozen=True)
class Area:
    """A rectangle of a window, in pixels."""

    x: int
    y: int
    width: int
    height: int


def missing_tools() -> list[str]:
    """Returns which of the tools are not installed that this module works with."""
    return [tool for tool in TOOLS if not shutil.which(tool)]


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """Starts an X server that draws into memory (Xvfb(1)); gives its name, such as ":99"."""
    reading, writing = os.pipe()
    # It takes a free display, and says which. Without -noreset it would start anew when its last
    # client leaves, and turn away the one that comes just then.
    command = ["Xvfb", "-displayfd", str(writing), "-noreset", "-nolisten", "tcp"]
    command += ["-screen", "0", SIZE]
    server = spawn(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading) as says:
            number = says.readline().strip()
        assert number, f"Xvfb has not started: {server.stderr.read().decode()}"
        yield f":{number}"
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE_SECONDS)


class Window:
    """A program with one window, on a display of its own, as a context manager.

    A display of its own, so that nobody else's window takes the keyboard or the clipboard.
    """

    def __init__(self, program: Path, title: str, *arguments: object):
        self._command = [str(program), *map(str, arguments)]
        self._title = title
        self._resources = contextlib.ExitStack()

    def __enter__(self) -> "Window":
        display = self._resources.enter_context(virtual_display())
        try:
            # Of use in a build with LeakSanitizer only: leaks of our own are still reported.
            suppressions = {"LSAN_OPTIONS": f"suppressions={LEAKS_OF_OTHERS}"}
            self._environment = {**os.environ, "DISPLAY": display, **suppressions}
            self._display = display
            self._process = spawn(
                self._command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self._environment,
            )
            self._resources.callback(self._end)
            self._id = self._find()
            self._xdotool("windowfocus", self._id)
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        self._resources.close()

    def click(self, area: Area) -> None:
        """Clicks into the middle of an area."""
        x, y = area.x + area.width // 2, area.y + area.height // 2
        self._xdotool("mousemove", "--window", self._id, str(x), str(y), "click", "1")

    def press(self, *keys: str) -> None:
        """Presses keys, as xdotool names them: "Return", "ctrl+a"."""
        self._xdotool("key", *keys)

    def type(self, text: str) -> None:
        """Types a text into the field that has the keyboard."""
        self._xdotool("type", "--delay", "2", "--", text)

    def fill(self, area: Area, text: str) -> None:
        """Clicks into a field and replaces what it says."""
        self.click(area)
        self.press("ctrl+a")
        self.type(text)

    def read(self, area: Area) -> str:
        """Returns what the field says; what was copied before it, if it is empty."""
        self.click(area)
        self.press("ctrl+a", "ctrl+c")
        return self._run("xclip", "-out", "-selection", "clipboard", "-target", "UTF8_STRING")

    def await_text(self, area: Area, *parts: str) -> str:
        """Waits until the field says all of the `parts`; returns all that it says."""
        seen = []

        def is_there() -> bool:
            seen.append(self.read(area))
            return all(part in seen[-1] for part in parts)

        there = wait_until(is_there, PATIENCE_SECONDS)
        assert there, f"the window says {seen[-1]!r}, and not {parts!r}{self._last_words()}"
        return seen[-1]

    def pixels(self, area: Area) -> bytes:
        """Returns what can be seen in an area: three bytes a pixel."""
        crop = f"{area.width}x{area.height}+{area.x}+{area.y}"
        command = ["import", "-window", self._id, "-crop", crop, "-depth", "8", "rgb:-"]
        return self._output_of(*command)

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size, and waits until it has it."""
        self._xdotool("windowsize", "--sync", self._id, str(width), str(height))

    def save_screenshot(self, path: Path) -> None:
        """Saves what the window shows as a small PNG, with a thin frame."""
        frame = ["-bordercolor", "#c4c7cc", "-border", "1"]
        small = ["-strip", "+dither", "-colors", "64", "-quality", "95", f"PNG8:{path}"]
        taken = self._output_of("import", "-window", self._id, "png:-")
        subprocess.run(
            ["convert", "png:-", *frame, *small], input=taken, check=True, timeout=PATIENCE_SECONDS
        )

    def threads(self) -> int:
        """Returns how many threads the program has."""
        return int(read_status(self._process.pid)["Threads"])

    def close(self) -> int:
        """Closes the window by the button of its frame; returns the program's exit status."""
        _ask_to_close(self._display, int(self._id))
        return self.wait_for_exit()

    def wait_for_exit(self) -> int:
        """Waits until the program has ended; returns its exit status."""
        return self._process.wait(PATIENCE_SECONDS)

    def _find(self) -> str:
        search = ("xdotool", "search", "--onlyvisible", "--name", f"^{self._title}$")
        found = []

        def is_shown() -> bool:
            found[:] = self._run(*search).split()
            return bool(found) or self._process.poll() is not None

        shown = wait_until(is_shown, PATIENCE_SECONDS) and found
        assert shown, f"no window '{self._title}' is shown{self._last_words()}"
        return found[0]

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments], env=self._environment, check=True, timeout=PATIENCE_SECONDS
        )

    def _run(self, *command: str) -> str:
        """Returns the output of a command that may fail, in which case it is empty."""
        return self._output_of(*command, check=False).decode()

    def _output_of(self, *command: str, check: bool = True) -> bytes:
        return subprocess.run(
            command,
            env=self._environment,
            check=check,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        ).stdout

    def _last_words(self) -> str:
        self._end()
        return f"; the program: {self._process.stderr.read().decode().strip() or '(no error)'}"

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_SECONDS)


class _ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib.h, at the size of an XEvent, 24 longs."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 17),
    ]


CLIENT_MESSAGE = 33  # X.h


def _ask_to_close(display_name: str, window: int) -> None:
    """Does what a window manager does when its close button is pressed (ICCCM, 4.2.8.1).

    There is no window manager on the display, and this version of xdotool cannot do it.
    """
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(display_name.encode()))
    message = _ClientMessage(type=CLIENT_MESSAGE, window=window, format=32)
    message.message_type = x11.XInternAtom(display, b"WM_PROTOCOLS", 0)
    message.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    x11.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(display)
