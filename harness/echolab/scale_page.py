"""The cost of connections as a page: curves over their number, on log axes, and the tables."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from echolab import page, quantities, scale_tables, tables
from echolab.page import Cell, Column, Facts, Page, Section, Table
from echolab.report.connections import connections_section
from echolab.report.measured import Measured
from echolab.report.provenance import environment_facts
from echolab.scale import Point

UNKNOWN = Cell(tables.NOTHING, tone="quiet")


def write_page(document: Mapping[str, Any], points: Sequence[Point], path: Path) -> None:
    """Writes what `./lab scale` found; raises CannotRun without the packages that it takes."""
    page.write(page_of(document, points), path)


def page_of(document: Mapping[str, Any], points: Sequence[Point]) -> Page:
    """Returns the page of a scale's JSON, whose points are `points`."""
    environment = dict(document["environment"])
    facts = Facts(environment_facts(environment))
    sections = (
        connections_section(Measured({}), (), document),
        _slopes_section(points),
        _totals_section(points),
        Section("How it was taken", [scale_tables.what_memory_is(points), facts]),
    )
    servers = len({point.server for point in points})
    most = max((point.connections for point in points), default=0)
    return Page(
        "What connections cost",
        f"{quantities.counted(servers, 'server')}, up to"
        f" {quantities.counted(most, 'connection')} · {environment['date']}",
        [section for section in sections if section],
        command=environment["command_line"],
    )


def _slopes_section(points: Sequence[Point]) -> Section | None:
    slopes = scale_tables.slopes(points)
    if not slopes:
        return None
    columns = [Column("server", numeric=False), Column("from"), Column("to")]
    columns += [Column(title, hint="a connection") for title in scale_tables.SLOPE_TITLES]
    rows = [
        [
            slope.server,
            _cell(slope.smaller, "{:,}".format),
            _cell(slope.larger, "{:,}".format),
            *(_cell(value, show) for value, show in scale_tables.slope_figures(slope.one_more)),
        ]
        for slope in slopes
    ]
    caption = "What one more connection takes, on average from one size to the next"
    return Section("One more connection", [Table(caption, columns, rows, sortable=True)])


def _totals_section(points: Sequence[Point]) -> Section:
    columns = [Column("server", numeric=False), Column("connections"), Column("busy")]
    columns += [Column("memory", hint="user, tables, stacks"), Column("objects", hint="kernel's")]
    columns += map(Column, ("threads", "procs", "descr."))
    columns += [Column("CPU", hint="an echo"), Column("note", numeric=False)]
    rows = [_total_row(point) for point in points]
    return Section("All points", [Table("Every point", columns, rows, sortable=True)])


def _total_row(point: Point) -> list[Cell | str]:
    own, objects = None, None
    if point.memory:
        own = point.memory.own_bytes
        objects = scale_tables.objects_of_all(point)
    return [
        point.server,
        _cell(point.connections, "{:,}".format),
        _cell(point.busy, "{:,}".format),
        _cell(own, quantities.size),
        _cell(objects, quantities.size),
        _cell(point.threads, "{:,}".format),
        _cell(point.processes, "{:,}".format),
        _cell(point.descriptors, "{:,}".format),
        _cell(point.server_cpu_seconds_per_million_echoes, quantities.duration),
        Cell(point.void_reason or "", tone="alarm" if point.failed else "quiet"),
    ]


def _cell(value: float | None, show: Callable[[float], str]) -> Cell:
    return UNKNOWN if value is None else Cell(show(value), order=value)
