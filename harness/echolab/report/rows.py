"""All figures as tables to sort: the medians, and every single run."""

from typing import Any

from echolab.page import Cell, Column, Section, Table
from echolab.report.figures import CPU, HELD, MEMORY, P50, P99, PROCESSES, RATE, THREADS
from echolab.report.figures import Metric, median, remark_cell, telling
from echolab.report.measured import Measured

P999 = Metric("p999_us", "p99.9 latency", "", "duration")
GREATEST = Metric("max_us", "greatest latency", "", "duration")
SWITCHES = Metric("context_switches", "context switches", "", "count")
SPEED = (
    (RATE, "echoes/s", ""),
    (P50, "p50", "latency"),
    (P99, "p99", "latency"),
    (P999, "p99.9", "latency"),
    (GREATEST, "greatest", "latency"),
    (CPU, "CPU s/M", "of the server"),
)
SIZE = (
    (HELD, "held", "at a time"),
    (MEMORY, "memory", "peak PSS"),
    (THREADS, "threads", ""),
    (PROCESSES, "processes", ""),
    (SWITCHES, "switches", "of context"),
)
FIGURES = (*SPEED, *SIZE)


def medians_section(measured: Measured) -> Section | None:
    """Returns the medians of the rounds, or None without any."""
    if not measured.summary:
        return None
    columns = _columns(Column("rounds", hint="that count"))
    rows = [
        [*_place(entry, entry.get("rounds")), *_figures(entry), _remark(entry, entry.get("note"))]
        for entry in measured.summary
    ]
    caption = "Of the rounds that count"
    return Section("Medians", [telling(Table(caption, columns, rows, sortable=True))])


def runs_section(measured: Measured) -> Section | None:
    """Returns all runs, or None without any."""
    if not measured.runs:
        return None
    rows = [
        [*_place(run, run.get("round")), *_figures(run), _remark(run, run.get("void_reason"))]
        for run in measured.runs
    ]
    columns = _columns(Column("round"))
    caption = "Every run, in the order of running"
    return Section("All runs", [telling(Table(caption, columns, rows, sortable=True))])


def _columns(rounds: Column) -> list[Column]:
    return [
        Column("server", numeric=False),
        Column("workload", numeric=False),
        Column("clients"),
        rounds,
        *(Column(title, hint=hint) for _, title, hint in FIGURES),
        Column("remark", numeric=False),
    ]


def _place(row: dict[str, Any], rounds: int | None) -> list[Cell | str]:
    clients = Cell(f"{row['clients']:,}", row["clients"])
    return [row["server"], row["workload"], clients, Cell(str(rounds or 0), rounds or 0)]


def _figures(row: dict[str, Any]) -> list[Cell]:
    return [metric.cell(median(row.get(metric.field))) for metric, _, _ in FIGURES]


def _remark(row: dict[str, Any], reason: str | None) -> Cell:
    remarks = [f"failed: {reason}" if row.get("failed") else reason]
    if row.get("disturbed"):
        why = row.get("disturbed_reason")
        remarks.append(f"disturbed: {why}" if why else "disturbed")
    if row.get("client_bound"):
        remarks.append("client-bound")
    text = "; ".join(remark for remark in remarks if remark)
    return remark_cell(text, bool(row.get("failed")))
