"""What one more connection costs: memory, and CPU an echo, over the number of connections.

From the points of `./lab scale` where there are some, else from the comparison's workloads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from echolab.page import Alternative, Block, Cell, Choice, Column, Points, Section, Table
from echolab.report.charts import Axis, Curves, Line
from echolab.report.families import Family, in_families
from echolab.report.figures import CPU, MEMORY, NOTHING, Metric
from echolab.report.measured import Measured, Point

Lines = dict[str, Line]
WHOLE_MEMORY = Metric(
    "memory", "memory", "PSS, page tables, and what the kernel holds for the server", "size"
)
ALIKE = ("bytes", "depth", "think", "churn", "rate", "slow_readers", "dribble")


def connections_section(
    measured: Measured, families: Sequence[Family], scale: Mapping[str, Any] | None
) -> Section | None:
    """Returns the section, or None if nobody was measured with different numbers of them."""
    points = (scale or {}).get("points") or []
    groups = _from_scale(points) if points else _from_comparison(measured)
    if points:
        families = in_families(list(dict.fromkeys(point["server"] for point in points)))
    alternatives = [
        Alternative(title, f"{title}: {metric.unit}", [block])
        for metric, title, lines in groups
        if (block := _curves(families, metric, title, lines))
    ]
    if not alternatives:
        return None
    source = "./lab scale" if points else "the comparison's workloads"
    blocks: list[Block] = [f"From {source}.", Choice("Figure", alternatives)]
    if remarks := (scale or {}).get("remarks"):
        blocks.append(Points(remarks))
    return Section("What a connection costs", blocks, short="Connections")


def _curves(families: Sequence[Family], metric: Metric, title: str, lines: Lines) -> Block | None:
    telling = {server: line for server, line in lines.items() if len(line) > 1}
    numbers = tuple(sorted({x for line in telling.values() for x, _ in line}))

    def table(servers: Sequence[str]) -> Table:
        return _table(title, metric, {server: telling[server] for server in servers})

    axes = (
        Axis("connections", "count", logarithmic=True, ticks=numbers),
        Axis("", metric.quantity, logarithmic=True),
    )
    heading = f"{title}: {metric.unit}"
    return Curves(heading, _reading(metric), axes, telling, table).drawn(families)


def _reading(metric: Metric) -> str:
    if metric in (MEMORY, WHOLE_MEMORY):
        return (
            "Lower is better, and flat is best: the slope is what one more connection costs."
            " Both axes are logarithmic."
        )
    return (
        "Lower is better. A flat line: a connection costs nothing while others speak; a rising"
        " one: the server looks at each. Both axes are logarithmic."
    )


def _from_scale(points: Iterable[dict[str, Any]]) -> list[tuple[Metric, str, Lines]]:
    valid = [point for point in points if not point.get("void")]
    fewest = min((point["busy"] for point in valid), default=0)
    few_busy = [point for point in valid if point["busy"] == fewest]
    all_busy = [point for point in valid if point["busy"] == point["connections"]]
    return [
        (WHOLE_MEMORY, "Memory", _lines(valid, _whole_memory)),
        (CPU, f"CPU an echo, {fewest} busy", _lines(few_busy, _cpu)),
        (CPU, "CPU an echo, all busy", _lines(all_busy, _cpu)),
    ]


def _lines(points: Iterable[dict[str, Any]], value_of) -> Lines:
    """Returns the values over the connections; of several for one number the first."""
    values: dict[str, dict[float, float]] = defaultdict(dict)
    for point in points:
        value = value_of(point)
        if value:
            values[point["server"]].setdefault(point["connections"], value)
    return {server: sorted(line.items()) for server, line in values.items()}


def _whole_memory(point: dict[str, Any]) -> float | None:
    """Returns all that is taken for the server; where its own objects in the kernel are not known
    apart, with those of the clients' ends."""
    memory = point.get("memory") or {}
    objects = memory.get("kernel_slab_bytes")
    if objects is None:
        objects = memory.get("kernel_slab_both_ends_bytes")
    own = ("user_pss_bytes", "page_table_bytes", "kernel_stack_bytes")
    return sum(memory.get(part) or 0 for part in own) + (objects or 0) or None


def _cpu(point: dict[str, Any]) -> float | None:
    return point.get(CPU.field)


def _from_comparison(measured: Measured) -> list[tuple[Metric, str, Lines]]:
    """Returns points that differ in clients and silent connections only."""
    alike = _most_alike(measured.points)
    busiest = [point for point in alike if not point.parameters.get("idle")]
    fewest = min((point.clients for point in alike), default=0)
    few = [point for point in alike if point.clients == fewest]
    return [
        (MEMORY, "Memory", _medians(measured, alike, MEMORY)),
        (CPU, f"CPU an echo, {fewest} busy", _medians(measured, few, CPU)),
        (CPU, "CPU an echo, all busy", _medians(measured, busiest, CPU)),
    ]


def _most_alike(points: Iterable[Point]) -> list[Point]:
    groups: dict[tuple, list[Point]] = defaultdict(list)
    for point in points:
        groups[tuple(point.parameters.get(key) for key in ALIKE)].append(point)
    return max(groups.values(), key=len, default=[])


def _medians(measured: Measured, points: Iterable[Point], metric: Metric) -> Lines:
    lines: Lines = {}
    for server in measured.servers:
        values = {point.connections: measured.value(server, point, metric) for point in points}
        lines[server] = sorted((x, y) for x, y in values.items() if y)
    return lines


def _table(title: str, metric: Metric, lines: Lines) -> Table:
    numbers = sorted({x for line in lines.values() for x, _ in line})
    columns = [Column("server", numeric=False)]
    columns += [Column(f"{number:,}", hint="connections") for number in numbers]
    if metric in (MEMORY, WHOLE_MEMORY):
        columns.append(Column("one more", hint="connection, on average"))
    rows = [[server, *_cells(metric, dict(line), numbers)] for server, line in lines.items()]
    return Table(title, columns, rows)


def _cells(metric: Metric, line: dict[float, float], numbers: Sequence[float]) -> list[Cell]:
    cells = [metric.cell(line.get(number)) for number in numbers]
    if metric in (MEMORY, WHOLE_MEMORY):
        (first, least), (last, most) = min(line.items()), max(line.items())
        slope = (most - least) / (last - first)
        cells.append(metric.cell(slope) if slope > 0 else NOTHING)
    return cells
