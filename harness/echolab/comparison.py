"""The rounds of a comparison: which runs, in which order, and which are left out."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from echolab.contenders import Contender
from echolab.measurement import Cores, Step, measure
from echolab.runs import Run
from echolab.server_process import ServerCannotRun, ServerError
from echolab.workloads import Workload


def plan(
    contenders: Sequence[Contender], workloads: Sequence[Workload], rounds: int
) -> Iterator[Step]:
    """Yields every run, interleaved: A B C, A B C.

    What disturbs the machine for a while (its clock, another program) then disturbs all servers
    alike, instead of the one whose turn it is.
    """
    for round_number in range(1, rounds + 1):
        for workload in workloads:
            for clients in workload.clients:
                for contender in contenders:
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
        self._given_up: dict[str, str] = {}  # servers, and why
        self._settled: dict[tuple[str, str, int], str] = {}

    def carry_out(self, steps: Sequence[Step], before: Callable[[Step], None]) -> None:
        """Does every step; calls `before` ahead of each."""
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
            run = measure(step, self._loadgen, self._cores)
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


def outcome(run: Run) -> str:
    """Returns how a run went, in a few words."""
    if run.void:
        return ("FAILED: " if run.failed else "") + str(run.void_reason)
    return f"{run.echoes:,} echoes, {run.echoes_per_second:,.0f} a second"


def _key(step: Step) -> tuple[str, str, int]:
    return step.contender.name, step.workload.name, step.clients


def _void_run(step: Step, reason: str, failed: bool) -> Run:
    return Run(
        step.contender.name,
        step.workload.name,
        step.round,
        step.clients,
        void=True,
        void_reason=reason,
        failed=failed,
    )
