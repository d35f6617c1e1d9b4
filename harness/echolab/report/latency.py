"""Latency by percentile: what most requests see, and what the unlucky ones do."""

from collections.abc import Sequence
from typing import Any

from echolab.page import Alternative, Block, Cell, Choice, Column, Section, Table
from echolab.report.charts import Axis, Curves, Line
from echolab.report.families import Family
from echolab.report.figures import NOTHING, P99, WRITTEN, telling
from echolab.report.measured import Measured, Point

KNOWN = {"p50_us": 50.0, "p90_us": 90.0, "p99_us": 99.0, "p999_us": 99.9}
IN_TABLE = (50.0, 90.0, 99.0, 99.9, 99.99)
MARKS = tuple(1 / (1 - percentile / 100) * (1 - 1e-6) for percentile in IN_TABLE)
AXES = (
    Axis("percentile", "percentile", logarithmic=True),
    Axis("", "duration", logarithmic=True),
)
READING = (
    "Lower is better. At 99 % stands the latency that one request in a hundred exceeds, at 99.9 %"
    " one in a thousand (HdrHistogram's axis; the latencies are on a logarithmic one, too)."
    " The curve of a server is that of its run with the median p99."
)
CLOSED = (
    "Closed loop: a client sends when it has its answer, so a server that stalls is asked less,"
    " and its stall shows in a few requests only."
)
OPEN = (
    "Open loop: counted from the moment when each request was due, so a stall shows in all"
    " requests that fell due in it."
)


def latency_section(measured: Measured, families: Sequence[Family]) -> Section | None:
    """Returns the section, or None if no latency was measured."""
    alternatives = [
        Alternative(point.name, point.heading, blocks)
        for point in measured.points
        if (blocks := _blocks(measured, families, point))
    ]
    if not alternatives:
        return None
    return Section(
        "Latency by percentile", [READING, Choice("Workload", alternatives)], short="Latency"
    )


def _blocks(measured: Measured, families: Sequence[Family], point: Point) -> list[Block]:
    runs = {server: measured.median_run(server, point) for server in measured.servers}
    lines = {server: line_of(run) for server, run in runs.items() if run}

    def table(servers: Sequence[str]) -> Table:
        return _table(point, {server: lines[server] for server in servers}, runs)

    title = f"Latency, {point.name}"
    how = OPEN if point.is_open_loop else CLOSED
    drawn = Curves(title, how, AXES, lines, table, MARKS).drawn(families)
    if not drawn:
        return []
    omission = _omission(point, {server: run for server, run in runs.items() if run})
    return [drawn, *([omission] if omission else [])]


def line_of(run: dict[str, Any]) -> Line:
    """Returns a run's latencies over 1 / (1 - p), which is how many requests there are to one
    that is slower; from its few named percentiles if it has no others."""
    percentiles = run.get("latency_percentiles") or [
        (percentile, run.get(name)) for name, percentile in KNOWN.items()
    ]
    points = {
        round(1 / (1 - percentile / 100), 6): latency
        for percentile, latency in percentiles
        if percentile < 100 and latency
    }
    return sorted(points.items())


def _table(point: Point, lines: dict[str, Line], runs: dict[str, Any]) -> Table:
    columns = [
        Column("server", numeric=False),
        *(Column(f"{percentile:g} %") for percentile in IN_TABLE),
        Column("greatest"),
    ]
    rows = [
        [server, *_percentiles(runs[server], line), P99.cell(runs[server].get("max_us"))]
        for server, line in lines.items()
    ]
    return telling(Table(f"Latency, {point.name}", columns, rows))


def _percentiles(run: dict[str, Any], line: Line) -> list[Cell]:
    """Returns what the run says of each percentile; of others the curve's first from there on."""
    named = {percentile: run.get(name) for name, percentile in KNOWN.items()}
    return [
        P99.cell(named.get(percentile) or next((y for x, y in line if x >= mark), None))
        for percentile, mark in zip(IN_TABLE, MARKS)
    ]


def _omission(point: Point, runs: dict[str, dict[str, Any]]) -> Table | None:
    """Returns what counting from the actual send would have hidden; None without that figure."""
    known = {server: run for server, run in runs.items() if run.get("from_send_p99_us")}
    if not known:
        return None
    columns = [
        Column("server", numeric=False),
        Column("p99", hint="from due"),
        Column("p99", hint="from the actual send"),
        Column("hidden", hint="by counting from the send"),
        Column("owed", hint="without an answer at the end"),
    ]
    rows = [[server, *_hidden(run)] for server, run in known.items()]
    caption = f"Coordinated omission, {point.name}: what counting from the actual send would hide"
    return Table(caption, columns, rows)


def _hidden(run: dict[str, Any]) -> list[Cell]:
    due, sent = run["p99_us"], run["from_send_p99_us"]
    gap = max(0.0, due - sent)
    hidden = Cell(WRITTEN["duration"](gap), gap) if gap >= 1 else NOTHING
    owed = run.get("owed")
    return [
        P99.cell(due),
        P99.cell(sent),
        hidden,
        NOTHING if owed is None else Cell(f"{owed:,}", owed),
    ]
