"""Carries out the checks of a submission, and once more, alone, what has failed."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from echolab.check import reports
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import Check, all_checks, chosen
from echolab.check.runner import run_checks
from echolab.check.specimen import Command
from echolab.check.trial import Facts
from echolab.check.verdict import Examination
from echolab.grading.confinement import Confinement

AGAINST = (Verdict.FAIL, Verdict.NON_STRICT)
UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.SKIPPED)
MESSAGE_CHARACTERS = 2000
PASSES_TO_ACQUIT = 2  # alone, of a check that has failed beside others


@dataclasses.dataclass(frozen=True)
class ConfinedCommand(Command):
    """A server's command whose processes are kept in their limits, each check's as another user."""

    confinement: Confinement
    user: int | None = None

    def of_check(self, check_id: str) -> "ConfinedCommand":
        """Returns the command for the check's own user."""
        return dataclasses.replace(self, user=user_of(check_id, self.confinement))

    def with_port(self, port: int) -> list[str]:
        """Returns the words for one port, behind those that confine them."""
        return [*self.confinement.words(self.user), *super().with_port(port)]


def user_of(check_id: str, confinement: Confinement) -> int | None:
    """Returns the user that runs the servers of a check; the one before the first builds."""
    ids = [check.id for check in all_checks()]
    return confinement.user(1 + ids.index(check_id))


class Checker:
    """Carries out all checks of a request; says each outcome as soon as it is there."""

    def __init__(
        self,
        request: dict[str, Any],
        words: Sequence[str],
        confinement: Confinement,
        say: Callable[[dict[str, Any]], None],
        variant: Any = None,
    ):
        self._service: str = request["service"]
        self._jobs: int = request["jobs"]
        self._command = ConfinedCommand(tuple(words), confinement)
        self._confinement = confinement
        self._limits = confinement.limits
        self._say = say
        self._claim = Facts(claimed_model=request["model"], framing="line", variant=variant)
        self._checks = chosen(request["only"], self._service)

    def run(self) -> None:
        """Carries them out, and says the diagnoses."""
        outcomes = self._run(self._checks, self._claim, self._jobs)
        if self._acquitted_of_basic(outcomes):
            outcomes = self._run(self._checks, self._claim, self._jobs)
        self._say_diagnoses(outcomes)  # in case that there is no time for what follows
        for number, check in enumerate(self._checks):
            if outcomes[number].verdict in AGAINST:
                outcomes[number] = self._again(check, outcomes[number], outcomes)
        self._say_diagnoses(outcomes)

    def _say_diagnoses(self, outcomes: Sequence[Outcome]) -> None:
        examination = Examination("", self._checks, outcomes)
        self._say({"diagnoses": reports.as_dictionary(examination)["diagnoses"]})

    def _run(self, checks: Sequence[Check], known: Facts, jobs: int) -> list[Outcome]:
        return run_checks(
            checks,
            self._command,
            known=known,
            service=self._service,
            jobs=jobs,
            on_outcome=self._take,
        )

    def _take(self, check: Check, outcome: Outcome) -> None:
        user = user_of(check.id, self._confinement)
        if outcome.verdict in UNDECIDED and self._confinement.is_at_limit(user):
            outcome.verdict = Verdict.FAIL
            outcome.message = f"it took all {self._limits.processes} processes that it may have"
        self._confinement.sweep(user)
        self._say(
            {
                "check": {
                    "id": check.id,
                    "verdict": outcome.verdict.value,
                    "message": outcome.message[:MESSAGE_CHARACTERS],
                    "seconds": round(outcome.seconds, 3),
                }
            }
        )

    def _acquitted_of_basic(self, outcomes: Sequence[Outcome]) -> bool:
        """Tells whether a basic check failed, and all that did pass now: then all is to be done."""
        failed = [
            check
            for check, outcome in zip(self._checks, outcomes)
            if check.is_basic and outcome.verdict is Verdict.FAIL
        ]
        again = [self._run([check], self._claim, 1)[0] for check in failed]
        return bool(failed) and all(outcome.verdict not in AGAINST for outcome in again)

    def _again(self, check: Check, first: Outcome, outcomes: Sequence[Outcome]) -> Outcome:
        """Tries alone what has failed: it fails for good when it fails a second time."""
        if check.is_basic and first.verdict is Verdict.FAIL:
            return first  # it was tried again before
        known = Facts(self._claim)
        for other, outcome in zip(self._checks, outcomes):
            known.update(outcome.facts if other.is_basic else {})
        for _ in range(PASSES_TO_ACQUIT):
            latest = self._run([check], known, 1)[0]
            if latest.verdict in AGAINST or latest.verdict is Verdict.INCONCLUSIVE:
                return latest
        latest.message = f"failed once beside others ({first.message}), and passed twice alone"
        self._take(check, latest)
        return latest
