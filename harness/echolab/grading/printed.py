"""A grade for people, on the terminal."""

import contextlib
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from echolab.check.outcomes import Verdict
from echolab.grading import advice
from echolab.grading.grade import GRADED, NOT_BUILT, Grade, GradedCheck

BUILD_LINES = 40
SKIPPED = Verdict.SKIPPED
STYLES = {GRADED: "bold green", NOT_BUILT: "bold red"}


@contextlib.contextmanager
def progress() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Gives who shows what is found, on a line of stderr; nothing where that is no terminal."""
    console = Console(stderr=True, highlight=False)
    made: set[str] = set()
    with console.status("building") as status:

        def show(result: dict[str, Any]) -> None:
            if "check" in result:
                made.add(result["check"]["id"])
                status.update(f"checking: {len(made)} checks made, last {result['check']['id']}")

        yield show


def print_grade(console: Console, grade: Grade, hints: str) -> None:
    """Prints what was lost and why, the diagnosis, and on the last line the score."""
    if grade.verdict == NOT_BUILT:
        for line in grade.build_output.splitlines()[-BUILD_LINES:]:
            console.print(Text(line), soft_wrap=True)
    elif lost := grade.lost():
        console.print(_table(lost))
    for title, told in advice.diagnoses(grade, hints):
        console.print()
        console.print(Text(title, style="bold"), soft_wrap=True)
        for line in told:
            console.print(Text(f"  {line}"), soft_wrap=True)
    closing = f"{grade.submission}, lab {grade.lab}: {advice.summary(grade)}"
    style = STYLES.get(grade.verdict, "bold magenta")
    if grade.verdict == GRADED and grade.score < grade.max_score:
        style = "bold"
    console.print(Text(closing, style=style), soft_wrap=True)


def _table(lost: list[GradedCheck]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("lost", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("why")
    tried = [check for check in lost if check.verdict != SKIPPED]
    for check in tried:
        why = Text.assemble((check.requirement, "bold"), f": {advice.reason(check)}")
        table.add_row(_lost([check]), advice.number(check.max_points), check.id, why)
    not_tried = [check for check in lost if check.verdict == SKIPPED]
    for evidence, checks in groupby(sorted(not_tried, key=_evidence), key=_evidence):
        of_it = list(checks)
        names = " ".join(check.id for check in of_it)
        why = Text.assemble(("not tried", "bold"), f": {names} ({evidence})")
        table.add_row(_lost(of_it), _lost(of_it), "", why)
    return table


def _evidence(check: GradedCheck) -> str:
    return check.evidence


def _lost(checks: list[GradedCheck]) -> str:
    return advice.number(sum(check.max_points - check.points for check in checks))
