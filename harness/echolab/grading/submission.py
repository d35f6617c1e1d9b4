"""Grades one submission."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echolab.errors import BadUsage
from echolab.grading import sandbox
from echolab.grading.cohort import rubric_of_cohort
from echolab.grading.copying import TooMuch, copy_submission
from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, Grade
from echolab.grading.limits import Limits
from echolab.grading.rubric import Rubric, find_rubric
from echolab.grading.scoring import Found, graded_checks, printable

BUILD_OUTPUT_CHARACTERS = 8000


def grade_submission(
    lab: str,
    directory: Path,
    command: Sequence[str] | None = None,
    seed: int | None = None,
    on_result: sandbox.Take = lambda result: None,
) -> Grade:
    """Builds a copy of a submission, checks it, and returns its grade.

    `lab` is the name of a rubric, or a beginning that no other has: "03". `command` starts the
    server in place of what the rubric says; {port} in it becomes a free port. `seed` is that of the
    cohort's variant. `on_result` is told what is found while it is found.

    Raises BadUsage if there is no such lab or directory, CannotRun where that cannot be graded on
    this machine. Whatever the submission does costs its own grade only. Call it in the main thread:
    the sandbox ends with the thread that has started it (prctl(2), PR_SET_PDEATHSIG).
    """
    rubric = rubric_of_cohort(find_rubric(lab), seed)
    if not directory.is_dir():
        raise BadUsage(f"{directory}: is no directory: a submission is one")
    began = time.monotonic()
    found = find_out(rubric, directory, command, on_result, seed=seed)
    return _grade(rubric, directory.resolve().name, found, time.monotonic() - began)


def find_out(
    rubric: Rubric,
    directory: Path,
    command: Sequence[str] | None = None,
    on_result: sandbox.Take = lambda result: None,
    **how: Any,
) -> Found:
    """Lets a copy of the directory be built and checked; `how` is what sandbox.run() takes."""
    found = Found()

    def take(result: dict[str, Any]) -> None:
        found.take(result)
        on_result(result)

    with tempfile.TemporaryDirectory(prefix="echolab-grade-") as scratch:
        copy = Path(scratch, "submission")
        try:
            copy_submission(directory, copy, how.get("limits", Limits()))
            sandbox.run(copy, rubric, command, take, **how)
        except TooMuch as reason:
            found.take({"built": False, "output": f"it is not built: {reason}"})
        except sandbox.SandboxFailed as reason:
            found.trouble = str(reason)
    return found


def _grade(rubric: Rubric, name: str, found: Found, seconds: float) -> Grade:
    checks = graded_checks(rubric, found)
    score = round(sum(check.points for check in checks), 2)
    unsure = any(c.verdict == INCONCLUSIVE and c.max_points for c in checks)
    verdict = NOT_BUILT if found.built is False else INCONCLUSIVE if unsure else GRADED
    output = printable(found.output)[-BUILD_OUTPUT_CHARACTERS:]
    return Grade(
        submission=name,
        lab=rubric.lab,
        score=score,
        max_score=float(rubric.max_score),
        verdict=verdict,
        checks=tuple(checks),
        diagnoses=tuple(found.diagnoses),
        seconds=round(seconds, 1),
        build_output=output,
    )
