"""All servers at all points in one table: how many times worse than the best there."""

from echolab.page import Cell, Column, Section, Table
from echolab.report.figures import NOTHING
from echolab.report.measured import Measured, Point, absence

UNRANKED = "*"
SHADES = (1.1, 1.5, 2.5, 5.0)  # a cell is a shade darker from each of these on


def overview(measured: Measured) -> Section | None:
    """Returns the section, or None if nothing was measured."""
    if not measured.points:
        return None
    bests = {point: _best(measured, point) for point in measured.points}
    columns = [Column("server", numeric=False), *(_column(measured, point) for point in bests)]
    rows = [
        [server, *(_cell(measured, server, point, best) for point, best in bests.items())]
        for server in measured.servers
    ]
    caption = (
        "1× is the best server of a column; 2× costs twice as much, or holds half as many clients."
        " What stands out is worse."
    )
    titles = [column.title for column in columns]
    if any(text.endswith(UNRANKED) for text in (*titles, *_texts(rows))):
        caption += f" {UNRANKED} not ranked; Ranking says why."
    return Section("At a glance", [Table(caption, columns, rows, look="matrix")])


def _texts(rows: list[list[Cell | str]]) -> list[str]:
    return [cell.text for row in rows for cell in row if isinstance(cell, Cell)]


def failures(measured: Measured) -> list[str]:
    """Returns a sentence for each server and each way in which it failed."""
    places: dict[tuple[str, str], list[str]] = {}
    for entry in measured.summary:
        if entry.get("failed"):
            why = entry["server"], entry.get("note") or "no reason is known"
            places.setdefault(why, []).append(f"{entry['workload']} ({entry['clients']})")
    return [
        f"Failed in {', '.join(points)}: {note if server in note else f'{server}: {note}'}"
        for (server, note), points in places.items()
    ]


def _column(measured: Measured, point: Point) -> Column:
    mark = UNRANKED if measured.ranking(point) and not measured.ranked(point) else ""
    return Column(point.name + mark, hint=measured.metric(point).title)


def _best(measured: Measured, point: Point) -> float | None:
    """Returns the best figure of those that are ranked, or of all if nobody is."""
    metric = measured.metric(point)
    servers = measured.ranked(point) or measured.servers
    values = [measured.value(server, point, metric) for server in servers]
    known = [value for value in values if value]
    if not known:
        return None
    return min(known) if metric.less_is_better else max(known)


def _cell(measured: Measured, server: str, point: Point, best: float | None) -> Cell:
    metric = measured.metric(point)
    value = measured.value(server, point, metric)
    entry = measured.entry(server, point)
    if value is None or best is None:
        if not entry:
            return NOTHING
        reason, failed = absence(entry)
        short = reason.partition(":")[0]  # the ranking says it in full
        return Cell(short, tone="alarm" if failed else "quiet")
    times = metric.times_worse(value, best)
    shade = sum(times >= limit for limit in SHADES)
    ranked = measured.ranked(point)
    mark = UNRANKED if ranked and server not in ranked else ""
    return Cell(_times(times) + mark, times, f"shade-{shade}")


def _times(times: float) -> str:
    return f"{times:.2f}×" if times < 9.995 else f"{times:.0f}×"
