"""What a reader predicts is asked, kept, and held against what is measured."""

import json

import pytest
from echolab.course import labs, prediction
from echolab.course.answers import YES_OR_NO, choice, quantity
from echolab.course.registry import MEASUREMENTS, Measurement, find_measurement
from echolab.errors import BadUsage, CannotRun, LabError
from echolab.server_process import ServerCannotRun


@pytest.fixture
def file(tmp_path):
    """Where the answers are kept."""
    return tmp_path / "predictions.json"


def predicted(lab, file, *typed):
    """Answers the lab's questions by what is typed; returns all that was said."""
    said, keys = [], iter(typed)
    prediction.predict(lab, file, lambda question: said.append(question) or next(keys), said.append)
    return "\n".join(said)


def revealed(lab, file):
    """Returns what is said when the answers are measured."""
    said = []
    prediction.reveal(lab, file, said.append)
    return "\n".join(said)


@pytest.mark.parametrize(
    "name", [question.name for lab in labs.all_labs() for question in labs.questions(lab)]
)
def test_each_question_of_a_handout_can_be_measured(name, programs):
    measurement = find_measurement(name)
    try:
        measured = measurement.measure()
    except (CannotRun, ServerCannotRun) as reason:
        pytest.skip(str(reason))
    assert measured.seen
    judgement = measurement.kind.compare(measured.value, measured.value)
    assert judgement.lower().endswith("as you said.")


def test_a_question_on_the_line_of_its_comment_is_refused_rather_than_cut(tmp_path):
    handout = tmp_path / "08-new.md"
    handout.write_text("# Lab 08\n\n1. <!-- question: backlog --> How many\n   fit?\n")
    with pytest.raises(LabError, match="new line behind the comment: How many"):
        labs.questions(labs.Lab("08", "Lab 08", handout))


def test_a_lab_is_found_by_its_number_and_by_its_name():
    assert labs.find_lab("00") == labs.find_lab("00-sockets-by-hand")
    with pytest.raises(BadUsage, match="unknown lab '99'"):
        labs.find_lab("99")


def test_what_was_answered_is_kept_as_it_was_typed(file):
    predicted(labs.find_lab("00"), file, "yes", "", "64 kB", "2 s", "n")
    answers = json.loads(file.read_text())["00"]
    assert {name: answer["answer"] for name, answer in answers.items()} == {
        "connect-before-accept": "yes",
        "one-send-of-much": "64 kB",
        "nobody-listens": "2 s",
        "datagram-to-nobody": "n",
    }


def test_an_answer_that_is_none_is_asked_for_again(file):
    said = predicted(labs.find_lab("00"), file, "perhaps", "y", "", "", "", "")
    assert "yes or no?" in said
    assert list(json.loads(file.read_text())["00"]) == ["connect-before-accept"]


def test_what_was_predicted_is_set_beside_what_was_measured(file):
    predicted(labs.find_lab("00"), file, "no", "either", "", "3 s", "no")
    said = revealed(labs.find_lab("00"), file)
    assert "you:      no\n   measured: connect returned" in said
    assert "Not what you expected" in said
    assert "As you said." in said
    assert "you:      (passed)" in said
    assert "times less than you said." in said or "as you said" in said


def test_what_cannot_be_measured_here_is_said_and_the_next_is_measured(file, monkeypatch):
    def cannot():
        raise CannotRun("the kernel forbids it")

    unmeasurable = Measurement("connect-before-accept", YES_OR_NO, cannot)
    monkeypatch.setitem(MEASUREMENTS, unmeasurable.name, unmeasurable)
    predicted(labs.find_lab("00"), file, "yes", "either", "", "", "")
    said = revealed(labs.find_lab("00"), file)
    assert "measured: not on this machine: the kernel forbids it" in said
    assert "measured: recv returned" in said


def test_nothing_is_revealed_to_who_has_predicted_nothing(file):
    with pytest.raises(LabError, match="predict 00"):
        revealed(labs.find_lab("00"), file)


def test_a_file_of_something_else_is_left_as_it_is(file):
    file.write_text("[1, 2]")
    with pytest.raises(BadUsage, match="holds no predictions"):
        predicted(labs.find_lab("00"), file)
    assert file.read_text() == "[1, 2]"


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (YES_OR_NO, "Y", True),
        (choice("three", "six"), "th", "three"),
        (quantity("time", "3 s"), "250ms", 0.25),
        (quantity("time", "3 s"), "3", 3.0),
        (quantity("bytes", "64 kB"), "2 MiB", 2 * 1024**2),
        (quantity("bytes", "64 kB"), "1,000", 1000.0),
    ],
)
def test_answers_are_read_with_their_units(kind, typed, value):
    assert kind.read(typed) == value


@pytest.mark.parametrize(
    ("guess", "said"),
    [(100, "Exactly as you said."), (60, "Close to what you said."),
     (10, "10 times more than you said."), (1000, "10 times less than you said.")],
)
def test_a_guess_is_judged_kindly_and_exactly(guess, said):
    assert quantity("count", "3").compare(guess, 100) == said
