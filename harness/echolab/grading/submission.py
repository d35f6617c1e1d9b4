"""Grades one submission."""

from collections.abc import Sequence
from pathlib import Path

from echolab.grading.grade import Grade


def grade_submission(
    lab: str, directory: Path, command: Sequence[str] | None = None, seed: int | None = None
) -> Grade:
    """Builds a copy of a submission, checks it, and returns its grade.

    `lab` is the name of a rubric, or a beginning that no other has: "03". `command` starts the
    server in place of what the rubric says; {port} in it becomes a free port. `seed` is that of the
    cohort's variant. Raises BadUsage if there is no such lab or directory, CannotRun if nothing can
    be graded on this machine. Whatever the submission does costs its own grade only.
    """
    raise NotImplementedError
