"""What a submission is worth, and its JSON."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from echolab.errors import BadUsage

FORMAT = "echolab-grade/1"

GRADED = "graded"
INCONCLUSIVE = "inconclusive"  # some check could not be decided: the score is the least it can be
NOT_BUILT = "not built"


@dataclass(frozen=True)
class GradedCheck:
    """One check of a submission, and what it is worth."""

    id: str  # "ECHO-4"
    requirement: str  # what should be so, in a few words
    verdict: str  # as in docs/check-format.md
    points: float
    max_points: float  # 0 where the check does not concern this submission
    evidence: str  # why it did not pass, as plain text without control characters
    seconds: float


@dataclass(frozen=True)
class Grade:
    """All that came out of grading one submission."""

    submission: str  # the name of its directory
    lab: str  # "03-select"
    score: float
    max_score: float
    verdict: str  # GRADED, INCONCLUSIVE or NOT_BUILT
    checks: tuple[GradedCheck, ...]
    diagnoses: tuple[dict[str, Any], ...]  # as in docs/check-format.md, the root cause first
    seconds: float
    build_output: str  # the end of what the compiler said, without control characters

    def lost(self) -> list[GradedCheck]:
        """Returns the checks that gave less than they could have, the dearest first."""
        lost = (check for check in self.checks if check.points < check.max_points)
        return sorted(lost, key=lambda check: check.points - check.max_points)

    def unsure(self) -> list[GradedCheck]:
        """Returns the checks that count and could not be decided."""
        return [c for c in self.checks if c.verdict == INCONCLUSIVE and c.max_points]

    def to_json(self) -> str:
        """Returns the grade as one JSON object on one line."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> "Grade":
        """Reads what to_json has written; raises BadUsage for anything else."""
        try:
            found = json.loads(text)
            if found.pop("format") != FORMAT:
                raise ValueError("another format")
            checks = tuple(GradedCheck(**check) for check in found.pop("checks"))
            diagnoses = tuple(found.pop("diagnoses"))
            return Grade(checks=checks, diagnoses=diagnoses, **found)
        except (ValueError, KeyError, TypeError, AttributeError):
            names = ", ".join(field.name for field in fields(Grade))
            raise BadUsage(f"this is no grade ({FORMAT}: {names})") from None
