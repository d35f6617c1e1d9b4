"""What connections cost, from ten to thousands: memory, threads, descriptors, CPU an echo."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from echolab import limits, quantities
from echolab.comparison import attempt
from echolab.contenders import Contender
from echolab.gauge import Gauge, Memory
from echolab.measurement import Cores, Step
from echolab.runs import Run
from echolab.workloads import Workload

LOAD = Workload("scale")
FEW_BUSY = 10


@dataclass(frozen=True)
class Point:
    """One server with so many connections, of which `busy` ones send all the time."""

    server: str
    connections: int
    busy: int
    memory: Memory | None = None
    threads: int | None = None
    processes: int | None = None
    descriptors: int | None = None
    echoes: int = 0
    server_cpu_seconds_per_million_echoes: float | None = None
    void: bool = False
    void_reason: str | None = None
    failed: bool = False


def sizes(most: int) -> list[int]:
    """Returns the numbers of connections that are tried: decades, and `most` itself."""
    decades = [10**exponent for exponent in range(1, 7)]
    return [*(size for size in decades if size < most), most]


class Scaling:
    """Measures servers at growing sizes. `points` grows as it goes: an interrupted one counts."""

    def __init__(self, loadgen: Path, cores: Cores = Cores()):
        self.points: list[Point] = []
        self.remarks: list[str] = []  # who was not tried with how many, and why
        self._loadgen = loadgen
        self._cores = cores
        self._ended: set[str] = set()

    def steps(
        self, contenders: Sequence[Contender], most: int
    ) -> Iterator[tuple[Contender, int, int]]:
        """Yields server, connections, busy ones: all servers at one size, then at the next."""
        for size in sizes(most):
            for contender in contenders:
                for busy in dict.fromkeys((size, min(size, FEW_BUSY))):
                    if contender.name not in self._ended:
                        yield contender, size, busy

    def measure(self, contender: Contender, connections: int, busy: int) -> str:
        """Adds a point, or says why the machine has no room; returns the outcome in few words."""
        earlier = [one for one in self.points if one.server == contender.name and one.memory]
        if obstacle := forecast_obstacle(earlier, connections, limits.room()):
            self._ended.add(contender.name)
            self.remarks.append(f"{contender.name}: {connections:,} connections {obstacle}")
            return f"not tried: {obstacle}"
        point = self._point(contender, connections, busy)
        self.points.append(point)
        if point.void:
            self._ended.add(contender.name)
            return ("FAILED: " if point.failed else "") + str(point.void_reason)
        return f"{quantities.size(point.memory.total_bytes)}, {point.echoes:,} echoes"

    def _point(self, contender: Contender, connections: int, busy: int) -> Point:
        gauges: list[Gauge] = []

        def gauge(tree: Callable[[], list[int]]) -> Gauge:
            gauges.append(Gauge(tree, connections))
            return gauges[-1]

        workload = replace(LOAD, idle=connections - busy)
        step = Step(1, workload, busy, contender)
        run = attempt(step, self._loadgen, self._cores, accountant=gauge)
        return _point_of(run, connections, gauges[-1].memory if gauges else None)


def _point_of(run: Run, connections: int, memory: Memory | None) -> Point:
    if run.void:
        return Point(
            run.server,
            connections,
            run.clients,
            void=True,
            void_reason=run.void_reason,
            failed=run.failed,
        )
    return Point(
        run.server,
        connections,
        run.clients,
        memory,
        run.threads,
        run.processes,
        run.descriptors,
        run.driven_echoes,
        run.server_cpu_seconds_per_million_echoes,
    )


def forecast_obstacle(
    earlier: Sequence[Point], connections: int, room: limits.Room
) -> str | None:
    """Returns why a server with so many connections would not fit, judged by its earlier points.

    What it takes is assumed to grow as it did up to its largest point, from nothing.
    """
    if not earlier:
        return None
    largest = max(earlier, key=lambda point: point.connections)
    growth = connections / largest.connections
    if growth <= 1:
        return None
    return room.obstacle(largest.memory.total_bytes * growth, largest.threads * growth)


def document(environment: dict, points: Sequence[Point], remarks: Sequence[str]) -> dict:
    """Returns the whole result in the form for JSON: docs/results-format.md."""
    return {
        "format": 1,
        "environment": environment,
        "points": [asdict(point) for point in points],
        "remarks": list(remarks),
    }
