"""How servers treat clients that share them: isolation from rude ones, and how many are held."""

from echolab.page import Block, Cell, Column, Section, Table
from echolab.report.charts import Axis, Bar, bars
from echolab.report.figures import HELD, ISOLATION, MEMORY, PROCESSES, THREADS
from echolab.report.figures import Metric, extremes, remark_cell, telling
from echolab.report.measured import Measured, Point, absence

WIDE = 20  # from this ratio of the greatest to the least on, an axis is logarithmic
PRICE = (THREADS, PROCESSES, MEMORY)


def isolation_section(measured: Measured) -> Section | None:
    """Returns the section, or None if no workload had rude clients."""
    reading = (
        "Shorter is better. The p99 of well-behaved clients beside rude ones, who never read, who"
        " dribble or who reset, over their p99 without: 1× says that rudeness costs them nothing."
    )
    return _section(measured, "Isolation", ISOLATION, reading)


def held_section(measured: Measured) -> Section | None:
    """Returns the section, or None if no workload holds its connections."""
    reading = (
        "Longer is better: how many clients are served at a time, averaged over the run, and with"
        " how many threads or processes."
    )
    return _section(measured, "Clients held at a time", HELD, reading, short="Held")


def _section(
    measured: Measured, heading: str, metric: Metric, reading: str, short: str = ""
) -> Section | None:
    points = [
        point
        for point in measured.points
        if any(measured.value(server, point, metric) for server in measured.servers)
    ]
    blocks = [_chart(measured, point, metric, reading) for point in points]
    return Section(heading, blocks, short) if blocks else None


def _chart(measured: Measured, point: Point, metric: Metric, reading: str) -> Block:
    sign = 1 if metric.less_is_better else -1
    values = {server: measured.value(server, point, metric) for server in measured.servers}
    order = sorted(
        values, key=lambda server: (values[server] is None, sign * (values[server] or 0))
    )
    known = [value for value in values.values() if value]
    axis = Axis("", metric.quantity, max(known) > WIDE * min(known))
    if axis.logarithmic:
        reading += " The axis is logarithmic."
    shown = [_bar(measured, server, point, metric) for server in order]
    return bars(point.heading, reading, axis, shown, _table(measured, order, point, metric))


def _bar(measured: Measured, server: str, point: Point, metric: Metric) -> Bar:
    entry = measured.entry(server, point)
    value = measured.value(server, point, metric)
    note = absence(entry)[0] if value is None else metric.written(value)
    if metric is HELD and value is not None:
        note += _crew(measured, server, point)
    return Bar(server, value, extremes(entry.get(metric.field)), note)


def _crew(measured: Measured, server: str, point: Point) -> str:
    """Returns who does the work, where it is more than one thread of one process."""
    for metric in (PROCESSES, THREADS):
        number = measured.value(server, point, metric)
        if number and number > 1:
            return f", {metric.written(number)} {metric.title}"
    return ""


def _table(measured: Measured, servers: list[str], point: Point, metric: Metric) -> Table:
    columns = [Column("server", numeric=False)]
    columns += [Column(one.title) for one in (metric, *PRICE)] + [Column("remark", numeric=False)]
    rows = [_row(measured, server, point, metric) for server in servers]
    return telling(Table(f"{metric.title}, {point.name}", columns, rows))


def _row(measured: Measured, server: str, point: Point, metric: Metric) -> list[Cell | str]:
    value = measured.value(server, point, metric)
    why, failed = absence(measured.entry(server, point)) if value is None else ("", False)
    price = [one.cell(measured.value(server, point, one)) for one in PRICE]
    return [server, metric.cell(value), *price, remark_cell(why, failed)]
