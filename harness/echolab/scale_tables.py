"""The cost of connections for people: what one more takes, and what all of them come to."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from echolab import quantities, tables
from echolab.gauge import Memory
from echolab.scale import Point

# The kernel's objects are counted for the whole machine, which never rests. They are shown if what
# others changed meanwhile is little beside them, or little in itself.
UNREST_SHARE = 0.1
UNREST_BYTES = 256  # a connection
SLOPE_TITLES = (
    "user", "page tables", "stacks", "objects", "together", "threads", "procs", "descr."
)  # fmt: skip
FEWEST_SILENT = 500  # fewer add less to an echo than two measurements of it differ


@dataclass(frozen=True)
class OneMore:
    """What one more connection took of a server, on average from one point to the next."""

    user_bytes: float
    page_table_bytes: float
    kernel_stack_bytes: float
    object_bytes: float | None  # None: the machine was too restless to tell
    threads: float
    processes: float
    descriptors: float

    @property
    def together_bytes(self) -> float | None:
        """All its memory; None without the kernel's objects."""
        if self.object_bytes is None:
            return None
        own = self.user_bytes + self.page_table_bytes + self.kernel_stack_bytes
        return own + self.object_bytes


def one_more(smaller: Point, larger: Point) -> OneMore:
    """Returns the slope between two points of a server."""
    more = larger.connections - smaller.connections
    return OneMore(
        (larger.memory.user_pss_bytes - smaller.memory.user_pss_bytes) / more,
        (larger.memory.page_table_bytes - smaller.memory.page_table_bytes) / more,
        (larger.memory.kernel_stack_bytes - smaller.memory.kernel_stack_bytes) / more,
        _objects_of_one_more(smaller.memory, larger.memory, more),
        (larger.threads - smaller.threads) / more,
        (larger.processes - smaller.processes) / more,
        (larger.descriptors - smaller.descriptors) / more,
    )


def _objects_of_one_more(smaller: Memory, larger: Memory, more: int) -> float | None:
    growth = larger.object_bytes - smaller.object_bytes
    unrest = larger.kernel_slab_unrest_bytes + smaller.kernel_slab_unrest_bytes
    return growth / more if _is_little(unrest, growth, more) else None


def objects_of_all(point: Point) -> int | None:
    """Returns the kernel's objects of a point; None if the machine was too restless to tell."""
    of_all = point.memory.object_bytes
    unrest = point.memory.kernel_slab_unrest_bytes
    return of_all if _is_little(unrest, of_all, point.connections) else None


def _is_little(unrest: int, objects_bytes: int, connections: int) -> bool:
    return unrest <= max(UNREST_BYTES * connections, UNREST_SHARE * objects_bytes)


def silent_ns(smaller: Point | None, larger: Point | None) -> float | None:
    """Returns what one more silent connection adds to an echo of the busy ones, in nanoseconds.

    None if the points are missing, or too near each other to tell.
    """
    if not smaller or not larger or larger.connections - smaller.connections < FEWEST_SILENT:
        return None
    before, after = (point.server_cpu_seconds_per_million_echoes for point in (smaller, larger))
    return (after - before) * 1000 / (larger.connections - smaller.connections)


@dataclass(frozen=True)
class Slope:
    """What one more connection takes of a server between two numbers of them."""

    server: str
    smaller: int
    larger: int
    one_more: OneMore


def slopes(points: Sequence[Point]) -> list[Slope]:
    """Returns the slopes between neighbouring sizes, all connections busy, small sizes first."""
    sizes = sorted({point.connections for point in points})
    found = []
    for low, high in zip(sizes, sizes[1:]):
        before = {point.server: point for point in _all_busy(points, low) if not point.void}
        after = [point for point in _all_busy(points, high) if not point.void]
        found += [
            Slope(point.server, low, high, one_more(before[point.server], point))
            for point in after
            if point.server in before
        ]
    return found


def slope_figures(cost: OneMore) -> list[tuple[float | None, Callable[[float], str]]]:
    """Returns the figures under SLOPE_TITLES, each with how it is shown; None: not known."""
    sizes = (
        cost.user_bytes,
        cost.page_table_bytes,
        cost.kernel_stack_bytes,
        cost.object_bytes,
        cost.together_bytes,
    )
    counts = (cost.threads, cost.processes, cost.descriptors)
    return [(size, quantities.size) for size in sizes] + [(count, _count) for count in counts]


def print_tables(console: Console, points: Sequence[Point]) -> None:
    """Prints what one more connection costs, and then what each size comes to."""
    sizes = sorted({point.connections for point in points})
    if found := slopes(points):
        _title(console, "One more connection", "what it takes, on average over each step")
        tables.show(console, _slopes_table(console.width, found))
    _title(console, "All of them", "memory without the kernel's objects; server CPU an echo")
    tables.show(console, _totals(console.width, points, sizes))


def _title(console: Console, name: str, what: str) -> None:
    tables.show(console)
    tables.show(console, Text.assemble((name, "bold"), f": {what}"))


def _all_busy(points: Sequence[Point], size: int) -> list[Point]:
    return [point for point in points if point.connections == size == point.busy]


def _few_busy(points: Sequence[Point], server: str, size: int) -> Point | None:
    """Returns the point with the fewest busy connections: at the least size that is all."""
    found = [one for one in points if (one.server, one.connections) == (server, size)]
    found = [one for one in found if not one.void]
    return min(found, key=lambda point: point.busy, default=None)


def _slopes_table(width: int, found: Sequence[Slope]) -> Table:
    table = tables.grid(width)
    table.add_column("server", no_wrap=True)
    for title in SLOPE_TITLES:
        table.add_column(title, justify="right", no_wrap=True)
    for step, group in itertools.groupby(found, lambda slope: (slope.smaller, slope.larger)):
        table.add_row(Text("from {:,} to {:,}".format(*step), style="italic"))
        for slope in group:
            figures = slope_figures(slope.one_more)
            table.add_row(slope.server, *(_or_nothing(show, value) for value, show in figures))
    return table


def _or_nothing(show: Callable[[float], str], value: float | None) -> str:
    return tables.NOTHING if value is None else show(value)


def _count(number: float) -> str:
    """Returns how many, of which a thousandth is nothing: a server has a few besides."""
    return f"{round(number, 2):g}"


def _totals(width: int, points: Sequence[Point], sizes: Sequence[int]) -> Table:
    table = tables.grid(width)
    table.add_column("server", no_wrap=True)
    # The first figure's place is also that of a note, which may be long.
    table.add_column("memory", justify="right")
    for title in ("threads", "procs", "descr.", "all busy", "10 busy", "a silent one"):
        table.add_column(title, justify="right", no_wrap=True)
    for size in sizes:
        table.add_row(Text(quantities.counted(size, "connection"), style="italic"))
        for point in _all_busy(points, size):
            few = _few_busy(points, point.server, size)
            first = _few_busy(points, point.server, sizes[0])
            table.add_row(point.server, *_total_cells(point, few, first))
    return table


def _total_cells(point: Point, few: Point | None, first: Point | None) -> list[str]:
    if point.void:
        return ["failed" if point.failed else point.void_reason]
    counts = (point.threads, point.processes, point.descriptors)
    few_cpu = few.server_cpu_seconds_per_million_echoes if few else None
    return [
        quantities.size(point.memory.own_bytes),
        *(f"{number:,}" for number in counts),
        _or_nothing(quantities.duration, point.server_cpu_seconds_per_million_echoes),
        _or_nothing(quantities.duration, few_cpu),
        _or_nothing(lambda ns: f"{round(ns, 1) + 0.0:.1f} ns", silent_ns(first, few)),
    ]


def how_it_was_taken(points: Sequence[Point]) -> str:
    """Returns what the columns of the tables mean, and their limits, in a few sentences."""
    return (
        f"{what_memory_is(points)} all busy, 10 busy: server CPU an echo. a silent one: what each"
        " adds to an echo of the 10 busy."
    )


def what_memory_is(points: Sequence[Point]) -> str:
    """Returns what the parts of the memory mean, and their limits, in a few sentences."""
    sources = {point.memory.kernel_slab_source for point in points if point.memory}
    if sources <= {"slabinfo"}:
        objects = (
            "the kernel's own, of sockets, epoll, threads and processes (/proc/slabinfo), of the"
            " whole machine less the load generator's end of each connection"
        )
    else:
        objects = (
            "the kernel's unreclaimable slab of the whole machine (/proc/meminfo), BOTH ends of"
            " each connection: root can tell them apart"
        )
    return (
        "user: PSS, a page that n processes share counted 1/n. stacks: the kernel's, 16 KiB a"
        f" thread. objects: {objects}; – where other programs changed too much of it meanwhile."
        " All connections have had an echo, nothing is under way."
    )
