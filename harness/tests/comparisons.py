"""Made-up comparisons, for tests of what is concluded from measured ones."""

import dataclasses
import math
import random
from collections.abc import Mapping

from echolab.ranking import Record
from echolab.runs import Run
from echolab.workloads import Workload

COMMON_NOISE = 0.10  # of a round, the same for all its servers
OWN_NOISE = 0.03


def noise(generator: random.Random, deviation: float) -> float:
    return math.exp(generator.gauss(0, deviation))


def costs_of_rounds(
    true_costs: Mapping[str, float], rounds: int, generator: random.Random
) -> dict[str, dict[int, float]]:
    """Returns what a noisy machine measures, by server and round."""
    measured: dict[str, dict[int, float]] = {server: {} for server in true_costs}
    for round_number in range(1, rounds + 1):
        common = noise(generator, COMMON_NOISE)
        for server, cost in true_costs.items():
            measured[server][round_number] = cost * common * noise(generator, OWN_NOISE)
    return measured


def records(
    true_costs: Mapping[str, float],
    workload: Workload = Workload("busy", clients=(10,)),
    *,
    rounds: int = 6,
    field: str = "server_cpu_seconds_per_million_echoes",
    seed: int = 1,
    **fields,
) -> list[Record]:
    """Returns runs, as the JSON has them, in which `field` varies around the true costs."""
    measured = costs_of_rounds(true_costs, rounds, random.Random(seed))
    return [
        dataclasses.asdict(
            Run(server, workload.name, round_number, workload.clients[0], **{field: cost}, **fields)
        )
        for server, by_round in measured.items()
        for round_number, cost in by_round.items()
    ]


def as_record(workload: Workload) -> Record:
    return dataclasses.asdict(workload)
