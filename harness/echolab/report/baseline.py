"""What changed since an earlier result."""

from typing import Any

from echolab.page import Cell, Column, Points, Section, Table
from echolab.report.figures import interval, metric_named
from echolab.report.measured import Measured

TONES = {"worse": "alarm", "better": "", "too close": "quiet"}
READING = "The ratio is that of the cost now to the cost before: below 1 it has become better."


def baseline_section(measured: Measured) -> Section | None:
    """Returns the section, or None if the comparison was held against nothing."""
    baseline = measured.baseline
    if not baseline:
        return None
    columns = [
        Column("server", numeric=False),
        Column("workload", numeric=False),
        Column("clients"),
        Column("before"),
        Column("now"),
        Column("ratio", hint="95 % interval"),
        Column("verdict", numeric=False),
    ]
    rows = [_row(change) for change in baseline.get("changes") or []]
    caption = f"Since {baseline.get('file')}, of {baseline.get('date')}"
    blocks: list[Any] = [READING]
    blocks += [Table(caption, columns, rows, sortable=True)] if rows else []
    blocks += [Points(baseline["remarks"])] if baseline.get("remarks") else []
    return Section("Since the baseline", blocks, short="Baseline")


def _row(change: dict[str, Any]) -> list[Cell | str]:
    metric = metric_named(change["metric"])
    ratio = change["ratio"]
    return [
        change["server"],
        change["workload"],
        Cell(f"{change['clients']:,}", change["clients"]),
        metric.cell(change["before"]),
        metric.cell(change["now"]),
        Cell(interval(ratio), ratio["median"]),
        Cell(change["verdict"], tone=TONES.get(change["verdict"], "")),
    ]
