"""The rounds of a comparison: which runs, in which order, and which are left out."""

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from echolab.accounting import Accountant
from echolab.contenders import Contender
from echolab.disturbance import Watch
from echolab.measurement import Cores, NewAccountant, Step, measure, new_run
from echolab.runs import Run
from echolab.server_process import ServerCannotRun, ServerError
from echolab.workloads import Workload


ATTEMPTS = 3  # of a run that others disturb
# A machine that is busy all the time does not get better by waiting: the whole would take thrice
# as long, and end no better.
REPEATS_SHARE = 0.25


def plan(
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    rounds: int,
    generator: random.Random,
) -> Iterator[Step]:
    """Yields every run, round by round; in each one a new order drawn from `generator`.

    What disturbs the machine for a while (its clock, another program) then disturbs all servers
    alike, instead of the one whose turn it is; and what a server leaves behind (warm caches,
    ports in TIME_WAIT) is not always left to the same one. All servers of a workload and a number
    of clients still run one after the other: they are compared.
    """
    points = [(workload, clients) for workload in workloads for clients in workload.clients]
    for round_number in range(1, rounds + 1):
        for workload, clients in generator.sample(points, len(points)):
            for contender in generator.sample(contenders, len(contenders)):
                yield Step(round_number, workload, clients, contender)


class Comparison:
    """Carries out a plan. `runs` grows as it goes, so that an interrupted one keeps its part."""

    def __init__(
        self, loadgen: Path, report: Callable[[Step, str], None], cores: Cores = Cores()
    ):
        """`report` is told of every step and, in a few words, how it went."""
        self.runs: list[Run] = []
        self._loadgen = loadgen
        self._report = report
        self._cores = cores
        self._watch = Watch(cores.pinned)
        self._repeats_left = 0
        self._given_up: dict[str, str] = {}  # servers, and why
        self._settled: dict[tuple[str, str, int], str] = {}

    def carry_out(self, steps: Sequence[Step], before: Callable[[Step], None]) -> None:
        """Does every step; calls `before` ahead of each."""
        self._repeats_left = ATTEMPTS - 1 + int(len(steps) * REPEATS_SHARE)
        for step in steps:
            before(step)
            reason = self._reason_to_skip(step)
            if reason:
                self._report(step, f"skipped: {reason}")
            else:
                self._measure(step)

    def _reason_to_skip(self, step: Step) -> str | None:
        return self._given_up.get(step.contender.name) or self._settled.get(_key(step))

    def _measure(self, step: Step) -> None:
        try:
            run = self._measure_undisturbed(step)
        except ServerCannotRun as error:
            self._given_up[step.contender.name] = str(error)
            run = _void_run(step, str(error), failed=False)
        except ServerError as error:
            # It will not start the next time either, and each attempt may take seconds.
            self._given_up[step.contender.name] = "the server failed before"
            run = _void_run(step, str(error), failed=True)
        self.runs.append(run)
        if run.void and not run.failed and not run.generator_late:
            self._settled[_key(step)] = run.void_reason
        self._report(step, outcome(run))

    def _measure_undisturbed(self, step: Step) -> Run:
        """Repeats a run that was disturbed, or whose load generator was late.

        Another void run stands: noise excuses no wrong answer.
        """
        for attempt in range(1, ATTEMPTS + 1):
            run = measure(step, self._loadgen, self._cores, self._watch)
            run.attempt = attempt
            spoilt = run.generator_late or (run.disturbed and not run.void)
            if not spoilt or attempt == ATTEMPTS or not self._repeats_left:
                break
            self._repeats_left -= 1
        return run


def attempt(
    step: Step,
    loadgen: Path,
    cores: Cores,
    watch: Watch | None = None,
    accountant: NewAccountant = Accountant,
) -> Run:
    """Does one run as `measure` does; where there is nothing to measure, it is void."""
    try:
        return measure(step, loadgen, cores, watch, accountant)
    except ServerCannotRun as error:
        return _void_run(step, str(error), failed=False)
    except ServerError as error:
        return _void_run(step, str(error), failed=True)


def outcome(run: Run) -> str:
    """Returns how a run went, in a few words."""
    if run.void:
        return ("FAILED: " if run.failed else "") + str(run.void_reason)
    speed = f"{run.echoes:,} echoes, {run.echoes_per_second:,.0f} a second"
    return f"{speed}; disturbed: {run.disturbed_reason}" if run.disturbed else speed


def _key(step: Step) -> tuple[str, str, int]:
    return step.contender.name, step.workload.name, step.clients


def _void_run(step: Step, reason: str, failed: bool) -> Run:
    return dataclasses.replace(new_run(step), void=True, void_reason=reason, failed=failed)
