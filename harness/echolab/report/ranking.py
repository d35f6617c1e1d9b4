"""Who comes before whom, and where that is too close to call."""

from dataclasses import dataclass, replace
from typing import Any

from echolab.page import Alternative, Block, Cell, Chart, Choice, Column, Section, Table
from echolab.report.charts import Axis, Bar, bars
from echolab.report.figures import NOTHING, Metric, extremes, interval, remark_cell, telling
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


@dataclass(frozen=True)
class Standing:
    """Where a server stands at a point: `place` is its rank as written, "" if it has none."""

    server: str
    value: float | None
    range: list[float] | None
    rank: int | None = None
    place: str = ""
    ratio_to_next: dict[str, float] | None = None
    remark: str = ""
    failed: bool = False

    @property
    def is_measured(self) -> bool:
        """Whether there is a figure; the remark says why not."""
        return self.value is not None


def _blocks(measured: Measured, point: Point) -> list[Block]:
    """Returns the chart; a reason why none of all has a rank stands above it, once.

    Where nobody has a figure there is nothing to draw: only the reasons.
    """
    metric = measured.metric(point)
    standings = _standings(measured, point, metric)
    reasons = {one.remark for one in standings if one.is_measured}
    if not reasons:
        return [_table(point, metric, standings)]
    if len(standings) < 2 or len(reasons) != 1 or reasons == {""}:
        return [_chart(measured, point, metric, standings)]
    silent = [replace(one, remark="") if one.is_measured else one for one in standings]
    return [f"Nobody has a rank: {reasons.pop()}.", _chart(measured, point, metric, silent)]


def _chart(measured: Measured, point: Point, metric: Metric, standings: list[Standing]) -> Chart:
    reading = f"{metric.direction} Whiskers reach from the least to the greatest of the rounds."
    are_ranked = bool(measured.ranked(point))
    return bars(
        metric.heading,
        reading,
        Axis("", metric.quantity),
        [_bar(one, metric, are_ranked) for one in standings],
        _table(point, metric, standings),
        table_open=True,
    )


def _standings(measured: Measured, point: Point, metric: Metric) -> list[Standing]:
    """Returns the servers as they are ranked, then the others: with a figure first."""
    ranking = measured.ranking(point) or {}
    ranked = [_ranked(measured, point, metric, one) for one in _with_places(ranking)]
    reasons = {one["server"]: one["reason"] for one in ranking.get("unranked") or []}
    others = [
        _unranked(measured, point, metric, server, reasons.get(server, ""))
        for server in measured.servers
        if server not in measured.ranked(point)
    ]
    sign = 1 if metric.less_is_better else -1
    return ranked + sorted(others, key=lambda one: (not one.is_measured, sign * (one.value or 0)))


def _with_places(ranking: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the ranked ones with their ranks as they are written: 2= where several share it."""
    ranked = ranking.get("ranked") or []
    ranks = [one["rank"] for one in ranked]
    return [
        one | {"place": f"{one['rank']}=" if ranks.count(one["rank"]) > 1 else str(one["rank"])}
        for one in ranked
    ]


def _ranked(measured: Measured, point: Point, metric: Metric, one: dict[str, Any]) -> Standing:
    entry = measured.entry(one["server"], point)
    return Standing(
        one["server"],
        one["median"],
        extremes(entry.get(metric.field)),
        one["rank"],
        one["place"],
        one.get("ratio_to_next"),
        TOO_CLOSE if one.get("too_close_to_next") else "",
    )


def _unranked(
    measured: Measured, point: Point, metric: Metric, server: str, reason: str
) -> Standing:
    entry = measured.entry(server, point)
    value = measured.value(server, point, metric)
    remark, failed = absence(entry) if value is None else (reason, False)
    spread = extremes(entry.get(metric.field))
    return Standing(server, value, spread, remark=remark, failed=failed)


def _bar(one: Standing, metric: Metric, are_ranked: bool) -> Bar:
    """Returns the bar, and of a long remark the beginning: the table has the rest."""
    rank = f" {one.place:{FIGURE_SPACE}>{RANK_WIDTH}}" if are_ranked else ""
    note = one.remark
    if one.is_measured:
        remark = "" if one.place else one.remark.partition(":")[0]
        note = ", ".join(part for part in (metric.written(one.value), remark) if part)
    return Bar(one.server + rank, one.value, one.range, note)


def _table(point: Point, metric: Metric, standings: list[Standing]) -> Table:
    columns = [
        Column("server", numeric=False),
        Column("rank"),
        Column("median"),
        Column("rounds", hint="least–greatest"),
        Column("the next one", hint="ratio, 95 % interval"),
        Column("remark", numeric=False),
    ]
    caption = f"{point.name}: {metric.unit or metric.title}"
    return telling(Table(caption, columns, [_cells(one, metric) for one in standings]))


def _cells(one: Standing, metric: Metric) -> list[Cell | str]:
    return [
        one.server,
        Cell(one.place, one.rank) if one.place else NOTHING,
        metric.cell(one.value),
        _range(one.range, metric),
        _ratio(one.ratio_to_next),
        remark_cell(one.remark, one.failed),
    ]


def _range(ends: list[float] | None, metric: Metric) -> Cell:
    if not ends or ends[0] == ends[1]:
        return NOTHING
    return Cell("–".join(metric.written(end) for end in ends), ends[0])


def _ratio(ratio: dict[str, float] | None) -> Cell:
    if not ratio:
        return NOTHING
    return Cell(interval(ratio), ratio["median"])
