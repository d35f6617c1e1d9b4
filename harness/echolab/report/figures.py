"""The figures that reports show: names, units, directions, and how each is written."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from echolab import quantities
from echolab.page import Cell, Table

NOTHING = Cell("–", tone="quiet")
WRITTEN: dict[str, Callable[[float], str]] = {  # by page.Chart's names of quantities
    "duration": quantities.duration,
    "size": quantities.size,
    "digits": quantities.digits,
    "count": quantities.count,
    "rate": lambda value: quantities.rate(value, value, value),
    "ratio": lambda value: f"{quantities.digits(value)}×",
}


@dataclass(frozen=True)
class Metric:
    """A figure of the results: `field` is its name there, `quantity` how page.py writes it."""

    field: str
    title: str
    unit: str
    quantity: str
    less_is_better: bool = True

    @property
    def heading(self) -> str:
        """The title and the unit, as a chart's title."""
        title = self.title[0].upper() + self.title[1:]
        return f"{title}: {self.unit}" if self.unit else title

    @property
    def direction(self) -> str:
        """Says which bars are the better ones."""
        return "Shorter is better." if self.less_is_better else "Longer is better."

    def written(self, value: float) -> str:
        """Returns the value with its unit, as far as the quantity has one."""
        return WRITTEN[self.quantity](value)

    def cell(self, value: float | None) -> Cell:
        """Returns a table's cell for the value, or for its absence."""
        return NOTHING if value is None else Cell(self.written(value), value)

    def times_worse(self, value: float, best: float) -> float:
        """Returns how many times the value is worse than the best."""
        worse, better = (value, best) if self.less_is_better else (best, value)
        return worse / better if better else float("inf")


CPU = Metric(
    "server_cpu_seconds_per_million_echoes",
    "CPU an echo",
    "CPU seconds per million echoes",
    "digits",
)
HELD = Metric("effective_concurrency", "clients held at a time", "", "digits", less_is_better=False)
RATE = Metric("echoes_per_second", "echoes a second", "", "rate", less_is_better=False)
P50 = Metric("p50_us", "median latency", "", "duration")
P99 = Metric("p99_us", "p99 latency", "", "duration")
MEMORY = Metric("peak_pss_bytes", "memory", "peak PSS", "size")
THREADS = Metric("threads", "threads", "", "count")
PROCESSES = Metric("processes", "processes", "", "count")
ISOLATION = Metric(
    "isolation", "isolation", "p99 beside rude clients / p99 without them", "ratio"
)
METRICS = {
    metric.field: metric
    for metric in (CPU, HELD, RATE, P50, P99, MEMORY, THREADS, PROCESSES, ISOLATION)
}


def metric_named(field: str) -> Metric:
    """Returns the metric of that field; one that reports know nothing more of is a bare number."""
    title = field.replace("_", " ")
    return METRICS.get(field) or Metric(field, title, "", "digits")


def interval(ratio: Mapping[str, float]) -> str:
    """Returns a ratio with its interval: "1.35 (1.28–1.41)"."""
    return f"{ratio['median']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})"


def remark_cell(remark: str, failed: bool = False) -> Cell:
    """Returns a table's cell for what is to be said of a server or a run, if anything."""
    return Cell(remark, tone="alarm" if failed else "quiet") if remark else Cell("")


def telling(table: Table) -> Table:
    """Returns the table without the columns that say nothing of anybody."""
    kept = [
        place
        for place in range(len(table.columns))
        if any(row[place] != NOTHING and row[place] != Cell("") for row in table.rows)
    ]
    columns = [table.columns[place] for place in kept]
    rows = [[row[place] for place in kept] for row in table.rows]
    return dataclasses.replace(table, columns=columns, rows=rows)


def median(spread: Any) -> float | None:
    """Returns the median of a summary's figure, which may be absent, or a plain number."""
    if isinstance(spread, dict):
        return spread.get("median")
    return spread


def extremes(spread: Any) -> list[float] | None:
    """Returns the least and the greatest of a summary's figure."""
    if isinstance(spread, dict) and spread.get("min") is not None:
        return [spread["min"], spread["max"]]
    return None
