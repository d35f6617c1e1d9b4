"""The comparison for people: a table a workload, and what to know about its figures."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from echolab import quantities
from echolab.bootstrap import LEAST_ROUNDS
from echolab.ranking import DISTURBED as DISTURBED_REASON
from echolab.ranking import FEW_ROUNDS, METRICS, VOID
from echolab.workloads import Workload

PLAIN_COLUMNS = 100  # where there is no terminal that could tell its width
NARROW_COLUMNS = 90  # below this the gaps shrink, so that a table fits into 80
CLIENT_BOUND = "*"
DISTURBED = "~"
SHARED = "="
PEER = " †"
NOTHING = "–"
UNRANKED_SHOWN = 3
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
    return quantities.rate(spread["median"], spread["min"], spread["max"]) + _marks(entry)


def _short_rate(entry: Entry) -> str:
    spread = entry["echoes_per_second"]
    if not spread:
        return NOTHING
    return quantities.short(spread["median"]) + _marks(entry)


def _marks(entry: Entry) -> str:
    return CLIENT_BOUND * entry["client_bound"] + DISTURBED * entry["disturbed"]


def _held(entry: Entry) -> str:
    return _median("effective_concurrency", quantities.digits)(entry) + _marks(entry)


SPEED: list[Column] = [
    ("echoes/s", _rate),
    ("p50", _median("p50_us", quantities.duration)),
    ("p99", _median("p99_us", quantities.duration)),
    ("CPU s/M", _median("server_cpu_seconds_per_million_echoes", quantities.digits)),
]
HOLDING: list[Column] = [
    ("held at a time", _held),
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


def grid(width: int) -> Table:
    """Returns a table without lines, nor columns yet, for a console of that width."""
    return Table(box=None, padding=(0, 1 if width < NARROW_COLUMNS else 2, 0, 0), pad_edge=False)


def print_tables(
    console: Console,
    workloads: Iterable[Workload],
    summary: Sequence[Entry],
    rankings: Sequence[Entry] = (),
) -> None:
    """Prints one table for each workload that has entries in the summary, the best first."""
    for workload in workloads:
        entries = [entry for entry in summary if entry["workload"] == workload.name]
        of_workload = {one["clients"]: one for one in rankings if one["workload"] == workload.name}
        if entries:
            show(console)
            show(console, _heading(workload, list(of_workload.values())))
            show(console, _table(workload, entries, of_workload, console.width))


def _heading(workload: Workload, rankings: Sequence[Entry]) -> Text:
    heading = Text.assemble((workload.name, "bold"), f": {workload.description}")
    if any(one["ranked"] for one in rankings):
        heading.append(f" (ranks: {METRICS[rankings[0]['metric']].title})")
    return heading


def _table(
    workload: Workload, entries: Sequence[Entry], rankings: Mapping[int, Entry], width: int
) -> Table:
    narrow = width < NARROW_COLUMNS
    figures = HOLDING if workload.holds_connections else SPEED
    if narrow or workload.compared_with:
        figures = [(title, _short_rate if cell is _rate else cell) for title, cell in figures]
    if workload.compared_with:
        figures = figures[:3] + ISOLATION + figures[3:]
    columns = figures + SIZE
    table = grid(width)
    table.add_column("", no_wrap=True)
    table.add_column("server", no_wrap=True)
    for title, _ in columns:
        # The first figure's place is also that of a note, which may be long.
        table.add_column(title, justify="right", no_wrap=title != columns[0][0])
    for clients in workload.clients:
        group = [entry for entry in entries if entry["clients"] == clients]
        if len(workload.clients) > 1 and group:
            table.add_row("", Text(f"{clients} clients", style="italic"))
        ranks = _ranks(rankings.get(clients))
        places = {server: place for place, server in enumerate(ranks)}
        for entry in sorted(group, key=lambda one: places.get(one["server"], len(places))):
            server = entry["server"]
            name = server + PEER * entry["peer"]
            table.add_row(ranks.get(server, ""), name, *_cells(entry, columns))
    return table


def _ranks(ranking: Entry | None) -> dict[str, str]:
    """Returns the servers that have a rank, in its order, each with what the table shows."""
    ranked = ranking["ranked"] if ranking else []
    shared = Counter(entry["rank"] for entry in ranked)
    return {
        entry["server"]: f"{entry['rank']}{SHARED if shared[entry['rank']] > 1 else ' '}"
        for entry in ranked
    }


def _cells(entry: Entry, columns: Sequence[Column]) -> list[str]:
    if entry["failed"] and not entry["rounds"]:
        return ["failed"]
    if not entry["rounds"]:
        return [entry["note"]]
    return [cell(entry) for _, cell in columns]


def remarks(summary: Sequence[Entry], rankings: Sequence[Entry] = ()) -> list[str]:
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
            f"{CLIENT_BOUND} client-bound, and such a run is never ranked: the load generator, not"
            " the server, was the limit: compare CPU s/M there, not echoes/s, or give the workload"
            " more `threads`."
        )
    if any(entry.get("generator_late") for entry in summary):
        lines.append(
            "Generator late: the load generator fell behind its own schedule, and such rounds do"
            " not count: end what else runs on this machine, or use --pin."
        )
    if any(entry.get("isolation") for entry in summary):
        lines.append("isolation: p99 of the well-behaved clients beside rude ones / without them.")
    if any(entry["peer"] for entry in summary):
        lines.append(f"{PEER.strip()} peer: on another library, not the kit's (harness/peers).")
    return lines + _about_disturbances(summary) + _about_ranks(rankings)


def _about_disturbances(summary: Sequence[Entry]) -> list[str]:
    measured = [entry for entry in summary if entry["rounds"]]
    if not any(entry["disturbed"] for entry in measured):
        return []
    extent = "all of these" if all(entry["disturbed"] for entry in measured) else "those"
    return [
        f"{DISTURBED} disturbed: other programs, or the hypervisor, had the processors in {extent}:"
        " end them (see ./lab doctor), and compare again."
    ]


def _about_ranks(rankings: Sequence[Entry]) -> list[str]:
    ranked = [entry for ranking in rankings for entry in ranking["ranked"]]
    unranked = [
        (one["server"], _point(ranking), one["reason"])
        for ranking in rankings
        for one in ranking["unranked"]
    ]
    if not ranked and any(reason.startswith(FEW_ROUNDS) for *_, reason in unranked):
        return [
            f"Nothing is ranked, and nothing concluded: that takes {LEAST_ROUNDS} rounds at least"
            " (--rounds)."
        ]
    disturbed = [reason for *_, reason in unranked if reason.startswith(DISTURBED_REASON)]
    if disturbed and not ranked:
        return [f"Nothing is ranked, and nothing concluded: {disturbed[0]}."]
    lines = _about_unranked([one for one in unranked if not one[2].startswith(VOID)])
    if any(entry["too_close_to_next"] for entry in ranked):
        lines.append(
            f"{SHARED} too close to call: the 95 % interval of the ratio to a neighbour spans 1."
        )
    return lines


def _about_unranked(unranked: Sequence[tuple[str, str, str]]) -> list[str]:
    """Says of a few why they have no rank; a void row says so itself."""
    by_server: dict[str, list[tuple[str, str]]] = {}
    for server, point, reason in unranked:
        by_server.setdefault(server, []).append((point, reason))
    lines = [
        f"Not ranked: {server} in {', '.join(point for point, _ in places)}: {places[0][1]}."
        for server, places in by_server.items()
    ]
    more = len(lines) - UNRANKED_SHOWN
    rest = [f"Not ranked either: {more} more servers; the JSON says why."] if more > 0 else []
    return lines[:UNRANKED_SHOWN] + rest


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
    medians = f"medians (minimum–maximum) of {rounds} rounds in random order"
    shown = "one round" if rounds <= 1 else medians
    return (
        f"Shown: {shown}; server and clients on {where} ({environment['cpu']}), Linux"
        f" {environment['kernel']}, load {environment['load_average'][0]:g} at the start{built}."
        " CPU s/M: server CPU seconds per million echoes; connecting counts in churn only."
        f" PSS: memory, a page that n processes share counted 1/n.{run_with}"
    )


def placement(environment: dict[str, Any]) -> str:
    """Returns what it means where the server and its clients ran."""
    if environment["pinning"]:
        return (
            "Pinned to a core each: echoes/s is that of the slower side;"
            " CPU s/M is the server's own."
        )
    return (
        "Not pinned: the server and its clients take the processors from each other, so the"
        " scheduler is in echoes/s and latency; CPU s/M hardly depends on it (--pin)."
    )


def print_findings(console: Console, findings: Sequence[Entry]) -> None:
    """Prints what the comparison shows, a sentence each."""
    if not findings:
        return
    show(console)
    show(console, Text("What this shows", style="bold"))
    sentences = Table.grid(padding=(0, 1))
    for finding in findings:
        sentences.add_row("-", Text(finding["text"]))
    show(console, sentences)
    show(console)


def print_baseline(console: Console, baseline: Entry) -> None:
    """Prints what became of each figure since an earlier comparison, one table."""
    show(console)
    show(console, Text.assemble(("since the baseline", "bold"), f" of {baseline['date']}"))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("workload", "server"):
        table.add_column(title, no_wrap=True)
    for title in ("figure", "then", "now", "cost now/then"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for change in baseline["changes"]:
        ratio = change["ratio"]
        table.add_row(
            _point(change),
            change["server"],
            METRICS[change["metric"]].title,
            quantities.short(change["before"]),
            quantities.short(change["now"]),
            f"{ratio['median']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})",
            change["verdict"],
        )
    show(console, table)
    for remark in baseline["remarks"]:
        show(console, Text(f"{remark}."))
