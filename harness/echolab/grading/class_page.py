"""A class at a glance, as a page: who, how many points, which bugs, what was lost and why."""

from collections import Counter
from collections.abc import Iterator, Sequence

from echolab.check.diagnosis import all_bugs
from echolab.grading.advice import number
from echolab.grading.class_summary import (
    bugs_of,
    counts,
    first_failure,
    median_percent,
    one_line,
    percent,
    root_bugs_of,
    undecided,
)
from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, GradedCheck
from echolab.grading.gradebook import Entry
from echolab.page import Cell, Chart, Column, Page, Points, Section, Table
from echolab.quantities import counted
from echolab.report.charts import Axis, Bar, bars

SKIPPED = "skipped"  # as in docs/check-format.md
BIN = 10  # percent
NOTHING = Cell("–", tone="quiet")


def page_of(lab: str, entries: Sequence[Entry], command: str, date: str) -> Page:
    """Returns the page of a class; `command` made it, at the time `date`."""
    sections = (
        _doubts_section(entries),
        _scores_section(entries),
        _class_section(entries),
        _bugs_section(entries),
        _checks_section(entries),
        _losses_section(entries),
    )
    return Page(
        f"Grades of {lab}",
        f"{counted(len(entries), 'submission')} · {date}",
        [section for section in sections if section],
        _facts(entries),
        command,
    )


def _facts(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    facts = [(verdict.capitalize(), str(count)) for verdict, count in counts(entries).items()]
    median = median_percent(entries)
    return facts + ([("Median", f"{median:.0f} %")] if median is not None else [])


def _doubts_section(entries: Sequence[Entry]) -> Section | None:
    doubts = [_doubt(entry) for entry in entries if not entry.is_settled]
    return Section("To be looked at", [Points(doubts, tone="alarm")]) if doubts else None


def _doubt(entry: Entry) -> str:
    name = one_line(entry.name)
    if not entry.grade:
        return f"{name} has no grade: {entry.reason}."
    return (
        f"{name} may deserve more than {number(entry.grade.score)} points:"
        f" {undecided(entry.grade)}. Grade it again when the machine is quiet."
    )


def _scores_section(entries: Sequence[Entry]) -> Section | None:
    shares = [share for entry in entries if (share := percent(entry)) is not None]
    if not shares:
        return None
    bins = [0] * (100 // BIN + 1)  # full marks are a bin of their own
    for share in shares:
        bins[int(share // BIN)] += 1
    names = [f"{low} to {low + BIN - 1}" for low in range(0, 100, BIN)] + ["100"]
    ranked = list(zip(names, bins))[::-1]
    columns = [Column("percent", numeric=False), Column("submissions")]
    rows = [[name, Cell(str(count), count)] for name, count in ranked]
    reading = "Submissions by their score, in percent of what could be had."
    chart = _bars("Submissions by score", reading, ranked, Table("By score", columns, rows))
    return Section("Scores", [chart])


def _class_section(entries: Sequence[Entry]) -> Section:
    columns = [
        Column("submission", numeric=False),
        Column("score"),
        Column("of"),
        Column("percent"),
        Column("verdict", numeric=False),
        Column("diagnoses", numeric=False, hint="root cause first", prose=True),
        Column("lost", hint="checks"),
        Column("seconds"),
    ]
    caption = "A click on a heading sorts; what each lost, and why, stands below"
    rows = [_class_row(entry) for entry in entries]
    return Section("The class", [Table(caption, columns, rows, sortable=True)])


def _class_row(entry: Entry) -> list[Cell]:
    name = Cell(one_line(entry.name))
    verdict = Cell(entry.verdict, tone=_tone(entry))
    if not (grade := entry.grade):
        return [name, NOTHING, NOTHING, NOTHING, verdict, Cell(entry.reason), NOTHING, NOTHING]
    share = percent(entry)
    return [
        name,
        _number(grade.score),
        _number(grade.max_score),
        NOTHING if share is None else Cell(f"{share:.0f} %", share),
        verdict,
        Cell(", ".join(bugs_of(entry))) if grade.diagnoses else _quiet(first_failure(grade)),
        Cell(str(len(grade.lost())), len(grade.lost())),
        Cell(f"{grade.seconds:.0f}", grade.seconds),
    ]


def _tone(entry: Entry) -> str:
    return {GRADED: "", NOT_BUILT: "quiet"}.get(entry.verdict, "alarm")


def _quiet(text: str) -> Cell:
    return Cell(text, tone="quiet")


def _number(value: float) -> Cell:
    return Cell(number(value), value)


def _bugs_section(entries: Sequence[Entry]) -> Section | None:
    roots = Counter(bug for entry in entries for bug in root_bugs_of(entry))
    if not roots:
        return None
    found = Counter(bug for entry in entries for bug in bugs_of(entry))
    graded = sum(entry.grade is not None for entry in entries)
    titles = {bug: known.title for bug, known in all_bugs().items()}
    ranked = roots.most_common()
    columns = [
        Column("bug", numeric=False),
        Column("what the server does", numeric=False, prose=True),
        Column("submissions"),
        Column("share", hint="of those graded"),
        Column("besides", hint="perhaps a consequence"),
    ]
    rows = [
        [
            bug,
            titles.get(bug, ""),
            Cell(str(count), count),
            Cell(f"{100 * count / graded:.0f} %", count),
            Cell(str(found[bug] - count), found[bug] - count),
        ]
        for bug, count in ranked
    ]
    table = Table("Bugs by the number of submissions", columns, rows, sortable=True)
    reading = "In how many submissions each bug was found, and not as a consequence of another one."
    chart = _bars("Submissions by bug", reading, ranked, table, table_open=True)
    return Section("Most frequent bugs", [chart], short="Bugs")


def _checks_section(entries: Sequence[Entry]) -> Section | None:
    tried: dict[str, list[GradedCheck]] = {}
    for entry in entries:
        for check in entry.grade.checks if entry.grade else ():
            if check.max_points:
                tried.setdefault(check.id, []).append(check)
    if not tried:
        return None
    columns = [
        Column("check", numeric=False),
        Column("what should be so", numeric=False, prose=True),
        Column("lost by", hint="submissions"),
        Column("undecided"),
        Column("given", hint="of its points"),
    ]
    rows = [_check_row(name, checks) for name, checks in tried.items()]
    caption = "What the class can do, and where it loses points"
    return Section("Checks", [Table(caption, columns, rows, sortable=True)])


def _check_row(name: str, checks: Sequence[GradedCheck]) -> list[Cell]:
    lost = sum(check.points < check.max_points for check in checks)
    unsure = sum(check.verdict == INCONCLUSIVE for check in checks)
    share = sum(check.points for check in checks) / sum(check.max_points for check in checks)
    return [
        Cell(name),
        Cell(checks[0].requirement),
        Cell(str(lost), lost),
        Cell(str(unsure), unsure, "alarm" if unsure else ""),
        Cell(f"{100 * share:.0f} %", share),
    ]


def _losses_section(entries: Sequence[Entry]) -> Section | None:
    rows = [row for entry in entries for row in _losses(entry)]
    if not rows:
        return None
    columns = [
        Column("submission", numeric=False),
        Column("check", numeric=False),
        Column("lost", hint="points"),
        Column("verdict", numeric=False),
        Column("what was seen", numeric=False, prose=True),
    ]
    caption = "Every point that was lost, and why"
    return Section("What was lost", [Table(caption, columns, rows, sortable=True)])



def _losses(entry: Entry) -> Iterator[list[Cell | str]]:
    name, grade = one_line(entry.name), entry.grade
    if grade and grade.verdict == NOT_BUILT:
        yield [name, NOTHING, _number(grade.max_score), NOT_BUILT, _first_error(grade.build_output)]
        return
    lost = grade.lost() if grade else []
    for check in lost:
        if check.verdict == SKIPPED:
            continue
        verdict = Cell(check.verdict, tone="alarm" if check.verdict == INCONCLUSIVE else "")
        points = _number(check.max_points - check.points)
        yield [name, check.id, points, verdict, check.evidence]
    if skipped := [check for check in lost if check.verdict == SKIPPED]:
        points = _number(sum(check.max_points for check in skipped))
        why = f"{counted(len(skipped), 'check')}: {skipped[0].evidence}"
        yield [name, NOTHING, points, _quiet(SKIPPED), _quiet(why)]


def _first_error(build_output: str) -> str:
    """Returns where a compiler speaks of an error first, or else its last line."""
    said = build_output.strip().splitlines() or [""]
    return next((line for line in said if "error" in line.lower()), said[-1])


def _bars(
    title: str,
    reading: str,
    counted_by: Sequence[tuple[str, int]],
    table: Table,
    table_open: bool = False,
) -> Chart:
    shown = [Bar(name, count, None, str(count)) for name, count in counted_by]
    return bars(title, reading, Axis("submissions", "count"), shown, table, table_open)
