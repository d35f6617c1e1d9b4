"""The compare command: builds, measures, prints, keeps."""

import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from echolab import report, results, tables
from echolab.build import build, left_out
from echolab.comparison import Comparison, plan
from echolab.contenders import Contender, choose, model_of, names_model
from echolab.environment import environment
from echolab.errors import LabError
from echolab.interrupts import Interrupted, orderly_ending
from echolab.measurement import Cores
from echolab.models import MODELS
from echolab.runs import Run
from echolab.ui import ComparisonProgress
from echolab.workloads import Workload, all_workloads, find_workload, with_compared


def compare(
    servers: Sequence[str],
    commands: Sequence[str],
    workload_names: Sequence[str],
    rounds: int,
    quick: bool,
    json_file: Path | None,
    report_file: Path | None,
    pin: bool,
    passed_on: Sequence[str],
) -> int:
    """Carries out a comparison and prints it; returns the exit status.

    The models get the options `passed_on`.
    """
    choose(servers, commands, Path())  # a mistyped name is told before a long build
    workloads = [find_workload(name) for name in workload_names] or all_workloads()
    workloads = with_compared(workloads)
    if quick:
        workloads, rounds = [workload.quick() for workload in workloads], 1
    cores = two_cores() if pin else Cores()
    raise_descriptor_limit()
    with orderly_ending():
        programs = build("release", ["loadgen", *_programs(servers)])
        surroundings = environment(programs, cores, passed_on)
        contenders = choose(servers, commands, programs, passed_on)
        steps = list(plan(_present_here(contenders, programs), workloads, rounds))
        interruption = None
        with ComparisonProgress(len(steps), rounds) as progress:
            comparison = Comparison(programs / "loadgen", progress.after, cores)
            try:
                comparison.carry_out(steps, progress.before)
            except Interrupted as signal:
                interruption = signal
        _show(surroundings, workloads, comparison.runs, json_file, report_file)
    if interruption:
        print(f"lab: {interruption}: the above is what was measured before", file=sys.stderr)
        return interruption.exit_status
    return 1 if any(run.failed for run in comparison.runs) else 0


def raise_descriptor_limit() -> None:
    """Lets every server have as many descriptors as the hard limit allows: getrlimit(2).

    Shells often set a soft limit of 1024, at which a comparison with more clients would end.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def two_cores() -> Cores:
    """Returns a processor for the server and another one for the load generator."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise LabError("--pin needs two processors, and this process may use one only")
    return Cores(server=available[0], load_generator=available[1])


def _programs(servers: Sequence[str]) -> list[str]:
    names = filter(names_model, servers) if servers else MODELS
    return [model_of(name)[0].program for name in names]


def _present_here(contenders: Sequence[Contender], programs: Path) -> list[Contender]:
    """Returns those that could be built on this machine, and names the others."""
    absent = left_out(programs)
    for contender in contenders:
        if reason := absent.get(Path(contender.command[0]).name):
            print(f"lab: {contender.name} is left out here: {reason}", file=sys.stderr)
    return [one for one in contenders if Path(one.command[0]).name not in absent]


def _show(
    surroundings: dict,
    workloads: Sequence[Workload],
    runs: Sequence[Run],
    json_file: Path | None,
    report_file: Path | None,
) -> None:
    result = results.document(surroundings, workloads, runs)
    console = tables.output_console()
    tables.print_tables(console, workloads, result["summary"])
    tables.show(console)
    for line in tables.remarks(result["summary"]):
        tables.show(console, Text(line))
    tables.show(console, Text(tables.how_it_was_taken(surroundings, result["summary"])))
    kept = results.keep(result)
    print(f"Results: {kept}")
    if json_file:
        results.write(result, json_file)
    report.leave(result, kept, report_file)
