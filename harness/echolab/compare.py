"""The compare command: builds, measures, prints, keeps."""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from echolab import baseline, report, results, tables
from echolab.comparison import Comparison, plan
from echolab.environment import environment
from echolab.errors import BadUsage
from echolab.interrupts import Interrupted, orderly_ending
from echolab.lineup import line_up, two_cores
from echolab.measurement import Cores, Step
from echolab.runs import Run
from echolab.syscalls import CallsAnEcho, as_list, count_calls, print_counts
from echolab.tracers import find_tracer
from echolab.ui import ComparisonProgress
from echolab.workloads import Workload, all_workloads, find_workload, with_compared


SEEDS = 2**32
SYSCALLS_CLIENTS = (1, 10)


@dataclass(frozen=True)
class Plan:
    """How a comparison is carried out, and what its result is held against."""

    rounds: int
    quick: bool = False
    pin: bool = False
    seed: int | None = None  # of the random order; None: a new one
    baseline: Path | None = None
    fail_if_worse: float | None = None  # share of the baseline's cost, such as 0.1
    syscalls: bool = False  # whether they are counted as well, in runs of their own


def compare(
    servers: Sequence[str],
    commands: Sequence[str],
    workload_names: Sequence[str],
    how: Plan,
    json_file: Path | None,
    report_file: Path | None,
    passed_on: Sequence[str],
    all_peers: bool = False,
) -> int:
    """Carries out a comparison and prints it; returns the exit status.

    The models get the options `passed_on`.
    """
    before = _baseline_of(how)
    workloads = [find_workload(name) for name in workload_names] or all_workloads()
    workloads = with_compared(workloads)
    rounds, seed = how.rounds, random.randrange(SEEDS) if how.seed is None else how.seed
    if how.quick:
        workloads, rounds = [workload.quick() for workload in workloads], 1
    cores = two_cores() if how.pin else Cores()
    with orderly_ending():
        tracer = find_tracer() if how.syscalls else None  # its absence is told before all else
        lineup = line_up(servers, commands, passed_on, all_peers)
        surroundings = environment(lineup.programs, cores, passed_on)
        if before:
            baseline.refuse_other_machine(before, surroundings)
        steps = list(plan(lineup.contenders, workloads, rounds, random.Random(seed)))
        runs, interruption = _carry_out(steps, rounds, lineup.loadgen, cores)
        counts: list[CallsAnEcho] = []
        if tracer and not interruption:
            interruption = count_calls(lineup, SYSCALLS_CLIENTS, tracer, counts)
        result = results.document(surroundings, workloads, runs, lineup.contenders, seed)
        result["syscalls"] = as_list(counts)
        worse = hold_against(before, result, how)
        _show(result, workloads, counts, json_file, report_file)
    for line in worse:
        print(f"lab: {line}", file=sys.stderr)
    if interruption:
        print(f"lab: {interruption}: the above is what was measured before", file=sys.stderr)
        return interruption.exit_status
    return 1 if worse or any(run.failed for run in runs) else 0


def _baseline_of(how: Plan) -> dict[str, Any] | None:
    if how.fail_if_worse is not None and not how.baseline:
        raise BadUsage("--fail-if-worse: worse than what? Give a --baseline FILE, too")
    return baseline.read(how.baseline, results.FORMAT) if how.baseline else None


def _carry_out(
    steps: Sequence[Step], rounds: int, loadgen: Path, cores: Cores
) -> tuple[list[Run], Interrupted | None]:
    """Returns what was measured, and what broke it off, if anything did."""
    with ComparisonProgress(len(steps), rounds) as progress:
        comparison = Comparison(loadgen, progress.after, cores)
        try:
            comparison.carry_out(steps, progress.before)
        except Interrupted as signal:
            return comparison.runs, signal
    return comparison.runs, None


def hold_against(before: dict[str, Any] | None, result: dict[str, Any], how: Plan) -> list[str]:
    """Adds the comparison with the baseline to a result; returns what is worse than allowed."""
    if not before:
        return []
    compared = baseline.compare(before, result)
    result["baseline"] = compared.as_dictionary(how.baseline, before)
    if how.fail_if_worse is None:
        return []
    return [
        f"{change.server} in {change.workload} ({change.clients}) is worse than"
        f" {100 * how.fail_if_worse:g} %: by {100 * (change.ratio.low - 1):.0f} % at least"
        for change in compared.worse_by(how.fail_if_worse)
    ]


def _show(
    result: dict[str, Any],
    workloads: Sequence[Workload],
    counts: Sequence[CallsAnEcho],
    json_file: Path | None,
    report_file: Path | None,
) -> None:
    console = tables.output_console()
    surroundings, summary, rankings = (
        result[key] for key in ("environment", "summary", "rankings")
    )
    tables.print_tables(console, workloads, summary, rankings)
    tables.show(console)
    for line in tables.remarks(summary, rankings):
        tables.show(console, Text(line))
    tables.show(console, Text(tables.placement(surroundings)))
    tables.show(console, Text(tables.how_it_was_taken(surroundings, summary)))
    tables.print_findings(console, result["findings"])
    if result["baseline"]:
        tables.print_baseline(console, result["baseline"])
    if counts:
        print_counts(console, counts)
    kept = results.keep(result)
    print(f"Results: {kept}")
    if json_file:
        results.write(result, json_file)
    report.leave(result, kept, report_file)
