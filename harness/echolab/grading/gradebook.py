"""Grades, a directory a submission, into which a class can be graded bit by bit.

Beside the grade its JSON holds the conditions under which it was given: which files, which lab,
variant and command, and which checks. A grade counts as long as these are the same; so grading can
be ended and gone on with, on this machine or another one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echolab.errors import BadUsage, LabError
from echolab.grading.files import replace_file
from echolab.grading.fingerprint import fingerprint
from echolab.grading.formats import FORMATS
from echolab.grading.grade import INCONCLUSIVE, Grade
from echolab.grading.rubric import DIRECTORY, LANGUAGES
from echolab.zoo_log import checker_digest

FILE, _ = FORMATS["json"]
CONDITIONS = "conditions"  # the key beside those of the grade
LARGEST_BYTES = 1 << 25  # of a grade: more is none
NOT_GRADED = "not graded"


@dataclass(frozen=True)
class Entry:
    """A submission and what is known of it: its grade, or the reason why there is none."""

    name: str
    grade: Grade | None = None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """The grade's verdict, or NOT_GRADED."""
        return self.grade.verdict if self.grade else NOT_GRADED

    @property
    def is_settled(self) -> bool:
        """Whether there is a grade that doubts nothing."""
        return self.grade is not None and self.grade.verdict != INCONCLUSIVE


def conditions_of(lab: str, seed: int | None, command: Sequence[str] | None) -> dict[str, Any]:
    """Returns what a grade depends on beside the submission's files; `lab` is a lab's full name."""
    rubric = (DIRECTORY / f"{lab}.toml").read_bytes() + LANGUAGES.read_bytes()
    return {
        "lab": lab,
        "seed": seed,
        "command": list(command or ()),
        "checks": checker_digest(),
        "rubric": hashlib.sha256(rubric).hexdigest()[:12],
    }


def note_conditions(path: Path, files: str, conditions: Mapping[str, Any]) -> None:
    """Notes in a grade that was written as JSON the conditions under which it was given.

    `files` is the fingerprint of what was graded. Raises LabError if that is impossible.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        document[CONDITIONS] = {"files": files, **conditions}
        replace_file(path, json.dumps(document, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None


def read_grade(path: Path) -> tuple[Grade, dict[str, Any]]:
    """Reads a grade and its conditions; raises BadUsage if this is none, OSError like open."""
    with path.open("rb") as file:
        text = file.read(LARGEST_BYTES + 1)
    if len(text) > LARGEST_BYTES:
        raise BadUsage(f"{path}: too large for a grade")
    try:
        document = json.loads(text)
        conditions = dict(document.pop(CONDITIONS))
        return Grade.from_json(json.dumps(document)), conditions
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadUsage(f"{path}: this is no grade") from None


class Gradebook:
    """The grades in `directory` that were given under `conditions`."""

    def __init__(self, directory: Path, conditions: Mapping[str, Any]):
        self.directory = directory
        self._conditions = conditions

    def directory_of(self, name: str) -> Path:
        """Returns where what belongs to the submission called `name` is kept."""
        return self.directory / name

    def path_of(self, name: str) -> Path:
        """Returns where its grade is kept."""
        return self.directory_of(name) / FILE

    def entry(self, submission: Path) -> Entry:
        """Returns what is known of the submission in that directory."""
        name = submission.name
        try:
            grade, conditions = read_grade(self.path_of(name))
        except FileNotFoundError:
            return Entry(name, reason="not graded yet")
        except OSError as error:
            return Entry(name, reason=f"its grade cannot be read: {error.strerror}")
        except BadUsage:
            return Entry(name, reason=f"{self.path_of(name)} is no grade")
        if conditions.pop("files", None) != fingerprint(submission):
            return Entry(name, reason="its files have changed since it was graded")
        if conditions != self._conditions:
            return Entry(name, reason="it was graded by other checks, or in another way")
        return Entry(name, grade)

    def take(self, name: str, written: Path) -> Grade:
        """Takes the grade that was written elsewhere into the book.

        Raises BadUsage or OSError if that is none, LabError if it cannot be kept.
        """
        grade, _ = read_grade(written)
        path = self.path_of(name)
        try:
            replace_file(path, written.read_bytes())
        except OSError as error:
            raise LabError(f"cannot write {path}: {error.strerror}") from None
        return grade
