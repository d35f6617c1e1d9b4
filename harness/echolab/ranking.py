"""Who is ahead of whom, and where the measurements do not say.

Works on the records of a result as its JSON has them (docs/results-format.md).
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from echolab.bootstrap import LEAST_ROUNDS, Interval, paired_ratio

Record = Mapping[str, Any]
Series = dict[int, float]  # a figure by round


@dataclass(frozen=True)
class Metric:
    """The figure by which the servers of a workload are ranked."""

    field: str  # of a run
    title: str
    more_is_better: bool = False

    def cost(self, run: Record) -> float | None:
        """Returns the figure such that less is better; None if there is none to compare."""
        value = run.get(self.field)
        if not value or value < 0:
            return None
        return 1 / value if self.more_is_better else value

    def median(self, costs: Iterable[float]) -> float:
        """Returns the median of the figures that costs stand for, as the summary has it."""
        return statistics.median(1 / cost if self.more_is_better else cost for cost in costs)


CPU = Metric("server_cpu_seconds_per_million_echoes", "CPU s/M")
HELD = Metric("effective_concurrency", "held at a time", more_is_better=True)
THROUGHPUT = Metric("echoes_per_second", "echoes/s", more_is_better=True)
TAIL = Metric("p99_us", "p99")
METRICS = {metric.field: metric for metric in (CPU, HELD, THROUGHPUT, TAIL)}
# How the reasons begin why a server has no rank.
VOID, DISTURBED, CLIENT_BOUND, FEW_ROUNDS = "void", "disturbed", "client-bound", "too few rounds"


def metric_of(workload: Record, server_options: Sequence[str] = ()) -> Metric:
    """Returns what a workload is there to show.

    CPU time an echo is the server's own, however fast its clients are. But it is not the point
    where clients hold their connections, where requests come at a fixed rate, or where each
    message takes its time.
    """
    if workload["churn"] and workload["think"] > 0:
        return HELD
    if workload.get("rate"):
        return TAIL
    return THROUGHPUT if "--service-time" in server_options else CPU


def rankings(
    workloads: Sequence[Record],
    runs: Sequence[Record],
    servers: Sequence[str],
    options: Sequence[str],
) -> list[dict[str, Any]]:
    """Returns one ranking for each workload and number of clients that has runs."""
    return [
        _ranking(workload, clients, metric_of(workload, options), group, servers)
        for workload in workloads
        for clients in workload["clients"]
        if (group := runs_at(runs, workload["name"], clients))
    ]


def runs_at(runs: Iterable[Record], workload: str, clients: int) -> list[Record]:
    """Returns the runs of one workload with one number of clients."""
    return [run for run in runs if (run["workload"], run["clients"]) == (workload, clients)]


def runs_of(runs: Iterable[Record], server: str) -> list[Record]:
    """Returns the runs of one server."""
    return [run for run in runs if run["server"] == server]


def counts(run: Record) -> bool:
    """Tells whether a run may be compared with others."""
    return not (run["void"] or run["disturbed"] or run["client_bound"])


def series(runs: Iterable[Record], metric: Metric) -> Series:
    """Returns the costs by round, of the runs that count."""
    costs = {run["round"]: metric.cost(run) for run in runs if counts(run)}
    return {round_number: cost for round_number, cost in costs.items() if cost is not None}


def ratio(over: Series, under: Series) -> Interval | None:
    """Returns over/under, paired by round; None if they share too few rounds."""
    shared = sorted(over.keys() & under.keys())
    return paired_ratio([over[r] for r in shared], [under[r] for r in shared])


def why_not_ranked(runs: Sequence[Record], metric: Metric) -> str | None:
    """Returns why a server's runs do not earn it a rank; None if they do.

    A single void run is enough: who gives a wrong answer in one round of six is not fast. A load
    generator that was late is no fault of the server, and only that run is lost.
    """
    voids = [run for run in runs if run["void"]]
    faults = [run for run in voids if not run.get("generator_late")]
    few = len(series(runs, metric)) < LEAST_ROUNDS
    if faults or (voids and few):
        return f"{VOID}: {[*faults, *voids][0]['void_reason']}"
    if not few:
        return None
    if len(runs) < LEAST_ROUNDS:
        return f"{FEW_ROUNDS}: {len(runs)} of the {LEAST_ROUNDS} that a rank needs"
    disturbed = [run for run in runs if run["disturbed"]]
    bound = [run for run in runs if run["client_bound"]]
    if disturbed and len(disturbed) >= len(bound):
        reason = disturbed[0]["disturbed_reason"]
        return f"{DISTURBED} in {len(disturbed)} of {len(runs)} rounds: {reason}"
    if bound:
        return f"{CLIENT_BOUND} in {len(bound)} of {len(runs)} rounds"
    return f"nothing was measured of {metric.title}"


def _ranking(
    workload: Record, clients: int, metric: Metric, runs: Sequence[Record], servers: Sequence[str]
) -> dict[str, Any]:
    earned: dict[str, Series] = {}
    unranked = []
    for server in servers:
        if own := runs_of(runs, server):
            reason = why_not_ranked(own, metric)
            if reason is None:
                earned[server] = series(own, metric)
            else:
                unranked.append({"server": server, "reason": reason})
    return {
        "workload": workload["name"],
        "clients": clients,
        "metric": metric.field,
        "ranked": ranked(earned, metric),
        "unranked": unranked,
    }


def ranked(earned: Mapping[str, Series], metric: Metric) -> list[dict[str, Any]]:
    """Returns the servers with their ranks, the best first, from their costs by round."""
    order = in_order(earned)
    entries: list[dict[str, Any]] = []
    rank = 1
    for place, server in enumerate(order, 1):
        following = order[place] if place < len(order) else None
        ahead = following and ratio(earned[following], earned[server])
        too_close = following is not None and (ahead is None or ahead.low <= 1)
        entries.append({
            "server": server,
            "rank": rank,
            "median": metric.median(earned[server].values()),
            "ratio_to_next": asdict(ahead) if ahead else None,
            "too_close_to_next": too_close,
        })  # fmt: skip
        rank = rank if too_close else place + 1
    return entries


def in_order(earned: Mapping[str, Series]) -> list[str]:
    """Returns the servers, cheapest first, by their mean logarithm.

    What a round did to all of its servers is taken out first, so that one which lacks a slow round
    gains nothing by that.
    """
    logarithms = {
        server: {r: math.log(cost) for r, cost in costs.items()} for server, costs in earned.items()
    }
    means = {server: statistics.fmean(own.values()) for server, own in logarithms.items()}
    effects: dict[int, list[float]] = {}
    for server, own in logarithms.items():
        for round_number, value in own.items():
            effects.setdefault(round_number, []).append(value - means[server])
    effect = {round_number: statistics.fmean(all_) for round_number, all_ in effects.items()}

    def place(server: str) -> float:
        return statistics.fmean(value - effect[r] for r, value in logarithms[server].items())

    return sorted(earned, key=place)
