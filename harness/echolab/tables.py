"""The comparison for people: a table a workload, and what to know about its figures."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from echolab import quantities
from echolab.workloads import Workload

PLAIN_COLUMNS = 100  # where there is no terminal that could tell its width
NARROW_COLUMNS = 90  # below this the gaps shrink, so that a table fits into 80
CLIENT_BOUND = "*"
NOTHING = "–"
Entry = dict[str, Any]  # of the summary
Column = tuple[str, Callable[[Entry], str]]


def output_console() -> Console:
    """Returns the console for stdout: aligned plain text unless stdout is a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_COLUMNS)


def _median(field: str, show: Callable[[float], str]) -> Callable[[Entry], str]:
    def cell(entry: Entry) -> str:
        return show(entry[field]["median"]) if entry[field] else NOTHING

    return cell


def _rate(entry: Entry) -> str:
    spread = entry["echoes_per_second"]
    if not spread:
        return NOTHING
    mark = CLIENT_BOUND if entry["client_bound"] else ""
    return quantities.rate(spread["median"], spread["min"], spread["max"]) + mark


SPEED: list[Column] = [
    ("echoes/s", _rate),
    ("p50", _median("p50_us", quantities.duration)),
    ("p99", _median("p99_us", quantities.duration)),
    ("CPU s/M", _median("server_cpu_seconds_per_million_echoes", quantities.digits)),
]
HOLDING: list[Column] = [
    ("held at a time", _median("effective_concurrency", quantities.digits)),
    ("p50", _median("p50_us", quantities.duration)),
    ("p99", _median("p99_us", quantities.duration)),
]
ISOLATION: list[Column] = [
    ("isolation", _median("isolation", lambda ratio: f"{quantities.digits(ratio)}×")),
]
SIZE: list[Column] = [
    ("peak PSS", _median("peak_pss_bytes", quantities.size)),
    ("threads", _median("threads", quantities.count)),
    ("procs", _median("processes", quantities.count)),
]


def show(console: Console, content: RenderableType = "") -> None:
    """Prints without the blanks with which rich fills every line."""
    with console.capture() as captured:
        console.print(content)
    for line in captured.get().splitlines():
        print(line.rstrip())


def print_tables(
    console: Console, workloads: Iterable[Workload], summary: Sequence[Entry]
) -> None:
    """Prints one table for each workload that has entries in the summary."""
    for workload in workloads:
        entries = [entry for entry in summary if entry["workload"] == workload.name]
        if entries:
            show(console)
            show(console, Text.assemble((workload.name, "bold"), f": {workload.description}"))
            show(console, _table(workload, entries, console.width))


def _table(workload: Workload, entries: Sequence[Entry], width: int) -> Table:
    columns = (HOLDING if workload.holds_connections else SPEED) + SIZE
    if workload.compared_with:
        columns = columns[:3] + ISOLATION + columns[3:]
    gap = 1 if width < NARROW_COLUMNS else 2
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False)
    table.add_column("server", no_wrap=True)
    for title, _ in columns:
        # The first figure's place is also that of a note, which may be long.
        table.add_column(title, justify="right", no_wrap=title != columns[0][0])
    for clients in workload.clients:
        group = [entry for entry in entries if entry["clients"] == clients]
        if len(workload.clients) > 1 and group:
            table.add_row(Text(f"{clients} clients", style="italic"))
        for entry in group:
            table.add_row(entry["server"], *_cells(entry, columns))
    return table


def _cells(entry: Entry, columns: Sequence[Column]) -> list[str]:
    if entry["failed"] and not entry["rounds"]:
        return ["failed"]
    if not entry["rounds"]:
        return [entry["note"]]
    return [cell(entry) for _, cell in columns]


def remarks(summary: Sequence[Entry]) -> list[str]:
    """Returns what went wrong, and whom the figures do not describe, each with its remedy."""
    failures: dict[tuple[str, str], list[str]] = {}
    for entry in summary:
        if entry["failed"]:
            failures.setdefault((entry["server"], entry["note"]), []).append(_point(entry))
    lines = [
        f"FAILED in {', '.join(points)}: {note if server in note else f'{server}: {note}'}"
        for (server, note), points in failures.items()
    ]
    if any(entry["client_bound"] for entry in summary):
        lines.append(
            f"{CLIENT_BOUND} client-bound: the load generator, not the server, was the limit:"
            f" compare CPU s/M there, not echoes/s, or give the workload more `threads`."
        )
    if any(entry.get("isolation") for entry in summary):
        lines.append("isolation: p99 of the well-behaved clients beside rude ones / without them.")
    return lines


def _point(entry: Entry) -> str:
    return f"{entry['workload']} ({entry['clients']})"


def how_it_was_taken(environment: dict[str, Any], summary: Sequence[Entry]) -> str:
    """Returns the conditions of a comparison in a few sentences."""
    rounds = max((entry["rounds"] for entry in summary), default=0)  # fewer when interrupted
    build = environment["build"]
    built = f", {build['compiler']} {build['flags']}" if build else ""
    shared = f"{environment['cores']} shared cores"
    where = "a core each" if environment["pinning"] else shared
    options = " ".join(environment["server_options"])
    run_with = f" The models ran with {options}." if options else ""
    shown = "one round" if rounds <= 1 else f"medians (minimum–maximum) of {rounds} rounds"
    return (
        f"Shown: {shown}; server and clients on {where} ({environment['cpu']}),"
        f" Linux {environment['kernel']}, load {environment['load_average'][0]:g} at the start{built}."
        " CPU s/M: server CPU seconds per million echoes; connecting counts in churn only."
        f" PSS: memory, a page that n processes share counted 1/n.{run_with}"
    )
