"""Who comes before whom, and where that is too close to call."""

from collections.abc import Iterable
from typing import Any

from echolab.page import Alternative, Block, Cell, Chart, Choice, Column, Section, Table
from echolab.report.charts import Axis, Bar, bars
from echolab.report.figures import NOTHING, Metric, extremes, telling
from echolab.report.measured import Measured, Point, absence

TOO_CLOSE = "too close to call"
EXPLANATION = (
    "Servers share a rank (2=) where the 95 % interval of the ratio between neighbours spans 1:"
    " the measurement cannot tell them apart, and another one might turn them round."
)
FIGURE_SPACE = "\u2007"  # as wide as a digit, so that the ranks stand in a column
RANK_WIDTH = 4
UNRANKED = "This result carries no ranking: servers are in the order of their medians."
NOBODY = (
    "Nobody has earned a rank, and the remarks say why: servers are in the order of their medians,"
    " which another measurement might change."
)


def ranking_section(measured: Measured) -> Section | None:
    """Returns the section, or None if nothing was measured."""
    alternatives = [
        Alternative(point.name, point.heading, _blocks(measured, point))
        for point in measured.points
    ]
    if not alternatives:
        return None
    return Section("Ranking", [_explanation(measured), Choice("Workload", alternatives)])


def _explanation(measured: Measured) -> str:
    if any(map(measured.ranked, measured.points)):
        return EXPLANATION
    return NOBODY if any(map(measured.ranking, measured.points)) else UNRANKED


def _blocks(measured: Measured, point: Point) -> list[Block]:
    """Returns the chart; a reason why none of all has a rank stands above it, once."""
    metric = measured.metric(point)
    rows = _rows(measured, point, metric)
    reasons = {row["why"] for row in rows if row["value"] is not None}
    if len(rows) < 2 or len(reasons) != 1 or reasons == {""}:
        return [_chart(measured, point, metric, rows)]
    shared = [row | {"why": ""} if row["value"] is not None else row for row in rows]
    return [f"Nobody has a rank: {reasons.pop()}.", _chart(measured, point, metric, shared)]


def _chart(measured: Measured, point: Point, metric: Metric, rows: list[dict[str, Any]]) -> Chart:
    reading = f"{metric.direction} Whiskers reach from the least to the greatest of the rounds."
    return bars(
        metric.heading,
        reading,
        Axis("", metric.quantity),
        [_bar(row, metric, are_ranked=bool(measured.ranked(point))) for row in rows],
        _table(point, metric, rows),
        table_open=True,
    )


def _rows(measured: Measured, point: Point, metric: Metric) -> list[dict[str, Any]]:
    """Returns the servers as they are ranked, then the others: with a figure first."""
    ranking = measured.ranking(point) or {}
    ranked = ranking.get("ranked") or []
    reasons = {one["server"]: one["reason"] for one in ranking.get("unranked") or []}
    places = _shared(ranked)
    rows = [
        _row(measured, point, metric, one["server"]) | one | {"place": places[one["rank"]]}
        for one in ranked
    ]
    names = {one["server"] for one in ranked}
    others = [
        _row(measured, point, metric, server, reasons.get(server))
        for server in measured.servers
        if server not in names
    ]
    sign = 1 if metric.less_is_better else -1
    return rows + sorted(
        others, key=lambda row: (row["value"] is None, sign * (row["value"] or 0))
    )


def _shared(ranked: Iterable[dict[str, Any]]) -> dict[int, str]:
    """Returns how each rank is written: 2= where several share it."""
    ranks = [one["rank"] for one in ranked]
    return {rank: f"{rank}=" if ranks.count(rank) > 1 else str(rank) for rank in ranks}


def _row(
    measured: Measured, point: Point, metric: Metric, server: str, reason: str | None = None
) -> dict[str, Any]:
    entry = measured.entry(server, point)
    value = measured.value(server, point, metric)
    why, failed = absence(entry) if value is None else (reason or "", False)
    return {
        "server": server,
        "value": value,
        "range": extremes(entry.get(metric.field)),
        "place": "",
        "why": why,
        "failed": failed,
    }


def _bar(row: dict[str, Any], metric: Metric, are_ranked: bool) -> Bar:
    rank = f" {row['place']:{FIGURE_SPACE}>{RANK_WIDTH}}" if are_ranked else ""
    shown = metric.written(row["value"]) if row["value"] is not None else ""
    why, _, _ = row["why"].partition(":") if shown else (row["why"], "", "")
    note = ", ".join(part for part in (shown, why) if part)
    return Bar(row["server"] + rank, row["value"], row["range"], note)


def _table(point: Point, metric: Metric, rows: list[dict[str, Any]]) -> Table:
    columns = [
        Column("server", numeric=False),
        Column("rank"),
        Column("median"),
        Column("rounds", hint="least–greatest"),
        Column("the next one", hint="ratio, 95 % interval"),
        Column("remark", numeric=False),
    ]
    caption = f"{point.name}: {metric.unit or metric.title}"
    return telling(Table(caption, columns, [_cells(row, metric) for row in rows]))


def _cells(row: dict[str, Any], metric: Metric) -> list[Cell | str]:
    place = Cell(row["place"], row.get("rank")) if row["place"] else NOTHING
    return [
        row["server"],
        place,
        metric.cell(row["value"]),
        _range(row["range"], metric),
        _ratio(row.get("ratio_to_next")),
        _remark(row),
    ]


def _remark(row: dict[str, Any]) -> Cell:
    if row.get("too_close_to_next"):
        return Cell(TOO_CLOSE, tone="quiet")
    if not row["why"]:
        return Cell("")
    return Cell(row["why"], tone="alarm" if row["failed"] else "quiet")


def _range(ends: list[float] | None, metric: Metric) -> Cell:
    if not ends or ends[0] == ends[1]:
        return NOTHING
    return Cell("–".join(metric.written(end) for end in ends), ends[0])


def _ratio(ratio: dict[str, float] | None) -> Cell:
    if not ratio:
        return NOTHING
    text = f"{ratio['median']:.2f}"
    if ratio.get("low") is not None and ratio.get("high") is not None:
        text += f" ({ratio['low']:.2f}–{ratio['high']:.2f})"
    return Cell(text, ratio["median"])
