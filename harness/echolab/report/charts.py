"""Configurations of Chart.js that several sections share; page.Chart tells what they may say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echolab.page import Chart, Panels, Table
from echolab.report.families import Family

BAR_HEIGHT = 25  # CSS pixels
AXIS_HEIGHT = 62
PANEL_HEIGHT = 250
SINGLE_HEIGHT = 420
BACKDROP_POINTS = 20
MARKER_RADIUS = 3
Line = Sequence[tuple[float, float]]  # x, y


@dataclass(frozen=True)
class Bar:
    """One bar: without a value its note stands alone, and says why."""

    label: str
    value: float | None
    range: Sequence[float] | None
    note: str


@dataclass(frozen=True)
class Axis:
    """`quantity` is one of page.Chart's."""

    title: str
    quantity: str
    logarithmic: bool = False
    ticks: tuple[float, ...] = ()  # where they are; none: where the page puts them

    def scale(self, **limits: float) -> dict[str, Any]:
        """Returns the axis as Chart.js takes it."""
        kind = "logarithmic" if self.logarithmic else "linear"
        scale = {"type": kind, "quantity": self.quantity, **limits}
        if self.title:
            scale["title"] = {"text": self.title}
        if self.ticks:
            scale["ticks"] = list(self.ticks)
        return scale


def bars(
    title: str, reading: str, axis: Axis, shown: Sequence[Bar], table: Table, table_open=False
) -> Chart:
    """Returns lying bars from zero; on a logarithmic axis, which has no zero, points."""
    dataset = {
        "series": "plain",
        "data": [bar.value for bar in shown],
        "ranges": [bar.range for bar in shown],
        "notes": [bar.note for bar in shown],
    }
    if axis.logarithmic:
        dataset |= {"showLine": False, "pointRadius": 5}
    configuration = {
        "type": "line" if axis.logarithmic else "bar",
        "data": {"labels": [bar.label for bar in shown], "datasets": [dataset]},
        "options": {
            "indexAxis": "y",
            "scales": {
                "x": axis.scale(**({} if axis.logarithmic else {"min": 0})),
                "y": {"type": "category", "offset": True},
            },
        },
    }
    height = AXIS_HEIGHT + BAR_HEIGHT * len(shown)
    return Chart(title, reading, configuration, table, height, table_open=table_open)


@dataclass(frozen=True)
class Curves:
    """A curve for each server, in one chart, or in a panel for each family of them.

    `title` names the charts for those who do not see what they stand in. `table` makes the table of
    some servers. A curve has markers where it reaches each x of `marks`; without those, everywhere.
    """

    title: str
    reading: str
    axes: tuple[Axis, Axis]
    lines: Mapping[str, Line]
    table: Callable[[Sequence[str]], Table]
    marks: Sequence[float] = ()

    def drawn(self, families: Sequence[Family]) -> Panels | Chart | None:
        """Returns the charts, or None without any curve.

        All panels have the same axes, and the other families' curves in grey behind.
        """
        present = [one for one in families if any(map(self.lines.get, one.servers))]
        if len(present) == 1:
            (only,) = present
            return Chart(self.title, self.reading, *self._content(only), SINGLE_HEIGHT, "")
        panels = [
            Chart(f"{self.title}: {one.title}", "", *self._content(one), PANEL_HEIGHT, one.title)
            for one in present
        ]
        return Panels(panels, self.reading) if panels else None

    def _content(self, family: Family) -> tuple[dict[str, Any], Table]:
        servers = [server for server in family.servers if self.lines.get(server)]
        return self._configuration(family), self.table(servers)

    def _configuration(self, family: Family) -> dict[str, Any]:
        own = [
            self._own(server, number)
            for number, server in enumerate(family.servers)
            if self.lines.get(server)
        ]
        others = [
            {"label": server, "series": "context", "data": _pairs(_coarse(line))}
            for server, line in self.lines.items()
            if line and server not in family.servers
        ]
        return {
            "type": "line",
            "data": {"datasets": own + others},
            "options": {"scales": self._scales()},
        }

    def _own(self, server: str, number: int) -> dict[str, Any]:
        line = self.lines[server]
        marked = {_first_from(mark, line) for mark in self.marks or [x for x, _ in line]}
        radii = [MARKER_RADIUS if x in marked else 0 for x, _ in line]
        return {"label": server, "series": number, "data": _pairs(line), "pointRadius": radii}

    def _scales(self) -> dict[str, Any]:
        """Returns the axes from the least to the greatest of all, with a little air."""
        xs, ys = zip(*(point for line in self.lines.values() for point in line))
        x_axis, y_axis = self.axes
        return {
            "x": x_axis.scale(min=min(xs), max=max(xs)),
            "y": y_axis.scale(min=0.85 * min(ys), max=1.15 * max(ys)),
        }


def _first_from(mark: float, line: Line) -> float | None:
    return next((x for x, _ in line if x >= mark), None)


def _coarse(line: Line) -> Line:
    """Returns enough of a curve for a backdrop: a page holds it once for each other panel."""
    step = max(1, len(line) // BACKDROP_POINTS)
    return [*line[:-1:step], line[-1]]


def _pairs(line: Line) -> list[dict[str, float]]:
    return [{"x": float(f"{x:.5g}"), "y": float(f"{y:.4g}")} for x, y in line]
