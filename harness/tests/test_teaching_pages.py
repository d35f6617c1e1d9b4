"""The lecturer's pages keep up with the exercises of the handouts."""

import re

import pytest

from echolab.course.labs import Lab, all_labs
from echolab.models import ROOT

EXERCISE = re.compile(r"^- \*(Easy|Real|Hard)\.\*", re.MULTILINE)
ANSWER = re.compile(r"^(?:### (Easy|Real|Hard):|- \*(Easy|Real|Hard)\.\*)", re.MULTILINE)
PURPOSE = re.compile(r"^\| (easy|real|hard), ", re.MULTILINE)
CAPSTONE = "07"  # its exercises are arguments, and marked as such


def section(page: str, heading: str) -> str:
    """Returns what stands under the heading that begins so, up to the next of its level."""
    text = (ROOT / "docs" / page).read_text()
    level = heading.partition(" ")[0]
    found = re.search(rf"^{heading}\b.*?(?=^{level} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def exercises(lab: Lab) -> list[str]:
    return EXERCISE.findall(lab.handout.read_text())


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.number)
def test_each_exercise_has_a_model_answer(lab):
    answers = ANSWER.findall(section("model-answers.md", f"## Lab {lab.number}"))
    assert ["".join(answer) for answer in answers] == exercises(lab)


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.number)
def test_the_lecturer_is_told_what_each_exercise_is_after(lab):
    if lab.number == CAPSTONE:
        pytest.skip("its exercises are the argument that the lab is about")
    purposes = PURPOSE.findall(section("teaching.md", f"### {lab.number}"))
    assert [purpose.title() for purpose in purposes] == exercises(lab)


def test_no_page_of_the_course_leads_to_the_answers():
    for lab in all_labs():
        assert "model-answers" not in lab.handout.read_text()
