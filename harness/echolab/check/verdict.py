"""What all checks together say of a server."""

import enum
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.check.diagnosis import Diagnosis, diagnose
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import Check
from echolab.errors import BadUsage


class Conformance(enum.StrEnum):
    """The verdict on a server."""

    CONFORMING = "conforming"
    NOT_CONFORMING = "not conforming"
    INCONCLUSIVE = "inconclusive"


EXIT_STATUS = {
    Conformance.CONFORMING: 0,
    Conformance.NOT_CONFORMING: 1,
    Conformance.INCONCLUSIVE: 3,
}


@dataclass(frozen=True)
class Examination:
    """All that came out of the checks of one server."""

    server: str  # its command, or the name of the model
    checks: Sequence[Check]
    outcomes: Sequence[Outcome]
    known_failing: Collection[str] = ()  # ids of checks, or numbers of requirements
    strict: bool = False
    seconds: float = 0.0

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """The bugs found, the root cause first."""
        return diagnose(self.outcomes)

    @property
    def counts(self) -> Counter[Verdict]:
        """How many checks have which verdict."""
        return Counter(outcome.verdict for outcome in self.outcomes)

    @property
    def conformance(self) -> Conformance:
        """The verdict on the server."""
        if self.failures() or self.unexpected_passes():
            return Conformance.NOT_CONFORMING
        if self.counts[Verdict.INCONCLUSIVE]:
            return Conformance.INCONCLUSIVE
        return Conformance.CONFORMING

    def failures(self) -> list[tuple[Check, Outcome]]:
        """Returns what counts against the server: with `strict`, missed SHOULDs, too."""
        against = {Verdict.FAIL, Verdict.NON_STRICT} if self.strict else {Verdict.FAIL}
        return [
            (check, outcome)
            for check, outcome in zip(self.checks, self.outcomes)
            if outcome.verdict in against and not self.is_known_to_fail(check)
        ]

    def unexpected_passes(self) -> list[Check]:
        """Returns the checks that are known to fail, and have passed."""
        return [
            check
            for check, outcome in zip(self.checks, self.outcomes)
            if outcome.verdict is Verdict.PASS and self.is_known_to_fail(check)
        ]

    def is_known_to_fail(self, check: Check) -> bool:
        """Tells whether the user has said that this check fails."""
        return check.id in self.known_failing or check.requirement.number in self.known_failing


def read_known_failing(path: Path, checks: Sequence[Check]) -> set[str]:
    """Reads ids, one a line, with # for comments; raises BadUsage for one that no check has."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    ids = {line for line in lines if line}
    valid = {name for check in checks for name in (check.id, check.requirement.number)}
    if strangers := sorted(ids - valid):
        raise BadUsage(f"{path}: no check is called '{strangers[0]}'")
    return ids
