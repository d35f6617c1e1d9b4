"""./lab zoo: who lives there, what is right, and what is printed of it."""

import json

import pytest

from echolab import zoo
from echolab.check.diagnosis import all_bugs
from echolab.check.specimen import Command
from echolab.zoo import Inhabitant, Sighting

BAD = Inhabitant("one-shot", Command(("bad",)), "one-shot")
GOOD = Inhabitant("good/x", Command(("good",)), None)
KNOWN = Inhabitant(
    "known",
    Command(("known",)),
    None,
    known_bugs=frozenset({"emfile-spin"}),
    known_failures=frozenset({"LIMIT-1"}),
)


def seen(inhabitant, diagnosed=(), failed=()) -> Sighting:
    return Sighting(inhabitant, tuple(diagnosed), tuple(failed), (), 1.0)


@pytest.mark.parametrize(
    "sighting, is_right",
    [
        (seen(BAD, ["one-shot", "no-close"], ["ECHO-3"]), True),
        (seen(BAD, ["no-close", "one-shot"], ["ECHO-3"]), False),
        (seen(BAD, [], ["ECHO-3"]), False),
        (seen(GOOD), True),
        (seen(GOOD, ["no-close"], ["RES-3"]), False),
        (seen(GOOD, [], ["RES-3"]), False),
        (seen(KNOWN, ["emfile-spin"], ["LIMIT-1"]), True),
        (seen(KNOWN), True),
        (seen(KNOWN, ["emfile-spin"], ["LIMIT-1", "RES-3"]), False),
        (seen(KNOWN, ["no-close"], ["LIMIT-1"]), False),
    ],
)
def test_what_is_right_of_a_bad_a_good_and_a_known_server(sighting, is_right):
    assert sighting.is_right == is_right


def test_the_matrix_marks_what_is_wrong():
    page = zoo.as_markdown([seen(BAD, ["no-close"], ["ECHO-3"]), seen(GOOD)])
    assert "1 of 2 right" in page
    assert "| no-close (wrong) |" in page
    assert "| `good/x` | nothing |" in page


def test_the_json_says_which_are_right():
    (entry,) = json.loads(zoo.as_json([seen(BAD, ["one-shot"], ["ECHO-3"])]))
    assert (entry["server"], entry["diagnosed"], entry["right"]) == ("one-shot", ["one-shot"], True)


def test_known_findings_are_of_bugs_that_exist_and_have_a_reason():
    for name, finding in zoo.known_findings().items():
        assert set(finding["bugs"]) <= set(all_bugs()), name
        assert len(finding["reason"]) > 40


def test_a_mistyped_name_is_answered_with_the_nearest(lab):
    status, _, errors = lab("run", "zoo/one-shoot")
    assert status == 2
    assert "did you mean 'zoo/one-shot'?" in errors
