"""Watching servers, on a terminal of its own and in lines."""

import os
import signal
import subprocess
import sys
import uuid

import pexpect
import pytest
from conftest import THREADING_SERVER

from echolab import proc
from echolab.models import ROOT
from echolab.waiting import wait_until
from echolab.watch import command
from echolab.watch.gauges import Growth
from echolab.watch.screen import History, sparkline

PATIENCE_SECONDS = 60.0
ALTERNATE_SCREEN_ENDS = b"\x1b[?1049l"
COLUMNS, ROWS = 100, 30


class Watcher:
    """./lab watch on a pseudo-terminal, whose screen is read as a person reads it."""

    def __init__(self, arguments):
        pyte = pytest.importorskip("pyte")
        self.mark = f"ECHOLAB_TEST={uuid.uuid4().hex}"
        name, _, value = self.mark.partition("=")
        environment = {**os.environ, name: value, "PYTHONPATH": str(ROOT / "harness")}
        environment.update(TERM="xterm", LANG="C.UTF-8")
        environment.pop("LC_ALL", None)
        # What the terminal is like afterwards, the shell is there to tell.
        command = f'trap : INT; {sys.executable} -m echolab watch "$@"; echo "status $?"; stty -a'
        self.child = pexpect.spawn(
            "sh",
            ["-c", command, "sh", *arguments],
            env=environment,
            dimensions=(ROWS, COLUMNS),
            timeout=PATIENCE_SECONDS,
        )
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.received = b""

    def rows(self) -> list[str]:
        """Returns what stands on the screen."""
        while True:
            try:
                data = self.child.read_nonblocking(1 << 16, timeout=0)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return [row.rstrip() for row in self._screen.display]
            self.received += data
            self._stream.feed(data)

    def gauge(self, title: str) -> str | None:
        """Returns what a gauge shows now; None if there is none."""
        rows = (row for row in self.rows() if row.startswith(title))
        return next((row.removeprefix(title).split()[0] for row in rows), None)

    def await_gauge(self, title: str, value: str) -> None:
        """Waits until a gauge shows `value`."""
        shown = wait_until(lambda: self.gauge(title) == value, PATIENCE_SECONDS)
        assert shown, "\n".join(self.rows())

    def processes(self, program: str = "") -> list[int]:
        """Returns the processes that it has started, of one program if it is named."""
        marked = [pid for pid in proc.process_table() if proc.has_environment(pid, self.mark)]
        return [pid for pid in marked if program in _program_of(pid)]

    def finish(self) -> list[str]:
        """Waits for the end; returns the rows of the screen, on which the end of all stands."""
        assert wait_until(lambda: any("icanon" in row for row in self.rows()), PATIENCE_SECONDS)
        self.child.expect(pexpect.EOF)
        return self.rows()


def _program_of(pid: int) -> str:
    """Returns the path of what a process runs; "" if it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


@pytest.fixture
def watching(programs):
    watchers = []

    def start(*arguments: str) -> Watcher:
        watchers.append(Watcher(arguments))
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.child.close(force=True)


def assert_is_as_before(watcher: Watcher, rows: list[str]) -> None:
    settings = " ".join(rows)
    assert " icanon" in settings and " echo " in settings and "susp = ^Z" in settings
    assert ALTERNATE_SCREEN_ENDS in watcher.received
    assert wait_until(lambda: not watcher.processes(), PATIENCE_SECONDS)


def test_the_counts_go_to_the_number_of_clients_and_q_ends_it(watching):
    watcher = watching("epoll", "--edge-triggered", "--clients", "7", "--idle", "5")
    watcher.await_gauge("connections accepted", "12")
    assert watcher.rows()[0].startswith("epoll --edge-triggered: the kernel keeps the list")
    assert watcher.gauge("threads") == watcher.gauge("processes") == "1"
    watcher.child.send("q")
    rows = watcher.finish()
    assert "status 0" in rows
    assert_is_as_before(watcher, rows)


def test_threads_are_counted_and_ctrl_c_ends_it(watching):
    watcher = watching("thread-per-client", "--clients", "6")
    watcher.await_gauge("threads", "7")
    watcher.child.sendintr()
    rows = watcher.finish()
    assert "status 130" in rows
    assert_is_as_before(watcher, rows)


def test_a_server_that_dies_is_one_line_on_a_restored_terminal(watching):
    watcher = watching("select", "--clients", "3")
    watcher.await_gauge("connections accepted", "3")
    (server,) = watcher.processes("select_server")
    os.kill(server, signal.SIGKILL)
    rows = watcher.finish()
    assert "lab: select: died (killed by SIGKILL)" in rows
    assert "status 1" in rows
    assert_is_as_before(watcher, rows)


def test_ctrl_z_does_not_stop_it(watching):
    watcher = watching("poll", "--clients", "2")
    watcher.await_gauge("connections accepted", "2")
    watcher.child.send("\x1aq")
    assert "status 0" in watcher.finish()


@pytest.fixture
def hasty(monkeypatch):
    """Lets readings be lines ten times as often."""
    monkeypatch.setattr(command, "LINE_SECONDS", 0.1)


def columns_of(output: str) -> list[dict[str, str]]:
    """Returns the readings, printed as lines, by the titles of their columns."""
    lines = [line for line in output.splitlines() if line[:7].strip().isdigit()]
    titles = next((line for line in output.splitlines() if "seconds" in line), "")
    starts = [0] + [8 + 9 * number for number in range(14)]
    cut = [
        [line[begin:end].strip() for begin, end in zip(starts, starts[1:], strict=False)]
        for line in (titles, *lines)
    ]
    return [dict(zip(cut[0], row, strict=True)) for row in cut[1:]]


@pytest.fixture
def watch_until(lab, programs, hasty):
    """Watches for longer and longer, until a reading shows `value`: a loaded machine takes few."""

    def watch(title: str, value: str, *arguments: str) -> tuple[int, str, str]:
        for duration in ("0.6s", "5s", "30s"):
            seen = lab("watch", "--duration", duration, *arguments)
            if value in {reading[title] for reading in columns_of(seen[1])}:
                return seen
        raise AssertionError(f"no reading has shown {value} as {title}: {seen}")

    return watch


def test_without_a_terminal_there_is_a_line_a_reading_and_the_load_reports(watch_until):
    status, output, errors = watch_until("conns", "3", "poll", "--clients", "3")
    assert status == 0, errors
    readings = columns_of(output)
    assert {reading["procs"] for reading in readings} == {"1"}
    assert "verified     every byte" in output


def test_clients_of_an_iterative_server_take_turns_and_queue(watch_until):
    watch_until("queue", "3", "iterative", "--clients", "4")


def test_an_open_loop_is_watched(watch_until):
    options = ("--clients", "2", "--rate", "200")
    status, output, errors = watch_until("conns", "2", "epoll", *options)
    assert status in (0, 1), errors  # a busy machine may be too slow for any schedule
    assert "due" in output + errors


def test_a_command_is_watched(watch_until, script):
    words = [*script(THREADING_SERVER), "{port}"]
    status, _, errors = watch_until("threads", "3", "--clients", "2", "--", *words)
    assert status == 0, errors


def test_a_server_that_runs_already_is_watched_and_left_running(serve):
    with serve(THREADING_SERVER) as server:
        # As a process of its own: the driver ends its children when it ends, whoever they are.
        found = subprocess.run(
            [sys.executable, "-m", "echolab", "watch", "--pid", str(server.pid)]
            + ["--duration", "2s"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "harness")},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert found.returncode == 0, found.stderr
        assert columns_of(found.stdout)[0]["threads"] == "1"
        assert server.is_running()


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ([], 2, "name a server, or a process by --pid"),
        (["epoll", "--pid", "1"], 2, "name a server, or a process by --pid"),
        (["epol"], 2, "unknown model 'epol': did you mean 'epoll'?"),
        (["--", "python3", "-m", "http.server"], 2, "the command has no {port}"),
        (["--pid", str(1 << 22)], 2, "there is no such process"),
        (["--pid", str(os.getpid())], 1, "listens on no TCP port"),
        (["epoll", "--duration", "soon"], 2, "'soon' is not a duration"),
        (["epoll", "--rate", "100", "--think", "1ms"], 2, "rate: says when to ask"),
        (["epoll", "--clent", "3"], 1, "The following arguments were not expected"),
    ],
)
def test_what_cannot_be_watched_is_told(lab, programs, arguments, status, complaint):
    got, _, errors = lab("watch", *arguments)
    assert got == status
    assert complaint in errors


def test_growth_counts_what_is_new_and_not_what_has_gone():
    growth = Growth()
    assert growth.since_last({"a": 5.0, "b": 7.0}) is None
    assert growth.since_last({"a": 6.0, "c": 2.0}) == 3.0
    assert growth.since_last({}) == 0.0
    assert growth.since_last({"d": 4.0}) == 4.0


def test_a_sparkline_is_as_high_as_its_values_and_blank_where_nothing_is_known():
    assert sparkline([None, 0.0, 5.0, 10.0], is_unicode=True) == " ▁▅█"
    assert sparkline([0.0, 0.0], is_unicode=True) == "▁▁"
    assert sparkline([0.0, 10.0], is_unicode=False).isascii()


def test_the_history_forgets_the_values_but_not_the_highest():
    history = History()
    for value in (900.0, *[1.0] * 1000):
        history.add({"threads": value, "echoes": None})
    assert history.highest == {"threads": 900.0}
    assert history.median("threads") == 1.0
    assert len(history.values("threads")) < 1000
