"""./lab grade --all: what is typed, what is printed, what is left behind."""

import csv
import os
import shlex
import shutil
import signal
import subprocess

import pytest
from invented_grades import LAB, grade

from echolab.grading import class_command
from echolab.grading.class_command import CSV, PAGE
from echolab.grading.class_progress import ClassProgress
from echolab.grading.fingerprint import fingerprint
from echolab.grading.gradebook import conditions_of, note_conditions
from echolab.models import ROOT

SECONDS = 500
WITH_ALL = "--jobs, --time-limit, --again and --gather go with --all"
NO_PYTHON = "def serve(:\n"


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A directory in which the submissions in class/ are graded by scripts of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()

    def command(_grader, submission, out):
        return ["sh", str(submission / "grader"), str(out)]

    monkeypatch.setattr(class_command._Grader, "command", command)
    return tmp_path


def hand_in(room, name, given=None, grader=None):
    """Adds a submission whose grader leaves the grade that is given."""
    ready = room / "ready" / f"{name}.json"
    ready.parent.mkdir(exist_ok=True)
    ready.write_text((given or grade(name)).to_json())
    directory = room / "class" / name
    directory.mkdir()
    script = grader or f'cp {shlex.quote(str(ready))} "$1/grade.json"'
    (directory / "grader").write_text(script)
    note_conditions(ready, fingerprint(directory), conditions_of(LAB, None, ()))


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["grade", "03", "--jobs", "2"], WITH_ALL),
        (["grade", "03", "--gather"], WITH_ALL),
        (["grade", "03", "--all", ".", "--submission", "x"], "--submission is one, --all a class"),
        (["grade", "03", "--all", "nobody"], "cannot read nobody: No such file or directory"),
        (["grade", "03", "--all", "class"], "class has no submission in it"),
        (["grade", "99", "--all", "class"], "unknown lab '99'"),
        (["autograder", "99", "--out", "it.zip"], "unknown lab '99'"),
    ],
)
def test_what_makes_no_sense_is_bad_usage_in_a_line(lab, room, arguments, complaint):
    status, _, complaints = lab(*arguments)
    assert status == 2 and f"lab: {complaint}" in complaints


def test_a_class_is_graded_printed_and_written(lab, room):
    hand_in(room, "ada")
    hand_in(room, "bob", grade("bob", ["ECHO-4"]))
    (room / "class" / "notes.txt").touch()
    status, output, said = lab("grade", "03", "--all", "class", "--format", "markdown")
    out = room / "grades" / LAB
    assert status == 0
    assert "no directories: notes.txt" in said and "bob: 50 of 60; ECHO-4: " in said
    assert output.startswith("2 submissions: 2 graded; median 92 %\n")
    rows = list(csv.DictReader((out / CSV).open(newline="")))
    assert [(row["submission"], row["score"]) for row in rows] == [("ada", "60"), ("bob", "50")]
    assert "bob" in (out / PAGE).read_text()
    assert (out / "bob" / "grade.json").exists() and (out / "bob" / "grade.md").exists()


def test_the_second_time_nobody_is_graded(lab, room):
    hand_in(room, "ada")
    lab("grade", "03", "--all", "class")
    (room / "ready" / "ada.json").unlink()  # whoever were graded now would get nothing
    status, output, said = lab("grade", "03", "--all", "class")
    assert (status, said) == (0, "") and output.startswith("1 submission: 1 graded")


def test_gathering_grades_nobody_and_names_who_is_missing(lab, room):
    hand_in(room, "ada")
    lab("grade", "03", "--all", "class", "--out", "grades")
    hand_in(room, "bob")
    status, output, said = lab("grade", "03", "--all", "class", "--out", "grades", "--gather")
    assert (status, said) == (3, "")
    assert "bob: not graded: not graded yet" in output


def test_ctrl_c_shows_and_keeps_what_is_there(lab, room, monkeypatch):
    hand_in(room, "ada")
    hand_in(room, "mallory", grader="sleep 1000")

    def press_ctrl_c(_progress, _entry):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ClassProgress, "after", press_ctrl_c)
    status, output, said = lab("grade", "03", "--all", "class", "--jobs", "2")
    assert (status, said.strip()) == (130, "lab: interrupted by SIGINT")
    assert output.startswith("2 submissions: 1 graded, 1 not graded")
    assert (room / "grades" / LAB / CSV).exists() and (room / "grades" / LAB / PAGE).exists()


def test_no_submission_takes_the_place_of_the_results(lab, room):
    hand_in(room, CSV)
    status, _, said = lab("grade", "03", "--all", "class")
    assert (status, said) == (2, f"lab: class: no submission can be called {CSV}\n")


def test_results_do_not_lie_among_the_submissions(lab, room):
    hand_in(room, "ada")
    (room / "class" / "grades").mkdir()
    status, _, said = lab("grade", "03", "--all", "class", "--out", "class/grades")
    assert status == 2 and "class/grades lies where the submissions are" in said


def real_class(directory):
    for name in ("ada", "bob"):
        (directory / "class" / name).mkdir(parents=True)
        (directory / "class" / name / "server.py").write_text(NO_PYTHON)
    return ["--all", str(directory / "class"), "--out", str(directory / "grades")]


def test_the_true_grader_is_a_process_for_each_whose_grade_is_taken(lab, tmp_path):
    status, output, _ = lab("grade", "03", *real_class(tmp_path))
    assert status == 0 and output.startswith("2 submissions: 2 not built; median 0 %")


@pytest.mark.skipif(not shutil.which("parallel"), reason="GNU parallel is not installed")
def test_what_gnu_parallel_has_graded_is_gathered(lab, tmp_path):
    options = real_class(tmp_path)
    one = "./lab --no-install grade 03 --submission {class}/{{}} --format json --out {grades}/{{}}"
    command = one.format_map({"class": tmp_path / "class", "grades": tmp_path / "grades"})
    subprocess.run(
        ["parallel", "--will-cite", "--jobs", "2", "--sshlogin", ":", command, ":::", "ada", "bob"],
        cwd=ROOT, env={**os.environ, "HOME": str(tmp_path)}, check=True, capture_output=True,
        timeout=SECONDS,
    )  # fmt: skip
    status, output, said = lab("grade", "03", *options, "--gather")
    assert (status, said) == (0, "") and output.startswith("2 submissions: 2 not built")
