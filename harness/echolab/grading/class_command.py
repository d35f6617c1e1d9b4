"""What ./lab grade --all does."""

import datetime
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab import page
from echolab.errors import BadUsage, LabError
from echolab.grading.class_page import page_of
from echolab.grading.class_progress import ClassProgress
from echolab.grading.class_summary import as_csv, one_line, summary
from echolab.grading.classroom import Classroom, submissions_in
from echolab.grading.files import replace_file
from echolab.grading.formats import write
from echolab.grading.gradebook import Entry, Gradebook, conditions_of
from echolab.interrupts import orderly_ending

CSV = "class.csv"
PAGE = "class.html"
LONGEST_SECONDS = 3600.0  # for a submission: its sandbox has narrower limits on a quiet machine
SURE, UNSURE = 0, 3  # exit statuses


@dataclass(frozen=True)
class ClassWishes:
    """What the user asked for, beside the lab and the directory of the class."""

    out: Path | None = None
    jobs: int = 1
    seconds: float = LONGEST_SECONDS
    again: bool = False
    only_gather: bool = False  # grade nobody
    seed: int | None = None
    hints: str = "first"
    formats: tuple[str, ...] = ()  # in which each gets his grade, too
    command: tuple[str, ...] = ()


def grade_class(lab: str, directory: Path, wishes: ClassWishes) -> int:
    """Grades the class in `directory`, `lab` being a lab's full name; returns the exit status.

    Whatever ends it early, the grades that are there are kept, and shown.
    """
    out = wishes.out or Path("grades") / lab
    submissions = _submissions(directory, out)
    book = Gradebook(out, conditions_of(lab, wishes.seed, wishes.command))
    classroom = Classroom(submissions, book, _Grader(lab, wishes).command, wishes.seconds)
    with orderly_ending():
        try:
            if not wishes.only_gather:
                with ClassProgress() as progress:
                    classroom.grade(wishes.jobs, progress, wishes.again)
        finally:
            entries = classroom.entries()
            _write(lab, entries, out)
            _hand_back(entries, book, wishes)
            print(*summary(entries), f"Table: {out / CSV}", f"Page: {out / PAGE}", sep="\n")
    return SURE if all(entry.is_settled for entry in entries) else UNSURE


def _submissions(directory: Path, out: Path) -> list[Path]:
    """Returns the submissions; names what is none, raises BadUsage where `out` is in the way."""
    submissions, strangers = submissions_in(directory)
    if reserved := {CSV, PAGE}.intersection(path.name for path in submissions):
        raise BadUsage(f"{directory}: no submission can be called {' or '.join(sorted(reserved))}")
    if any(out.resolve().is_relative_to(path.resolve()) for path in submissions):
        raise BadUsage(f"{out} lies where the submissions are: choose another --out")
    if strangers:
        names = ", ".join(map(one_line, strangers))
        print(f"lab: not graded, since they are no directories: {names}", file=sys.stderr)
    return submissions


@dataclass(frozen=True)
class _Grader:
    """The command that grades one submission, as a user could type it."""

    lab: str
    wishes: ClassWishes

    def command(self, submission: Path, out: Path) -> list[str]:
        words = [sys.executable, "-P", "-m", "echolab", "grade", self.lab]
        words += ["--submission", str(submission.absolute()), "--format", "json", "--out", str(out)]
        words += [] if self.wishes.seed is None else ["--seed", str(self.wishes.seed)]
        return words + (["--", *self.wishes.command] if self.wishes.command else [])


def _hand_back(entries: Sequence[Entry], book: Gradebook, wishes: ClassWishes) -> None:
    """Writes to each one's directory the formats that were asked for."""
    for entry in entries:
        for name in set(wishes.formats) - {"json"} if entry.grade else ():
            write(entry.grade, name, book.directory_of(entry.name), wishes.hints)


def _write(lab: str, entries: Sequence[Entry], out: Path) -> None:
    path = out / CSV
    try:
        replace_file(path, as_csv(entries).encode())
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
    moment = datetime.datetime.now().strftime("%-d %B %Y, %H:%M")
    command = shlex.join(["./lab", *sys.argv[1:]])
    page.write(page_of(lab, entries, command, moment), out / PAGE)
