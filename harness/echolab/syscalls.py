"""System calls an echo, counted exactly, in runs of their own: counting disturbs the measuring.

A server also makes calls to start, to accept, to close. They are the same in two runs that differ
in nothing but the number of requests, so the difference of the counts, over the difference of the
echoes, is what an echo takes.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from echolab import quantities, results, tables
from echolab.comparison import attempt
from echolab.contenders import Contender
from echolab.environment import environment
from echolab.interrupts import Interrupted, orderly_ending
from echolab.lineup import Lineup, line_up
from echolab.measurement import Cores, Step
from echolab.runs import Run
from echolab.tracers import TracedServer, Tracer, find_tracer
from echolab.ui import StepProgress
from echolab.workloads import Workload

FORMAT = 1
FIRST_REQUESTS = 200
MORE_REQUESTS = range(500, 10_001)  # the fewest and the most, in the second run
MORE_SECONDS = 3.0  # of them, about: a server that naps answers 100 a second
LEAST_SHOWN = 0.005  # calls an echo: less is rounded to nothing


@dataclass
class CallsAnEcho:
    """What a server called for each echo, with so many busy clients."""

    server: str
    clients: int
    counted_by: str
    echoes: int = 0  # over which the difference was taken
    calls_per_echo: dict[str, float] = field(default_factory=dict)  # by name, most frequent first
    total_per_echo: float | None = None
    void: bool = False
    void_reason: str | None = None
    failed: bool = False


def count_syscalls(
    servers: Sequence[str],
    commands: Sequence[str],
    numbers_of_clients: Sequence[int],
    json_file: Path | None,
) -> int:
    """Carries out the command `./lab syscalls`, and returns its exit status."""
    with orderly_ending():
        tracer = find_tracer()
        lineup = line_up(servers, commands)
        counts: list[CallsAnEcho] = []
        interruption = count_calls(lineup, numbers_of_clients, tracer, counts)
        if counts:
            print_counts(tables.output_console(), counts)
        if json_file:
            surroundings = environment(lineup.programs, Cores())
            document = {"format": FORMAT, "environment": surroundings, "syscalls": as_list(counts)}
            results.write(document, json_file)
    if interruption:
        print(f"lab: {interruption}: the above is what was counted before", file=sys.stderr)
        return interruption.exit_status
    return 1 if any(one.failed for one in counts) else 0


def count_calls(
    lineup: Lineup,
    numbers_of_clients: Sequence[int],
    tracer: Tracer,
    counts: list[CallsAnEcho],
) -> Interrupted | None:
    """Adds to `counts` what each server calls for an echo; returns what broke it off, if anything.

    Its progress is shown.
    """
    steps = [(one, clients) for clients in numbers_of_clients for one in lineup.contenders]
    try:
        for contender, clients in _shown(steps, counts):
            counts.append(count(contender, clients, lineup.loadgen, tracer))
    except Interrupted as signal:
        return signal
    return None


def _shown(
    steps: Sequence[tuple[Contender, int]], counts: Sequence[CallsAnEcho]
) -> Iterator[tuple[Contender, int]]:
    """Yields the steps while their progress is shown, and from `counts` how each one went."""
    with StepProgress(len(steps)) as progress:
        for contender, clients in steps:
            progress.begin(f"{contender.name}, {quantities.counted(clients, 'client')}")
            yield contender, clients
            progress.end(outcome(counts[-1]))


def print_counts(console: Console, counts: Sequence[CallsAnEcho]) -> None:
    """Prints a table, and how its figures were taken."""
    print_table(console, counts)
    tables.show(console)
    tables.show(console, Text(how_they_were_counted(counts)))


def as_list(counts: Sequence[CallsAnEcho]) -> list[dict]:
    """Returns the counts in the form for JSON."""
    return [asdict(one) for one in counts]


def outcome(result: CallsAnEcho) -> str:
    """Returns how the counting of one server went, in a few words."""
    return result.void_reason or f"{result.total_per_echo:.2f} calls an echo"


def count(contender: Contender, clients: int, loadgen: Path, tracer: Tracer) -> CallsAnEcho:
    """Counts what one server calls for an echo; its troubles are noted in the result."""
    result = CallsAnEcho(contender.name, clients, tracer.name)
    few, calls_of_few = _traced_run(contender, clients, FIRST_REQUESTS, loadgen, tracer)
    if few.void:
        return _void(result, few)
    requests = FIRST_REQUESTS + more_requests(few.echoes_per_second)
    many, calls_of_many = _traced_run(contender, clients, requests, loadgen, tracer)
    if many.void:
        return _void(result, many)
    result.echoes = many.driven_echoes - few.driven_echoes
    result.calls_per_echo = an_echo(calls_of_few, calls_of_many, result.echoes)
    result.total_per_echo = sum(result.calls_per_echo.values())
    return result


def more_requests(echoes_per_second: float) -> int:
    """Returns how many more requests a second run gets: as many as are soon answered."""
    fewest, most = MORE_REQUESTS[0], MORE_REQUESTS[-1]
    return min(max(fewest, round(echoes_per_second * MORE_SECONDS)), most)


def an_echo(calls_of_few: Counter, calls_of_many: Counter, echoes: int) -> dict[str, float]:
    """Returns the calls that each of `echoes` more took, by name, the most frequent first."""
    difference = Counter(calls_of_many)
    difference.subtract(calls_of_few)
    calls_per_echo = {name: calls / echoes for name, calls in difference.items()}
    shown = [(name, calls) for name, calls in calls_per_echo.items() if calls >= LEAST_SHOWN]
    return dict(sorted(shown, key=lambda entry: (-round(entry[1], 2), entry[0])))


def _traced_run(
    contender: Contender, clients: int, requests: int, loadgen: Path, tracer: Tracer
) -> tuple[Run, Counter]:
    workload = Workload("syscalls", duration=None, requests=requests, warmup=0.0)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "calls"
        file.touch()
        command = (*tracer.before(file), *contender.command)
        traced = replace(contender, command=command, process_class=TracedServer)
        run = attempt(Step(1, workload, clients, traced), loadgen, Cores())
        return run, tracer.parse(file.read_text())


def _void(result: CallsAnEcho, run: Run) -> CallsAnEcho:
    return replace(result, void=True, void_reason=run.void_reason, failed=run.failed)


def print_table(console: Console, counts: Sequence[CallsAnEcho]) -> None:
    """Prints a row for each server, grouped by the number of clients."""
    table = tables.grid(console.width)
    table.add_column("server", no_wrap=True)
    table.add_column("calls an echo", justify="right")
    table.add_column("by name")
    for clients in dict.fromkeys(result.clients for result in counts):
        table.add_row(Text(quantities.counted(clients, "busy client"), style="italic"))
        for result in counts:
            if result.clients == clients:
                table.add_row(result.server, *_cells(result))
    tables.show(console, table)


def _cells(result: CallsAnEcho) -> list[str]:
    if result.void:
        return ["failed" if result.failed else tables.NOTHING, result.void_reason]
    by_name = ", ".join(f"{name} {calls:.2f}" for name, calls in result.calls_per_echo.items())
    return [f"{result.total_per_echo:.2f}", by_name]


def how_they_were_counted(counts: Sequence[CallsAnEcho]) -> str:
    """Returns what to know about the figures."""
    counters = " and ".join(dict.fromkeys(result.counted_by for result in counts))
    return (
        f"Counted by {counters}, in runs of their own: what many echoes took, less what few took,"
        " so that starting, connecting and closing do not count. recv is Linux's"
        " recvfrom, send its sendto. Calls that wait for many clients at once (epoll_wait, poll,"
        " select, io_uring_enter) are the fewer, the more clients are ready at a time."
    )
