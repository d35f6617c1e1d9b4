"""Markdown, for the summary of a CI step or an issue."""

import re

from echolab.grading import advice
from echolab.grading.grade import NOT_BUILT, Grade

MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


def render(grade: Grade, hints: str) -> str:
    """Returns the file's text."""
    lines = [f"# {_plain(grade.submission)}, lab {grade.lab}", "", advice.summary(grade), ""]
    for title, told in advice.diagnoses(grade, hints):
        lines += [f"**{_plain(title)}**", "", *(f"- {_plain(line)}" for line in told), ""]
    if grade.verdict == NOT_BUILT:
        lines += [*(f"    {line}" for line in grade.build_output.splitlines()), ""]
    lines += ["| check | points | verdict | |", "|---|---|---|---|"]
    for check in grade.checks:
        points = f"{advice.number(check.points)} of {advice.number(check.max_points)}"
        why = "" if check.verdict == "pass" else _plain(advice.reason(check))
        name = f"{check.id} {_plain(check.requirement)}"
        lines.append(f"| {name} | {points} | {check.verdict} | {why} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Returns text whose characters mean themselves."""
    return MEANS_SOMETHING.sub(r"\\\1", text)
