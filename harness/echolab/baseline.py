"""Compares a result with an earlier one: better, worse, or too close to call."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from echolab import ranking
from echolab.bootstrap import Interval, unpaired_ratio
from echolab.errors import BadUsage
from echolab.ranking import Metric, Record, metric_of

# What must be the same, or every figure differs for a reason that is not the servers'.
SAME_MACHINE = {
    "cpu": "the processor",
    "cores": "the number of processors",
    "virtualization": "the virtualisation",
    "pinning": "the pinning",
    "server_options": "the options of the models",
}
# What may be the very thing that is compared, and has to be told.
TOLD = {
    "kernel": "kernel",
    "build": "build",
    "cpu_governor": "governor",
    "turbo": "turbo",
    "congestion_control": "congestion control",
}
PARTS = {"format", "environment", "workloads", "runs"}  # of a result, that are read here
DRIFT = 1.1  # when everything together changed by more, it is the machine that did
DRIFT_SERVERS = 3  # of so few one cannot tell

BETTER, WORSE, TOO_CLOSE = "better", "worse", "too close"


@dataclass(frozen=True)
class Change:
    """What became of one server at one point. `ratio` is the cost now over the cost before."""

    server: str
    workload: str
    clients: int
    metric: str
    before: float
    now: float
    ratio: Interval

    @property
    def verdict(self) -> str:
        """BETTER, WORSE or TOO_CLOSE."""
        if self.ratio.spans_one:
            return TOO_CLOSE
        return WORSE if self.ratio.low > 1 else BETTER


@dataclass(frozen=True)
class Differences:
    """All changes, and in a line each what could not be compared."""

    changes: list[Change]
    remarks: list[str]

    def worse_by(self, share: float) -> list[Change]:
        """Returns those that are certainly worse by more than a share, such as 0.1."""
        return [change for change in self.changes if change.ratio.low > 1 + share]

    def as_dictionary(self, file: Path, before: Record) -> dict[str, Any]:
        """Returns it in the form for JSON."""
        changes = [{**asdict(change), "verdict": change.verdict} for change in self.changes]
        return {
            "file": str(file),
            "date": before["environment"]["date"],
            "commit": before["environment"]["commit"],
            "changes": changes,
            "remarks": self.remarks,
        }


def read(path: Path, version: int) -> dict[str, Any]:
    """Reads an earlier result; raises BadUsage if it is none of this version of the format."""
    try:
        result = json.loads(path.read_text())
    except OSError as error:
        raise BadUsage(f"cannot read baseline {path}: {error.strerror}") from None
    except ValueError:
        raise BadUsage(f"baseline {path}: is not JSON") from None
    if not isinstance(result, dict) or not PARTS <= result.keys():
        raise BadUsage(f"baseline {path}: is not a result of ./lab compare")
    if result["format"] != version:
        raise BadUsage(
            f"baseline {path}: has format {result['format']}, this ./lab reads {version}:"
            " take the baseline anew"
        )
    return result


def refuse_other_machine(before: Record, environment: Record) -> None:
    """Raises BadUsage if a baseline was taken where its figures mean something else."""
    was = before["environment"]
    for key, name in SAME_MACHINE.items():
        if was.get(key) != environment[key]:
            raise BadUsage(
                f"--baseline: {name} differs: {_shown(was.get(key))} then,"
                f" {_shown(environment[key])} now: compare on equal terms, or take it anew"
            )


def compare(before: Record, now: Record) -> Differences:
    """Compares two results, figure by figure, of the runs that count."""
    changes, remarks = [], _different_surroundings(before, now)
    parameters = {workload["name"]: workload for workload in before["workloads"]}
    for workload in now["workloads"]:
        was = parameters.get(workload["name"])
        if was is None or _what_clients_do(was) != _what_clients_do(workload):
            why = "not in the baseline" if was is None else "has other parameters there"
            remarks.append(f"{workload['name']} is not compared: {why}")
            continue
        for clients in workload["clients"]:
            some, without = _changes(before, now, workload, clients)
            changes += some
            remarks += without
    return Differences(changes, remarks + _drift(changes))


def _what_clients_do(workload: Record) -> dict[str, Any]:
    told_elsewhere = ("description", "clients")
    return {key: value for key, value in workload.items() if key not in told_elsewhere}


def _different_surroundings(before: Record, now: Record) -> list[str]:
    was, is_ = before["environment"], now["environment"]
    return [
        f"The {name} differs: {_shown(was.get(key))} then, {_shown(is_.get(key))} now"
        for key, name in TOLD.items()
        if was.get(key) != is_.get(key)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items() if one not in ("", {}))
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _changes(
    before: Record, now: Record, workload: Record, clients: int
) -> tuple[list[Change], list[str]]:
    metric = metric_of(workload, now["environment"]["server_options"])
    then_runs, now_runs = (
        ranking.runs_at(result["runs"], workload["name"], clients) for result in (before, now)
    )
    changes, missing = [], []
    for server in dict.fromkeys(run["server"] for run in now_runs):
        then, current = (ranking.runs_of(runs, server) for runs in (then_runs, now_runs))
        if why := _why_not_compared(then, current, metric):
            missing.append(f"{server} ({why})")
        else:
            costs = [list(ranking.series(runs, metric).values()) for runs in (then, current)]
            middles = [metric.median(values) for values in costs]
            ratio = unpaired_ratio(costs[1], costs[0])
            changes.append(
                Change(server, workload["name"], clients, metric.field, *middles, ratio)
            )
    where = f"In {workload['name']} ({clients}) are not compared"
    return changes, [f"{where}: {', '.join(missing)}"] if missing else []


def _why_not_compared(
    then: Sequence[Record], now: Sequence[Record], metric: Metric
) -> str | None:
    if not then:
        return "not in the baseline"
    before, after = (ranking.why_not_ranked(runs, metric) for runs in (then, now))
    if before and before == after:
        return f"now as then {after}"
    return f"now {after}" if after else before and f"then {before}"


def _drift(changes: Sequence[Change]) -> list[str]:
    """Says so if all went the same way: then it is the machine, and no server."""
    if len({change.server for change in changes}) < DRIFT_SERVERS:
        return []
    middle = statistics.median(change.ratio.median for change in changes)
    if 1 / DRIFT < middle < DRIFT:
        return []
    return [
        f"All servers together cost {middle:.2f} times what they did: that is the machine's doing;"
        " take the baseline anew, at the same time of day and load"
    ]
