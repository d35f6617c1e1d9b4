"""What has failed is tried again, alone, before it costs anything."""

import itertools

import pytest

from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import chosen
from echolab.grading import checking
from echolab.grading.checking import Checker
from echolab.grading.confinement import Confinement, Level
from echolab.grading.limits import Limits

REQUEST = {"service": "echo", "model": None, "jobs": 6, "only": ["ECHO-3", "ECHO-4"]}
PASS, FAIL, UNSURE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
PASSES = itertools.repeat(PASS)
NOBODY = Confinement(Level.LIMITS, Limits(), is_memory_limited=True)


@pytest.fixture
def graded(monkeypatch):
    """Lets checks come out as told, run after run; returns the last verdict on each."""

    def run(**verdicts: list[Verdict]) -> dict[str, str]:
        coming = {name.replace("_", "-"): iter(several) for name, several in verdicts.items()}

        def run_checks(checks, _command, *, on_outcome, **_how):
            outcomes = [Outcome(c.id, next(coming.get(c.id, PASSES)), "so") for c in checks]
            for check, outcome in zip(checks, outcomes):
                on_outcome(check, outcome)
            return outcomes

        monkeypatch.setattr(checking, "run_checks", run_checks)
        said: dict[str, str] = {}

        def take(result):
            if "check" in result:
                said[result["check"]["id"]] = result["check"]

        Checker(REQUEST, ["server"], NOBODY, take).run()
        return said

    return run


def test_what_passes_is_not_tried_again(graded):
    assert graded(ECHO_4=[PASS])["ECHO-4"]["verdict"] == "pass"


def test_what_fails_twice_has_failed(graded):
    assert graded(ECHO_4=[FAIL, FAIL])["ECHO-4"]["verdict"] == "fail"


def test_what_passes_twice_alone_has_passed_and_the_failure_is_told(graded):
    said = graded(ECHO_4=[FAIL, PASS, PASS])["ECHO-4"]
    assert said["verdict"] == "pass"
    assert "failed once beside others (so)" in said["message"]


def test_what_fails_every_other_time_has_failed(graded):
    assert graded(ECHO_4=[FAIL, PASS, FAIL])["ECHO-4"]["verdict"] == "fail"


def test_what_cannot_be_told_alone_is_inconclusive(graded):
    assert graded(ECHO_4=[FAIL, UNSURE])["ECHO-4"]["verdict"] == "inconclusive"


def test_where_a_basic_check_has_failed_by_chance_all_is_done_once_more(graded):
    (basic,) = (c.id for c in chosen(["ECHO-3"]) if c.is_basic)
    said = graded(ECHO_3=[FAIL, PASS, PASS], ECHO_4=[Verdict.SKIPPED, PASS])
    assert (said[basic]["verdict"], said["ECHO-4"]["verdict"]) == ("pass", "pass")
