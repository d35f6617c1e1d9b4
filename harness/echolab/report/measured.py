"""What was measured, read from the JSON of a comparison as docs/results-format.md describes it.

Whatever an older or an interrupted comparison lacks is absent here, too, and never an error.
"""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from echolab.report.figures import CPU, HELD, Metric, median, metric_named

Entry = dict[str, Any]
PEER = " (peer)"


@dataclass(frozen=True)
class Point:
    """One workload with one number of clients: what servers are compared at."""

    workload: str
    clients: int
    parameters: Entry = field(compare=False, hash=False)

    @property
    def name(self) -> str:
        """A short name: the number of clients where the workload has several."""
        several = len(self.parameters.get("clients") or []) > 1
        return f"{self.workload} {self.clients}" if several else self.workload

    @property
    def heading(self) -> str:
        """The name, and what the clients do."""
        description = self.parameters.get("description")
        return f"{self.name}: {description}" if description else self.name

    @property
    def connections(self) -> int:
        """How many connections are open, the silent ones included."""
        return self.clients + (self.parameters.get("idle") or 0)

    @property
    def is_open_loop(self) -> bool:
        """Whether requests are due by a schedule, whatever the server does."""
        return bool(self.parameters.get("rate"))

    @property
    def holds_connections(self) -> bool:
        """Whether it asks how many clients are held at a time, rather than how fast."""
        return bool(self.parameters.get("churn") and self.parameters.get("think"))


class Measured:
    """The servers, the points, and the figures of each."""

    def __init__(self, document: Entry):
        document = _with_peers_named(document)
        self.environment: Entry = document.get("environment") or {}
        self.workloads: list[Entry] = document.get("workloads") or []
        self.runs: list[Entry] = document.get("runs") or []
        self.summary: list[Entry] = document.get("summary") or []
        self.findings: list[Entry] = document.get("findings") or []
        self.baseline: Entry = document.get("baseline") or {}
        self.commands: list[Entry] = [
            one for one in document.get("servers") or [] if one.get("command")
        ]
        self.seed: int | None = document.get("seed")
        self._rankings = {
            (one["workload"], one["clients"]): one for one in document.get("rankings") or []
        }
        self._entries = {_key(entry): entry for entry in self.summary}
        self._runs: dict[tuple, list[Entry]] = defaultdict(list)
        for run in self.runs:
            self._runs[_key(run)].append(run)
        self.servers: list[str] = list(dict.fromkeys(entry["server"] for entry in self.summary))
        self.points = self._points()

    def _points(self) -> list[Point]:
        parameters = {workload["name"]: workload for workload in self.workloads}
        order = list(parameters)
        found = dict.fromkeys((entry["workload"], entry["clients"]) for entry in self.summary)
        points = [Point(name, clients, parameters.get(name, {})) for name, clients in found]
        return sorted(points, key=lambda p: (p.workload in order and order.index(p.workload)))

    @property
    def rounds(self) -> int:
        """How many rounds the comparison had."""
        return max((run.get("round") or 1 for run in self.runs), default=0)

    def entry(self, server: str, point: Point) -> Entry:
        """Returns the summary of a server at a point; empty if there is none."""
        return self._entries.get((server, point.workload, point.clients), {})

    def ranking(self, point: Point) -> Entry | None:
        """Returns the ranking at a point, if the comparison carries one."""
        return self._rankings.get((point.workload, point.clients))

    def ranked(self, point: Point) -> list[str]:
        """Returns the servers that have a rank at a point, the best first."""
        return [one["server"] for one in (self.ranking(point) or {}).get("ranked") or []]

    def metric(self, point: Point) -> Metric:
        """Returns what servers are compared by at a point."""
        ranking = self.ranking(point)
        if ranking and ranking.get("metric"):
            return metric_named(ranking["metric"])
        return HELD if point.holds_connections else CPU

    def value(self, server: str, point: Point, metric: Metric) -> float | None:
        """Returns the median of a server's figure at a point; nothing takes nothing, so that a 0
        is a figure that could not be measured."""
        return median(self.entry(server, point).get(metric.field)) or None

    def median_run(self, server: str, point: Point) -> Entry | None:
        """Returns the run in the middle: of those that count, the one with the median p99.

        Of an even number the better one of the middle two: a curve is always one that happened,
        never a mixture of several.
        """
        runs = [
            run
            for run in self._runs[server, point.workload, point.clients]
            if not run.get("void") and run.get("p99_us") is not None
        ]
        if not runs:
            return None
        middle = statistics.median_low(run["p99_us"] for run in runs)
        return next(run for run in runs if run["p99_us"] == middle)


def _with_peers_named(document: Entry) -> Entry:
    """Returns the result with peers marked wherever a list names its server."""
    peers = {run["server"] for run in document.get("runs") or [] if run.get("peer")}

    def marked(part: Any) -> Any:
        if isinstance(part, list):
            return [marked(one) for one in part]
        if not isinstance(part, dict):
            return part
        server = part.get("server")
        changed = {"server": f"{server}{PEER}"} if server in peers else {}
        return {key: marked(value) for key, value in part.items()} | changed

    parts = ("runs", "summary", "rankings", "baseline", "servers")
    return {**document, **{name: marked(document.get(name)) for name in parts}}


def _key(entry: Entry) -> tuple:
    return entry["server"], entry["workload"], entry["clients"]


def absence(entry: Entry) -> tuple[str, bool]:
    """Returns why a server has no figure, and whether that is a failure."""
    if not entry:
        return "not measured", False
    note = entry.get("note") or "not measured"
    if entry.get("failed"):
        return f"failed: {note}", True
    return note, False
