"""A line of comma-separated values a submission, as spreadsheets read them (RFC 4180)."""

import csv
import io

from echolab.grading import advice
from echolab.grading.grade import Grade

HEADER = ("submission", "lab", "score", "max_score", "verdict", "bug", "lost", "unsure", "seconds")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how one begins, for a spreadsheet


def render(grade: Grade, _hints: str) -> str:
    """Returns the file's text: a header, and the line of one grade."""
    return lines([HEADER, row(grade)])


def row(grade: Grade) -> tuple[str, ...]:
    """Returns a grade's values, in the order of HEADER."""
    return (
        grade.submission,
        grade.lab,
        advice.number(grade.score),
        advice.number(grade.max_score),
        grade.verdict,
        grade.diagnoses[0]["bug"] if grade.diagnoses else "",
        " ".join(check.id for check in grade.lost()),
        " ".join(check.id for check in grade.unsure()),
        f"{grade.seconds:.1f}",
    )


def lines(rows: list[tuple[str, ...]]) -> str:
    """Returns rows as text, in which no spreadsheet takes a name for a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([map(_harmless, row) for row in rows])
    return text.getvalue()


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
