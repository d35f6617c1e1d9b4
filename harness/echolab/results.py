"""Results as JSON, for other programs. docs/results-format.md documents every field."""

import dataclasses
import datetime
import json
import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from echolab.contenders import Contender
from echolab.errors import LabError
from echolab.findings import findings
from echolab.models import ROOT
from echolab.ranking import rankings
from echolab.runs import SUMMARIZED, Run
from echolab.workloads import Workload

FORMAT = 2


def document(
    environment: dict[str, Any],
    workloads: Sequence[Workload],
    runs: Sequence[Run],
    contenders: Sequence[Contender] = (),
    seed: int | None = None,
) -> dict[str, Any]:
    """Returns the whole result of a comparison.

    The servers stand in the order of `contenders`, whichever ran first.
    """
    kinds = [dataclasses.asdict(workload) for workload in workloads]
    records = [dataclasses.asdict(run) for run in runs]
    servers = list(dict.fromkeys([one.name for one in contenders] + [run.server for run in runs]))
    models = {one.name for one in contenders if one.is_model}
    options = environment["server_options"]
    return {
        "format": FORMAT,
        "environment": environment,
        "seed": seed,
        "servers": [_server(contender) for contender in contenders],
        "workloads": kinds,
        "rankings": rankings(kinds, records, servers, options),
        "findings": findings(kinds, records, servers, models, options),
        "baseline": None,
        "syscalls": [],
        "summary": summarize(
            sorted(runs, key=lambda run: servers.index(run.server)), workloads
        ),
        "runs": records,
    }


def _server(contender: Contender) -> dict[str, Any]:
    command = list(contender.command)
    return {"server": contender.name, "model": contender.is_model, "command": command}


def summarize(runs: Sequence[Run], workloads: Iterable[Workload] = ()) -> list[dict[str, Any]]:
    """Returns one entry for each server, workload and number of clients, in the order of the runs.

    Void runs count for nothing but their note, disturbed ones only where there are no others. With
    the workloads, an entry has the `isolation` from the rude clients of a workload that names
    another one to compare with.
    """
    compared_with = {workload.name: workload.compared_with for workload in workloads}
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        groups.setdefault((run.workload, run.clients, run.server), []).append(run)
    entries = []
    for (workload, clients, server), group in groups.items():
        without = groups.get((compared_with.get(workload), clients, server), [])
        entries.append(_summary(group) | {"isolation": isolation(group, without)})
    return entries


def isolation(with_rude: Sequence[Run], without: Sequence[Run]) -> dict[str, float] | None:
    """Returns by what rude clients multiply the p99 of the others, in the same round each."""
    alone = {run.round: run.p99_us for run in _shown(without)}
    return _spread(
        run.p99_us / alone[run.round]
        for run in _shown(with_rude)
        if run.p99_us and alone.get(run.round)
    )


def _shown(runs: Sequence[Run]) -> list[Run]:
    """Returns the runs of which figures are shown."""
    valid = [run for run in runs if not run.void]
    return [run for run in valid if not run.disturbed] or valid


def _summary(runs: Sequence[Run]) -> dict[str, Any]:
    valid = [run for run in runs if not run.void]
    disturbed = [run for run in valid if run.disturbed]
    shown = _shown(runs)
    entry: dict[str, Any] = {
        "server": runs[0].server,
        "workload": runs[0].workload,
        "clients": runs[0].clients,
        "peer": runs[0].peer,
        "rounds": len(shown),
        "void_rounds": len(runs) - len(valid),
        "disturbed_rounds": len(disturbed),
        "failed": any(run.failed for run in runs),
        "client_bound": any(run.client_bound for run in shown),
        "disturbed": any(run.disturbed for run in shown),
        "generator_late": any(run.generator_late for run in runs),
        "note": next((run.void_reason for run in runs if run.void), None),
    }
    for field in SUMMARIZED:
        entry[field] = _spread([getattr(run, field) for run in shown])
    return entry


def _spread(values: Iterable[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def keep(result: dict[str, Any]) -> Path:
    """Writes a result to a new file of results/ and returns its path."""
    directory = Path(os.environ.get("ECHOLAB_RESULTS", ROOT / "results"))
    moment = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    path = directory / f"{moment}.json"
    number = 2
    while path.exists():
        path = directory / f"{moment}-{number}.json"
        number += 1
    write(result, path)
    return path


def write(result: dict[str, Any], path: Path) -> None:
    """Writes a result to `path`; raises LabError if that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=2) + "\n")
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
