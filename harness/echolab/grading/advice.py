"""What a graded student is told beside the points."""

from typing import Any

from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, Grade, GradedCheck

HINTS = ("none", "first", "all")
SEVERAL = 8  # more are counted, rather than named
TIERS = {"question": "Ask yourself", "pointer": "Read", "remedy": "Remedy"}


def number(points: float) -> str:
    """Returns points as people write them: 7, 7.5, 4.12."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def summary(grade: Grade) -> str:
    """Returns the score in a sentence, which says so where it is not final."""
    score = f"{number(grade.score)} of {number(grade.max_score)} points"
    if grade.verdict == NOT_BUILT:
        return f"{score}: it was not built"
    if grade.verdict == INCONCLUSIVE:
        return f"at least {score}, and not final: grade it again, since {_doubt(grade.unsure())}"
    assert grade.verdict == GRADED
    return score


def _doubt(unsure: list[GradedCheck]) -> str:
    if len(unsure) > SEVERAL:
        return f"{len(unsure)} checks could not be told: {_line(unsure[0].evidence)}"
    return f"{', '.join(check.id for check in unsure)} could not be told"


def reason(check: GradedCheck) -> str:
    """Returns why a check gave less than it could have, on one line."""
    if not check.max_points:
        return f"does not count: {_line(check.evidence)}"
    if check.verdict == INCONCLUSIVE:
        return f"could not be told, and is no verdict on the server: {_line(check.evidence)}"
    return _line(check.evidence)


def _line(text: str) -> str:
    return " ".join(text.split())


def diagnoses(grade: Grade, hints: str) -> list[tuple[str, list[str]]]:
    """Returns the bugs to name, each with what is said about it.

    With the hints `first` it is the root cause and its question; with `all` every bug and all that
    is known of it.
    """
    if hints == "none":
        return []
    if hints == "first":
        return [(_title(bug), _told(bug, ("question",))) for bug in grade.diagnoses[:1]]
    return [(_title(bug), _told(bug, tuple(TIERS))) for bug in grade.diagnoses]


def _title(bug: dict[str, Any]) -> str:
    return f"{bug['bug']} ({bug['confidence']}): the server {bug['title']}"


def _told(bug: dict[str, Any], tiers: tuple[str, ...]) -> list[str]:
    told = [f"Evidence: {_line(bug['evidence'])}"]
    told += [f"{TIERS[tier]}: {bug['hint'][tier]}" for tier in tiers]
    if bug["may_disappear_with"]:
        told.append(f"It may disappear with {bug['may_disappear_with']}.")
    return told


def text(grade: Grade, hints: str) -> str:
    """Returns all of the advice as plain text."""
    lines = [f"Score: {summary(grade)}"]
    for title, told in diagnoses(grade, hints):
        lines += ["", title, *(f"  {line}" for line in told)]
    if grade.verdict == NOT_BUILT:
        lines += ["", grade.build_output.rstrip()]
    return "\n".join(lines)
