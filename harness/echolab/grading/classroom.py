"""Grades a class: a directory a submission, several at a time, each as if it were alone."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from echolab.errors import BadUsage, LabError
from echolab.grading.gradebook import Entry, Gradebook
from echolab.grading.grader_process import CommandFor, GraderProcess
from echolab.interrupts import end_children

TICK_SECONDS = 0.2


class Watcher(Protocol):
    """Who is told how a class is getting on."""

    def expect(self, count: int) -> None:
        """So many more submissions are going to be graded."""

    def look(self, running: Sequence[tuple[str, float]]) -> None:
        """These are being graded now, for so many seconds."""

    def after(self, entry: Entry) -> None:
        """One is over."""


@dataclass
class Classroom:
    """The submissions of a class, and who grades them."""

    submissions: Sequence[Path]
    book: Gradebook
    command_for: CommandFor
    seconds: float  # for each submission
    _reasons: dict[str, str] = field(default_factory=dict)  # why somebody could not be graded

    def grade(self, jobs: int, watcher: Watcher, again: bool = False) -> None:
        """Grades those who have no grade yet, or with `again` everybody, `jobs` at a time.

        Who could not be graded beside others, or not beyond doubt, is graded once more, alone.
        To be called within orderly_ending: what graders leave behind is found since it is adopted.
        """
        waiting = [one for one in self.submissions if again or not self._is_settled(one)]
        watcher.expect(len(waiting))
        unsure = self._grade(waiting, jobs, watcher)
        watcher.expect(len(unsure))
        self._grade(unsure, 1, watcher)

    def entries(self) -> list[Entry]:
        """Returns what is known of each submission, in their order."""
        return [self._entry(submission) for submission in self.submissions]

    def _entry(self, submission: Path) -> Entry:
        entry = self.book.entry(submission)
        reason = self._reasons.get(submission.name)
        return Entry(entry.name, reason=reason) if reason and not entry.grade else entry

    def _is_settled(self, submission: Path) -> bool:
        return self.book.entry(submission).is_settled

    def _grade(self, submissions: Sequence[Path], jobs: int, watcher: Watcher) -> list[Path]:
        """Grades these; returns of whom it is not sure."""
        unsure = []
        with contextlib.closing(self._graders(submissions, jobs, watcher)) as graders:
            for grader in graders:
                entry = self._take(grader)
                watcher.after(entry)
                if not entry.is_settled:
                    unsure.append(grader.directory)
        return unsure

    def _graders(
        self, submissions: Sequence[Path], jobs: int, watcher: Watcher
    ) -> Iterator[GraderProcess]:
        """Yields the graders in the order in which they end; ends them all with itself."""
        waiting = list(submissions)
        running: list[GraderProcess] = []
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(self._start(waiting.pop(0)))
                watcher.look([(grader.directory.name, grader.seconds) for grader in running])
                for grader in _wait_for_some(running):
                    # Nothing of a submission lives when its grade is taken, no daemon either.
                    grader.kill()
                    end_children(spared={other.pid for other in running})
                    yield grader
                    grader.close()
                    running.remove(grader)
        finally:
            for grader in running:
                grader.ask_to_end()
            for grader in running:
                grader.close()

    def _start(self, submission: Path) -> GraderProcess:
        try:
            return GraderProcess(submission, self.command_for, self.seconds)
        except OSError as error:
            raise LabError(f"cannot start the grader of {submission}: {error.strerror}") from None

    def _take(self, grader: GraderProcess) -> Entry:
        """Puts the grade into the book, or notes why there is none."""
        name = grader.directory.name
        reason = grader.trouble()
        if not reason:
            try:
                return Entry(name, self.book.take(name, grader.grade))
            except (BadUsage, OSError):
                reason = "its grader has left no grade"
        self._reasons[name] = reason
        return Entry(name, reason=reason)


def submissions_in(directory: Path) -> tuple[list[Path], list[str]]:
    """Returns the directories in `directory`, a submission each, and the names of other files.

    What begins with a dot is neither. Raises BadUsage if there is no submission.
    """
    try:
        found = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadUsage(f"cannot read {directory}: {error.strerror}") from None
    submissions = [path for path in found if path.is_dir()]
    if not submissions:
        raise BadUsage(f"{directory} has no submission in it: a directory each is expected")
    return submissions, [path.name for path in found if not path.is_dir()]


def _wait_for_some(running: Sequence[GraderProcess]) -> list[GraderProcess]:
    """Returns, after a short while, those that are over or have had their time."""
    wait(running, timeout=TICK_SECONDS)
    for grader in running:
        grader.listen()
    return [grader for grader in running if grader.has_ended() or grader.is_overdue()]
