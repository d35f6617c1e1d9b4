"""Servers of the zoo, handed in as submissions: each gets the diagnosis of its bug.

A handful, in Python, which needs no building. All of them: ./lab zoo bad --graded.
"""

import sys

import pytest

from echolab import zoo
from echolab.check.specimen import Command
from echolab.grading.confinement import Level, best_level
from echolab.grading.zoo_visit import look_at_graded, rubric_of
from echolab.zoo import Inhabitant

NAMES = ("epipe-fatal", "line-length-limit", "eagain-fatal", "not-an-echo")

pytestmark = pytest.mark.skipif(
    best_level() is not Level.FULL, reason="no sandbox with users of its own on this machine"
)


def inhabitant(name: str) -> Inhabitant:
    return Inhabitant(name, Command((sys.executable, str(zoo.page_of(name)), "{port}")), name)


def test_a_handful_of_bad_servers_get_the_diagnoses_of_their_bugs():
    seen = zoo.visit(list(map(inhabitant, NAMES)), 0, 2, lambda _: None, look_at_graded)
    assert {one.inhabitant.name: one.diagnosed[:1] for one in seen} == {n: (n,) for n in NAMES}
    assert all(one.failed for one in seen)


def test_a_model_of_the_kit_is_graded_by_the_rubric_of_its_lab():
    select = Inhabitant("kit/select", Command(("true",)), None, claimed_model="select")
    assert rubric_of(select).lab == "03-select"
