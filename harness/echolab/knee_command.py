"""The knee command: searches for the highest rate that keeps a p99, and tells how it goes."""

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from echolab import quantities, results
from echolab.comparison import attempt
from echolab.contenders import Contender
from echolab.disturbance import Watch
from echolab.environment import environment
from echolab.errors import CannotRun, LabError
from echolab.interrupts import Interrupted, orderly_ending
from echolab.knee import REPEATS, Answer, Knee, Probe, Search, usual_probes
from echolab.lineup import line_up, two_cores
from echolab.measurement import Cores, Step
from echolab.runs import Run
from echolab.workloads import Workload

FORMAT = 1
LEAST_WINDOW_SECONDS = 1.0
P99S_A_WINDOW = 20  # in a shorter one a growing queue might not reach the limit
LEAST_REQUESTS = 500  # in a window: less than five of fewer would decide about their p99
OVERHEAD_SECONDS = 0.7  # of a run: starting the server, warming up, stopping
USUAL_KNEE = 50_000.0


def find_knee(
    server: str,
    commands: Sequence[str],
    p99_us: float,
    clients: int,
    message_bytes: int,
    start: float,
    pin: bool,
    json_file: Path | None,
) -> int:
    """Carries out the command `./lab knee`, and returns its exit status."""
    cores = two_cores() if pin else Cores()
    with orderly_ending():
        lineup = line_up([server], commands)
        contender = _the_one(server, lineup.contenders)
        surroundings = environment(lineup.programs, cores)
        window = window_seconds(p99_us, start)
        workload = Workload("knee", bytes=message_bytes, duration=window)
        _announce(contender, p99_us, clients, workload, start)
        step = Step(1, workload, clients, contender)
        ask = _asker(step, lineup.loadgen, cores, p99_us)
        search = Search(ask, _print_probe, LEAST_REQUESTS / window)
        try:
            knee, interruption = search.find(start), None
        except Interrupted as signal:
            knee, interruption = search.knee("interruption", str(signal)), signal
        print(verdict(contender.name, knee))
        if json_file:
            results.write(_document(surroundings, step, p99_us, knee), json_file)
    if interruption:
        print(f"lab: {interruption}", file=sys.stderr)
        return interruption.exit_status
    return 0


def window_seconds(p99_us: float, start: float) -> float:
    """Returns how long a run measures: long enough for the limit, and for the lowest rate."""
    return max(LEAST_WINDOW_SECONDS, P99S_A_WINDOW * p99_us / 1e6, LEAST_REQUESTS / start)


def _the_one(server: str, contenders: Sequence[Contender]) -> Contender:
    """Returns the contender that was asked for: every --server is in the line-up, too."""
    name = " ".join(shlex.split(server))
    for contender in contenders:
        if contender.name in (server, name):
            return contender
    raise CannotRun(f"{server} cannot be built here")


def _asker(
    step: Step, loadgen: Path, cores: Cores, p99_us: float
) -> Callable[[float], Answer]:
    watch = Watch(cores.pinned)

    def ask(rate: float) -> Answer:
        at_rate = replace(step, workload=replace(step.workload, rate=rate))
        return answer_of(attempt(at_rate, loadgen, cores, watch), p99_us)

    return ask


def answer_of(run: Run, p99_us: float) -> Answer:
    """Returns what a run says of its rate; raises LabError if the server is not fit to be asked."""
    if run.generator_late:
        return Answer(False, run.p99_us, run.owed or 0, void=run.void_reason)
    if run.void:
        advice = "" if run.failed else f": use fewer --clients than {run.clients}"
        raise LabError(f"{run.server}: {run.void_reason}{advice}")
    kept = run.p99_us <= p99_us and run.owed == 0
    if not kept and run.disturbed:
        return Answer(False, run.p99_us, run.owed, run.disturbed_reason, "machine")
    if not kept and run.client_bound:
        busy = f"the load generator was {run.client_busy:.0%} busy"
        return Answer(False, run.p99_us, run.owed, busy)
    return Answer(kept, run.p99_us, run.owed)


def _announce(
    contender: Contender, p99_us: float, clients: int, workload: Workload, start: float
) -> None:
    a_probe = REPEATS * (workload.duration + OVERHEAD_SECONDS)
    probes = usual_probes(start, USUAL_KNEE)
    print(
        f"{contender.name}: the highest rate with a p99 of {quantities.duration(p99_us)} from due"
        " times, and nothing owed"
    )
    print(
        f"{quantities.counted(clients, 'client')}, {quantities.counted(workload.bytes, 'byte')} a"
        f" request; {REPEATS} runs a rate take {a_probe:.0f} s, the search usually"
        f" {probes * a_probe:.0f} s",
        flush=True,
    )


def _print_probe(probe: Probe) -> None:
    p99s = "  ".join(quantities.duration(answer.p99_us) for answer in probe.answers)
    owed = sum(answer.owed for answer in probe.answers)
    debts = f"  {owed:,} never answered" if owed else ""
    kept = f"{probe.times_kept} of {len(probe.answers)} kept"
    print(f"{_rate(probe.rate):>14}  {kept}  p99 {p99s}{debts}", flush=True)


def verdict(server: str, knee: Knee) -> str:
    """Returns the knee and its spread in a sentence or two."""
    if knee.rate is None and not knee.reason:
        lowest = _rate(min(probe.rate for probe in knee.probes))
        return f"knee of {server}: none: not even {lowest} is kept; try a lower --start"
    if knee.rate is None:
        return f"knee of {server}: unknown: {knee.reason}"
    at_least = "" if knee.none_kept else "at least "
    every = f"every run kept {_rate(knee.all_kept)}" if knee.all_kept else "no rate in every run"
    none = f", none kept {_rate(knee.none_kept)}" if knee.none_kept else ""
    sentence = f"knee of {server}: {at_least}{_rate(knee.rate)} ({every}{none})"
    if knee.limited_by in ("generator", "machine"):
        sentence += f"\nthe {knee.limited_by}, not the server, was the limit: {knee.reason}"
    return sentence


def _rate(requests_a_second: float) -> str:
    return f"{requests_a_second:,.0f}/s"


def _document(surroundings: dict, step: Step, p99_us: float, knee: Knee) -> dict:
    return {
        "format": FORMAT,
        "environment": surroundings,
        "server": step.contender.name,
        "p99_limit_us": p99_us,
        "clients": step.clients,
        "bytes": step.workload.bytes,
        "window_seconds": step.workload.duration,
        "knee": asdict(knee),
    }
