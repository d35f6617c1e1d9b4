"""The zoo's servers, handed in as submissions and graded: ./lab zoo --graded."""

import shutil
import tempfile
import time
from pathlib import Path

from echolab.check.outcomes import Verdict
from echolab.check.registry import chosen
from echolab.grading.grade import INCONCLUSIVE
from echolab.grading.rubric import Rubric, all_rubrics, find_rubric
from echolab.grading.sandbox import SandboxFailed
from echolab.grading.scoring import graded_checks
from echolab.grading.submission import find_out
from echolab.zoo import Inhabitant, Sighting

MODULES = "*.py"  # what a page in Python may import lies beside it


def look_at_graded(inhabitant: Inhabitant) -> Sighting:
    """Hands a server in as a submission, and returns what grading has found.

    Of a model that some lab is about, every point that it has lost counts as a failure.
    """
    began = time.monotonic()
    rubric = rubric_of(inhabitant)
    with tempfile.TemporaryDirectory(prefix="echolab-zoo-") as directory:
        words = [_handed_in(word, Path(directory)) for word in inhabitant.command.words]
        found = find_out(rubric, Path(directory), words)
    if found.trouble:
        raise SandboxFailed(f"{inhabitant.name}: {found.trouble}")
    checks = graded_checks(rubric, found)
    return Sighting(
        inhabitant,
        tuple(diagnosis["bug"] for diagnosis in found.diagnoses),
        tuple(c.id for c in checks if c.points < c.max_points and c.verdict != Verdict.SKIPPED),
        tuple(c.id for c in checks if c.verdict == INCONCLUSIVE),
        time.monotonic() - began,
    )


def rubric_of(inhabitant: Inhabitant) -> Rubric:
    """Returns the rubric of the lab that the server's model is about, or else one point a check."""
    for lab in all_rubrics():
        rubric = find_rubric(lab)
        if inhabitant.claimed_model == rubric.model and inhabitant.service == rubric.service:
            return rubric
    points = {check.id: 1 for check in chosen((), inhabitant.service)}
    return Rubric(
        "zoo", inhabitant.name, inhabitant.service, inhabitant.claimed_model, 0.0, points, ()
    )


def _handed_in(word: str, directory: Path) -> str:
    """Copies what a word of the command names, and returns the word for the copy.

    Programs of the system stay where they are.
    """
    path = Path(word)
    if not path.is_file() or path.is_relative_to("/usr"):
        return word
    for needed in (path, *(path.parent.glob(MODULES) if path.suffix == ".py" else ())):
        shutil.copy(needed, directory)
    return f"./{path.name}"
