"""Grades, invented: of one submission, and of a class in which everything has happened."""

import dataclasses
import random
from collections.abc import Sequence

from echolab.check.diagnosis import all_bugs
from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, Grade, GradedCheck
from echolab.grading.gradebook import Entry

LAB = "03-select"
HOSTILE = "<script>alert('mine')</script>"
CHECKS = {
    "ECHO-1": "sends back every byte",
    "ECHO-4": "answers before a newline has come",
    "CONC-1": "serves a second client while the first is silent",
    "RUDE-2": "survives a client that resets the connection",
    "RES-3": "uses no processor while nothing happens",
    "LIFE-2": "ends within a second of SIGTERM, and lets go of its port",
}
EVIDENCE = "sent 'hello' without a newline; nothing came back within the second that was granted"


def grade(name: str = "ada", failed: Sequence[str] = (), verdict: str = GRADED) -> Grade:
    """Returns the grade of a submission that failed these checks, ten points each."""
    bad = INCONCLUSIVE if verdict == INCONCLUSIVE else "fail"
    checks = tuple(
        GradedCheck(check, what, bad if check in failed else "pass",
                    0.0 if check in failed else 10.0, 10.0,
                    EVIDENCE if check in failed else "", 1.5)
        for check, what in CHECKS.items()
    )  # fmt: skip
    score = sum(check.points for check in checks)
    return Grade(name, LAB, score, 10.0 * len(CHECKS), verdict, checks, (), 12.5, "")


def with_bugs(one: Grade, *bugs: str) -> Grade:
    """Returns the grade with these diagnosed, all but the first as possible consequences of it."""
    diagnoses = tuple(
        {"bug": bug, "title": all_bugs()[bug].title, "may_disappear_with": bugs[0] if n else None}
        for n, bug in enumerate(bugs)
    )
    return dataclasses.replace(one, diagnoses=diagnoses)


def a_class(count: int = 40) -> list[Entry]:
    """Returns a class of `count` and a few more: hostile, broken, in doubt, without a grade."""
    chance = random.Random(1)
    bugs = ["wait-newline", "one-shot", "short-write-ignored", "rst-kills", "busy-spin", "eof-spin"]
    bugs = [bug for bug in bugs if bug in all_bugs()]
    names = [f"student-{number:02}" for number in range(1, count + 1)]
    entries = []
    for name in names:
        failed = chance.sample(list(CHECKS), chance.choice([0, 0, 1, 1, 2, 3]))
        found = chance.sample(bugs, min(len(failed), 2))
        entries.append(Entry(name, with_bugs(grade(name, failed), *found)))
    nothing = dataclasses.replace(
        grade("lin", list(CHECKS), NOT_BUILT), build_output="error: expected ';'"
    )
    return [
        *entries,
        Entry(HOSTILE, with_bugs(grade(HOSTILE, ["ECHO-4"]), "wait-newline")),
        Entry("lin", nothing),
        Entry("unsure", grade("unsure", ["RES-3"], INCONCLUSIVE)),
        Entry("mallory", reason="its grader was not done after 10 min"),
    ]
