"""From what was found in a sandbox to points."""

import re
from dataclasses import dataclass, field
from typing import Any

from echolab.check.registry import all_checks
from echolab.check.outcomes import Verdict
from echolab.check.runner import FAILED_ALREADY
from echolab.grading.grade import GradedCheck
from echolab.grading.rubric import Rubric

# Why a check was skipped, where another one that failed is to blame.
BLAMES_ANOTHER = re.compile(rf"{FAILED_ALREADY}|see [A-Z]+-\d+")
# A server that traces itself cannot be looked at: that is for a person to judge.
NOT_LET = "strace cannot attach"


@dataclass
class Found:
    """What a sandbox has said of a submission, as far as it came."""

    built: bool | None = None  # None: it was not said
    output: str = ""
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    diagnoses: list[dict[str, Any]] = field(default_factory=list)
    trouble: str = ""  # the grader's own

    def take(self, result: dict[str, Any]) -> None:
        """Takes one result: see echolab.grading.inside."""
        if "built" in result:
            self.built, self.output = result["built"], result["output"]
        if "check" in result:
            self.checks[result["check"]["id"]] = result["check"]
        self.diagnoses = result.get("diagnoses", self.diagnoses)


def graded_checks(rubric: Rubric, found: Found) -> list[GradedCheck]:
    """Returns what each check gives, of the rubric's maximum in all.

    Checks that do not concern this submission, or that this machine cannot make, count for nobody:
    the others then count for more.
    """
    titles = {check.id: check.title for check in all_checks()}
    verdicts = {check_id: _verdict(check_id, found) for check_id in rubric.points}
    counting = {i: p for i, p in rubric.points.items() if verdicts[i][2]}
    scale = rubric.max_score / (sum(counting.values()) or 1)
    graded = []
    for check_id in rubric.points:
        verdict, evidence, _ = verdicts[check_id]
        most = counting.get(check_id, 0) * scale
        points = most * _share(verdict, rubric)
        seconds = found.checks.get(check_id, {}).get("seconds", 0.0)
        graded.append(
            GradedCheck(
                check_id, titles[check_id], str(verdict), round(points, 6), round(most, 6),
                printable(evidence), seconds,
            )  # fmt: skip
        )
    return graded


def _verdict(check_id: str, found: Found) -> tuple[str, str, bool]:
    """Returns the verdict, why, and whether the check counts."""
    if found.built is False:
        return Verdict.SKIPPED, "it was not built", True
    said = found.checks.get(check_id)
    if said is None:
        return Verdict.INCONCLUSIVE, found.trouble or "nothing was said of it", True
    verdict, message = said["verdict"], said["message"]
    if verdict == Verdict.SKIPPED and message.startswith(NOT_LET):
        return Verdict.INCONCLUSIVE, message, True
    counts = verdict != Verdict.SKIPPED or bool(BLAMES_ANOTHER.search(message))
    return verdict, message, counts


def _share(verdict: str, rubric: Rubric) -> float:
    if verdict in (Verdict.PASS, Verdict.INFO):
        return 1.0
    return rubric.missed_should if verdict == Verdict.NON_STRICT else 0.0


def printable(text: str) -> str:
    """Returns text in which what would command a terminal, or break XML, is written as \\x1b."""
    return "".join(c if c in "\n\t" or c.isprintable() else ascii(c)[1:-1] for c in text)
