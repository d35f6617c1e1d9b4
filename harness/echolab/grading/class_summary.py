"""What is said of a class in lines and in a table of comma-separated values."""

import csv
import io
import statistics
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from echolab.grading.advice import number
from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, Grade
from echolab.grading.gradebook import NOT_GRADED, Entry
from echolab.grading.scoring import printable
from echolab.quantities import counted

VERDICTS = (GRADED, NOT_BUILT, INCONCLUSIVE, NOT_GRADED)
MOST_FREQUENT = 5
LONGEST = 100  # characters of evidence in a line
FEW = 4
HEAD = (
    "submission", "lab", "score", "max_score", "percent", "verdict", "diagnoses", "lost",
    "undecided", "seconds", "reason",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@")  # so begins what spreadsheets compute, rather than show


def one_line(text: str) -> str:
    """Returns what comes from outside as it can be shown in a line, without harm to a terminal."""
    return " ".join(printable(text).split())


def as_line(entry: Entry) -> str:
    """Returns one submission for people."""
    name = one_line(entry.name)
    if not entry.grade:
        return f"{name}: {NOT_GRADED}: {one_line(entry.reason)}"
    grade = entry.grade
    parts = [f"{number(grade.score)} of {number(grade.max_score)}"]
    parts += [grade.verdict] if grade.verdict != GRADED else []
    parts += [undecided(grade)] if grade.unsure() else []
    parts += [", ".join(bugs_of(entry)) or first_failure(grade)]
    return f"{name}: {'; '.join(filter(None, parts))}; {grade.seconds:.0f} s"


def undecided(grade: Grade) -> str:
    """Returns which checks could not be decided: by name, or many of them by number and reason."""
    unsure = grade.unsure()
    if len(unsure) <= FEW:
        return f"{', '.join(check.id for check in unsure)} could not be decided"
    reason = one_line(unsure[0].evidence)
    return f"{len(unsure)} checks could not be decided: {textwrap.shorten(reason, LONGEST)}"


def first_failure(grade: Grade) -> str:
    """Returns the dearest of the checks that failed and what was seen, "" if none has."""
    failed = [check for check in grade.lost() if check.verdict == "fail"]
    texts = [f"{check.id}: {one_line(check.evidence)}" for check in failed]
    return textwrap.shorten(texts[0], LONGEST) if texts else ""


def bugs_of(entry: Entry) -> list[str]:
    """Returns the ids of the bugs diagnosed, the root cause first."""
    return [diagnosis["bug"] for diagnosis in entry.grade.diagnoses] if entry.grade else []


def root_bugs_of(entry: Entry) -> list[str]:
    """Returns those that are no mere consequence of another one found."""
    found = entry.grade.diagnoses if entry.grade else ()
    return [diagnosis["bug"] for diagnosis in found if not diagnosis["may_disappear_with"]]


def percent(entry: Entry) -> float | None:
    """Returns the score in percent of what it could be; None if there is none."""
    if not entry.grade or not entry.grade.max_score:
        return None
    return 100 * entry.grade.score / entry.grade.max_score


def counts(entries: Sequence[Entry]) -> Counter[str]:
    """Returns how many have which verdict, in the order of VERDICTS."""
    found = Counter(entry.verdict for entry in entries)
    return Counter({verdict: found[verdict] for verdict in VERDICTS if found[verdict]})


def median_percent(entries: Sequence[Entry]) -> float | None:
    """Returns the median of those who are graded beyond doubt; None if nobody is."""
    known = [percent(entry) for entry in entries if entry.is_settled]
    scores = [score for score in known if score is not None]
    return statistics.median(scores) if scores else None


def summary(entries: Sequence[Entry]) -> Iterator[str]:
    """Yields what there is to say of all, in lines; who is in doubt is named."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts(entries).items())
    middle = median_percent(entries)
    median = f"; median {middle:.0f} %" if middle is not None else ""
    yield f"{counted(len(entries), 'submission')}: {verdicts}{median}"
    bugs = Counter(bug for entry in entries for bug in root_bugs_of(entry)).most_common()
    if bugs:
        named = ", ".join(f"{bug} {count}" for bug, count in bugs[:MOST_FREQUENT])
        yield f"Most frequent bugs: {named}"
    doubtful = [as_line(entry) for entry in entries if not entry.is_settled]
    yield from doubtful
    if doubtful:
        yield "Who is in doubt, or has no grade, is graded when the same command is given again."


def as_csv(entries: Sequence[Entry]) -> str:
    """Returns a row a submission; the score of who has no grade is empty, never 0 (RFC 4180)."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(HEAD)
    rows.writerows([_harmless(cell) for cell in _row(entry)] for entry in entries)
    return table.getvalue()


def _row(entry: Entry) -> list[str]:
    grade, share = entry.grade, percent(entry)
    if not grade:
        return [entry.name, "", "", "", "", entry.verdict, "", "", "", "", entry.reason]
    return [
        entry.name,
        grade.lab,
        number(grade.score),
        number(grade.max_score),
        "" if share is None else f"{share:.1f}",
        grade.verdict,
        " ".join(bugs_of(entry)),
        " ".join(check.id for check in grade.lost()),
        " ".join(check.id for check in grade.unsure()),
        f"{grade.seconds:.1f}",
        "",
    ]


def _harmless(cell: str) -> str:
    """Returns a cell that no spreadsheet takes for a formula: names come from outside."""
    text = one_line(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
