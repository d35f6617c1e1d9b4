"""What the runs of a comparison allow to be said: ratios, and only those that are certain."""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from echolab import ranking
from echolab.bootstrap import Interval
from echolab.models import kind_of
from echolab.ranking import Metric, Record, Series

WORTH_TELLING = 1.2  # the least ratio, at the interval's near end


@dataclass(frozen=True)
class Point:
    """What is compared between servers: a workload with a number of clients."""

    workload: Record
    clients: int

    @property
    def connections(self) -> int:
        """How many connections are open at a time."""
        return self.clients + self.workload["idle"]

    @property
    def is_busy(self) -> bool:
        """Tells whether it is about echoes alone: all clients stay, and each waits for nothing."""
        return not any(self.workload.get(key) for key in ("idle", "churn", "think", "rate", *RUDE))


RUDE = ("slow_readers", "dribble", "resets_per_second")  # keys of a workload


@dataclass(frozen=True)
class Evidence:
    """The records of a comparison, and the ratios in them."""

    workloads: Sequence[Record]
    runs: Sequence[Record]
    servers: Sequence[str]
    models: Collection[str]  # those of the servers that are the kit's
    options: Sequence[str]  # that all models were run with

    @cached_property
    def points(self) -> list[Point]:
        """All points, in the order of the comparison."""
        return [Point(one, clients) for one in self.workloads for clients in one["clients"]]

    def kind(self, server: str) -> str | None:
        """Returns what is known of how a server works; None of a stranger's."""
        return kind_of(server) if server in self.models else None

    def series(self, server: str, point: Point, metric: Metric) -> Series:
        """Returns the figures, as costs by round, of the runs that count."""
        runs = ranking.runs_at(self.runs, point.workload["name"], point.clients)
        return ranking.series(ranking.runs_of(runs, server), metric)

    def ordered(self, point: Point, metric: Metric, among: Collection[str]) -> list[str]:
        """Returns the servers with enough rounds at a point, the cheapest first."""
        found = {server: self.series(server, point, metric) for server in among}
        enough = {
            server: own for server, own in found.items() if len(own) >= ranking.LEAST_ROUNDS
        }
        return ranking.in_order(enough)

    def ratio(self, server: str, reference: str, point: Point, metric: Metric) -> Interval | None:
        """Returns how many times the cost of the reference a server has, if that is certain."""
        over, under = (self.series(one, point, metric) for one in (server, reference))
        return certain(ranking.ratio(over, under))

    def change(
        self, server: str, point: Point, without: Point, metric: Metric
    ) -> Interval | None:
        """Returns how many times the cost at `without` a server has at `point`, if certain."""
        over, under = (self.series(server, place, metric) for place in (point, without))
        return certain(ranking.ratio(over, under))

    def twin(self, point: Point, keys: Sequence[str]) -> Point | None:
        """Returns the point that is the same without what `keys` add, if it was measured."""
        ignored = {"name", "description", "clients", "compared_with", *keys}

        def rest(workload: Record) -> dict[str, Any]:
            return {key: value for key, value in workload.items() if key not in ignored}

        for other in self.points:
            plain = not any(other.workload.get(key) for key in keys)
            same = other.clients == point.clients and rest(other.workload) == rest(point.workload)
            if plain and same:
                return other
        return None


def certain(ratio: Interval | None) -> Interval | None:
    """Returns a ratio that is known to be worth a sentence, else None."""
    return ratio if ratio and ratio.low >= WORTH_TELLING else None


@dataclass(frozen=True)
class Finding:
    """One sentence, and what it rests on."""

    text: str
    point: Point
    servers: tuple[str, ...]
    ratio: Interval

    def as_dictionary(self) -> dict[str, Any]:
        """Returns it in the form for JSON."""
        return {
            "text": self.text,
            "workload": self.point.workload["name"],
            "clients": self.point.clients,
            "servers": list(self.servers),
            "ratio": dataclasses.asdict(self.ratio),
        }


Topic = Callable[[Evidence], Iterator[Finding]]
