"""What a comparison teaches, a sentence each: said only where its runs carry it."""

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from echolab.evidence import Evidence, Finding
from echolab.ranking import Record
from echolab.topics import TOPICS

MOST = 8
MOST_OF_A_TOPIC = 2


def findings(
    workloads: Sequence[Record],
    runs: Sequence[Record],
    servers: Sequence[str],
    models: Collection[str],
    options: Sequence[str],
) -> list[dict[str, Any]]:
    """Returns the most telling findings: of each topic the strongest, then the next ones."""
    evidence = Evidence(workloads, runs, servers, models, options)
    by_topic = [_strongest(topic(evidence)) for topic in TOPICS]
    chosen = [one for row in zip_longest(*by_topic) for one in row if one is not None]
    return [finding.as_dictionary() for finding in chosen[:MOST]]


def _strongest(found: Iterator[Finding]) -> list[Finding]:
    ordered = sorted(found, key=lambda finding: finding.ratio.low, reverse=True)
    said: dict[str, Finding] = {}
    for finding in ordered:
        said.setdefault(finding.servers[0], finding)  # once, though true of several points
    return list(said.values())[:MOST_OF_A_TOPIC]
