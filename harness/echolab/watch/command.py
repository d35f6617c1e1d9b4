"""What ./lab watch does: runs a server under load, or finds one, and shows its gauges."""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.text import Text

from echolab.build import build_program
from echolab.contenders import Contender
from echolab.glyphs import shows_unicode
from echolab.interrupts import Interrupted, orderly_ending
from echolab.lineup import raise_descriptor_limit
from echolab.server_process import ServerError
from echolab.tables import output_console, show
from echolab.watch.gauges import ECHOES, OPENED, SENT, Meter, Work
from echolab.watch.keyboard import Keyboard
from echolab.watch.lines import Lines
from echolab.watch.load import Load, in_words
from echolab.watch.screen import Heading, History, screen, table
from echolab.watch.watched import FoundServer, StartedServer, contender_of, find_server, idea_of
from echolab.workloads import Workload

SCREEN_SECONDS = 0.5  # between two readings
LINE_SECONDS = 1.0
READING_SHARE = 0.1  # of a processor, at most: of a server of many processes it reads less often
DYING_SECONDS = 0.5  # a server's connections are closed before one can see that it has died
HOLD_SECONDS = 0.1  # for which clients that take turns hold their connection, unless told
INTERRUPTED = 130  # the load generator's exit status, when it has to end early
Show = Callable[[History, float], None]  # shows the last reading, taken after so many seconds


@dataclass(frozen=True)
class Watching:
    """What is watched, with what, and until when."""

    server: FoundServer | StartedServer
    meter: Meter
    heading: Heading
    is_over: Callable[[], bool]


def watch(words: Sequence[str], workload: Workload, wants_lines: bool) -> int:
    """Watches a server under load until that ends, or someone presses q; returns the exit status.

    `words` are a model and its options, or a command; of the workload's numbers of clients the
    first counts.
    """
    raise_descriptor_limit()
    with orderly_ending(), contextlib.ExitStack() as resources:
        contender = contender_of(words)
        generator = build_program("loadgen")
        workload = _bearable(workload, contender)
        server = StartedServer(resources.enter_context(contender.process()))
        load = resources.enter_context(
            Load(generator, server.process.host, server.process.port, workload)
        )
        work = Work(OPENED) if workload.churn else Work(ECHOES, workload.bytes)
        meter = Meter(server.tree, server.ports(), work, load.pid)
        place = f"{server.process.host}:{server.process.port}, process {server.pid}"
        heading = Heading(
            contender.name,
            idea_of(contender),
            place,
            f"load: {in_words(workload)}",
            workload.duration,
        )
        watching = Watching(server, meter, heading, load.has_ended)
        interruption = _follow(watching, wants_lines)
        status = load.finish()
        if status not in (0, INTERRUPTED):
            server.process.wait(DYING_SECONDS)
        _complain_if_dead(server)
        print(load.report())
        return interruption or (0 if status == INTERRUPTED else status)


def watch_found(pid: int, seconds: float | None, wants_lines: bool) -> int:
    """Watches a server that runs already, and does nothing to it; returns the exit status.

    It ends after so many `seconds`, if any, or when someone presses q.
    """
    with orderly_ending():
        server = find_server(pid)
        ports = ", ".join(map(str, server.ports()))
        heading = Heading(server.name(), "", f"port {ports}, process {pid}", "", seconds)
        end = time.monotonic() + (seconds or float("inf"))
        meter = Meter(server.tree, server.ports(), Work(SENT))
        watching = Watching(server, meter, heading, lambda: time.monotonic() >= end)
        interruption = _follow(watching, wants_lines)
        _complain_if_dead(server)
        return interruption


def _bearable(workload: Workload, contender: Contender) -> Workload:
    """Lets clients take turns where a server takes one at a time: the others would wait in vain."""
    has_one_client = workload.clients == (1,) and not workload.idle
    if not contender.one_client_at_a_time or has_one_client or workload.churn:
        return workload
    hold = workload.think or (0.0 if workload.rate else HOLD_SECONDS)
    return dataclasses.replace(workload, churn=True, idle=0, think=hold)


def _follow(watching: Watching, wants_lines: bool) -> int:
    """Shows readings until it is over; returns the exit status of an interruption, or 0."""
    console = Console(highlight=False)
    has_screen = console.is_terminal and not console.is_dumb_terminal and not wants_lines
    history, interruption = History(), 0
    try:
        with Keyboard() as keyboard:
            on_screen = _on_screen(console, watching.heading, keyboard)
            with on_screen if has_screen else _in_lines() as show_reading:
                rest = SCREEN_SECONDS if has_screen else LINE_SECONDS
                _read_until_over(watching, history, show_reading, keyboard, rest)
    except Interrupted as signal:
        interruption = signal.exit_status
    if has_screen:
        _sum_up(watching.heading, history)
    return interruption


def _read_until_over(
    watching: Watching, history: History, show_reading: Show, keyboard: Keyboard, rest: float
) -> None:
    began = time.monotonic()
    while watching.server.is_running() and not watching.is_over():
        now, cpu_before = time.monotonic(), time.thread_time()
        history.add(watching.meter.read(now))
        show_reading(history, now - began)
        cost = time.thread_time() - cpu_before
        until_next = now + max(rest, cost / READING_SHARE) - time.monotonic()
        if "q" in keyboard.pressed(max(0.0, until_next)).lower():
            return


@contextlib.contextmanager
def _on_screen(console: Console, heading: Heading, keyboard: Keyboard) -> Iterator[Show]:
    is_unicode = shows_unicode(sys.stdout)
    ending = "q ends" if keyboard.has_keys else "Ctrl-C ends"
    with Live(console=console, screen=True, auto_refresh=False) as live:
        yield lambda history, elapsed: live.update(
            screen(heading, history, elapsed, ending, is_unicode), refresh=True
        )


@contextlib.contextmanager
def _in_lines() -> Iterator[Show]:
    lines = Lines()
    yield lambda history, elapsed: lines.print(history.readings[-1], elapsed)


def _sum_up(heading: Heading, history: History) -> None:
    """Prints what was seen, where it stays on the terminal."""
    console = output_console()
    show(console, Text.assemble((heading.name, "bold"), f", {heading.place}"))
    show(console, table(history, shows_unicode(sys.stdout), is_live=False))


def _complain_if_dead(server: FoundServer | StartedServer) -> None:
    if not server.is_running():
        raise ServerError(server.how_it_ended())
