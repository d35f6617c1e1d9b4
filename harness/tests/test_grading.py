"""Grades, rubrics, points, and the files that others read. Nothing is built or checked here."""

import csv as csv_module
import dataclasses
import json
import xml.etree.ElementTree as xml

import pytest

from echolab.commands import grading
from echolab.errors import BadUsage, LabError
from echolab.grading import advice
from echolab.grading.cohort import rubric_of_cohort
from echolab.grading.confinement import WHAT_IS_MISSING, Level
from echolab.grading.formats import FORMATS, classroom50, csv, write
from echolab.grading.grade import GRADED, INCONCLUSIVE, NOT_BUILT, Grade, GradedCheck
from echolab.grading.rubric import all_rubrics, find_rubric, read_rubric
from echolab.grading.scoring import Found, graded_checks, printable

RUBRIC = """
title = "A lab"
model = "select"
missed_should = 0.5
[points]
ECHO-1 = 6
ECHO-9 = 2
CONC-1 = 2
"""
BUG = {
    "bug": "wait-newline",
    "title": "waits for a newline",
    "confidence": "certain",
    "evidence": "'hello' came back late",
    "hint": {"question": "What if none comes?", "pointer": "recv(2)", "remedy": "echo what came"},
    "checks": ["ECHO-3"],
    "may_disappear_with": None,
}
OTHER_BUG = {**BUG, "bug": "no-close", "may_disappear_with": "wait-newline"}
CHECKS = (
    GradedCheck("ECHO-1", "bytes come back", "pass", 6.0, 6.0, "", 0.5),
    GradedCheck("ECHO-3", "at once", "fail", 0.0, 3.0, "it | did <b>not</b>\nanswer", 1.25),
    GradedCheck("ECHO-9", "not held back", "non-strict", 0.5, 1.0, "held back", 0.1),
)
GRADE = Grade(
    "anna", "03-select", 6.5, 10.0, GRADED, CHECKS, (BUG, OTHER_BUG), 12.3, "$ g++ server.cpp\n"
)
UNSURE = dataclasses.replace(
    GRADE,
    verdict=INCONCLUSIVE,
    checks=(*CHECKS, GradedCheck("RES-3", "given back", "inconclusive", 0.0, 2.0, "busy", 60.0)),
)
NOTHING = dataclasses.replace(GRADE, verdict=NOT_BUILT, score=0.0, diagnoses=())


@pytest.fixture
def rubric(tmp_path):
    """A rubric of three checks."""
    path = tmp_path / "03-lab.toml"
    path.write_text(RUBRIC)
    return read_rubric(path)


def found(**verdicts: tuple[str, str]) -> Found:
    """Returns what a sandbox says that has seen these verdicts and messages."""
    said = Found()
    said.take({"built": True, "output": ""})
    for check_id, (verdict, message) in verdicts.items():
        name = check_id.replace("_", "-")
        said.take({"check": {"id": name, "verdict": verdict, "message": message, "seconds": 1.0}})
    return said


def points(rubric, **verdicts) -> list[float]:
    return [check.points for check in graded_checks(rubric, found(**verdicts))]


ALL_PASS = {"ECHO_1": ("pass", ""), "ECHO_9": ("pass", ""), "CONC_1": ("pass", "")}


# Rubrics


@pytest.mark.parametrize("lab", all_rubrics())
def test_a_labs_points_are_a_hundred(lab):
    assert find_rubric(lab).max_score == 100


def test_each_lab_of_the_course_with_a_server_has_a_rubric():
    assert [lab[:2] for lab in all_rubrics()] == ["01", "02", "03", "04", "05", "06"]


def test_a_lab_is_found_by_the_beginning_of_its_name():
    assert find_rubric("03").lab == find_rubric("03-sel").lab == "03-select"


@pytest.mark.parametrize("lab", all_rubrics())
def test_a_cohort_is_asked_for_its_variant_too_and_can_get_as_many_points(lab):
    rubric = rubric_of_cohort(find_rubric(lab), seed=7)
    assert rubric.max_score == 100
    assert rubric.service == "polite" and rubric.variant_points.keys() <= rubric.points.keys()


def test_last_years_solution_loses_the_points_of_the_variant():
    rubric = rubric_of_cohort(find_rubric("01"), seed=7)
    said = {check_id.replace("-", "_"): ("pass", "") for check_id in rubric.points}
    everything = sum(points(rubric, **said))
    last_years = sum(points(rubric, **{**said, "SERV_12": ("fail", "no farewell")}))
    assert (everything, last_years) == (pytest.approx(100), pytest.approx(92))


@pytest.mark.parametrize("name", ["", "0", "09", "select"])
def test_a_name_that_no_lab_or_several_begin_with_is_refused(name):
    with pytest.raises(BadUsage, match="unknown lab"):
        find_rubric(name)


@pytest.mark.parametrize(
    "mistake, said",
    [
        ("ECHO-1 = 6", "ECHO-77 = 6"),
        ("ECHO-1 = 6", "ECHO-1 = -6"),
        ("ECHO-1 = 6", "ECHO-1 = 1.5"),
        ('"select"', '"selecd"'),
        ("[points]", "[point]"),
        ("[points]", "points"),
    ],
)
def test_a_mistake_in_a_rubric_is_told_with_its_file(mistake, said, tmp_path):
    path = tmp_path / "03-lab.toml"
    path.write_text(RUBRIC.replace(mistake, said))
    with pytest.raises(BadUsage, match="03-lab.toml: this is no rubric"):
        read_rubric(path)


# Points


def test_who_passes_everything_gets_all_points(rubric):
    assert points(rubric, **ALL_PASS) == [6, 2, 2]


def test_each_check_that_fails_costs_its_own_points_only(rubric):
    assert points(rubric, **{**ALL_PASS, "ECHO_1": ("fail", "no")}) == [0, 2, 2]


def test_where_a_should_is_missed_part_of_the_points_is_left(rubric):
    assert points(rubric, **{**ALL_PASS, "ECHO_9": ("non-strict", "late")}) == [6, 1, 2]


def test_what_was_not_tried_because_of_a_failure_is_lost(rubric):
    verdicts = {
        "ECHO_1": ("fail", "no"),
        "ECHO_9": ("skipped", "ECHO-1 failed already"),
        "CONC_1": ("skipped", "even a single client is not served: see ECHO-3"),
    }
    assert points(rubric, **verdicts) == [0, 0, 0]


def test_what_does_not_concern_a_server_counts_for_nobody_and_the_rest_for_more(rubric):
    checks = graded_checks(
        rubric, found(**{**ALL_PASS, "ECHO_1": ("skipped", "it starts no process for a client")})
    )
    assert [check.max_points for check in checks] == [0, 5, 5]
    assert sum(check.points for check in checks) == 10


def test_a_server_that_lets_nobody_trace_it_is_for_a_person_to_judge(rubric):
    message = "strace cannot attach: Operation not permitted"
    (check, *_) = graded_checks(rubric, found(**{**ALL_PASS, "ECHO_1": ("skipped", message)}))
    assert (check.verdict, check.points, check.max_points) == (INCONCLUSIVE, 0, 6)


def test_what_nobody_has_told_is_inconclusive_and_says_why(rubric):
    said = Found(trouble="the sandbox has ended before its time")
    checks = graded_checks(rubric, said)
    assert {check.verdict for check in checks} == {INCONCLUSIVE}
    assert {check.evidence for check in checks} == {said.trouble}


def test_a_later_verdict_on_a_check_takes_the_place_of_an_earlier_one(rubric):
    said = found(**{**ALL_PASS, "ECHO_1": ("fail", "no")})
    said.take({"check": {"id": "ECHO-1", "verdict": "pass", "message": "", "seconds": 1.0}})
    assert graded_checks(rubric, said)[0].points == 6


def test_what_would_command_a_terminal_is_shown_instead():
    assert printable("a\x1b[2Jb\x00\u202e\n\té") == "a\\x1b[2Jb\\x00\\u202e\n\té"


# JSON


def test_a_grade_comes_back_from_its_json():
    assert Grade.from_json(UNSURE.to_json()) == UNSURE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "echolab-grade/9"}', "null"])
def test_what_is_no_grade_is_refused(text):
    with pytest.raises(BadUsage, match="this is no grade"):
        Grade.from_json(text)


# Hints


def test_without_hints_no_bug_is_named():
    assert advice.diagnoses(GRADE, "none") == []


def test_the_first_hint_is_the_root_cause_and_its_question():
    ((title, told),) = advice.diagnoses(GRADE, "first")
    assert title.startswith("wait-newline (certain)")
    assert told == ["Evidence: 'hello' came back late", "Ask yourself: What if none comes?"]


def test_all_hints_are_every_bug_and_every_tier():
    text = advice.text(GRADE, "all")
    for said in ("wait-newline", "no-close", "recv(2)", "echo what came", "disappear with"):
        assert said in text


def test_a_score_that_is_not_final_says_so_and_names_the_checks():
    said = advice.summary(UNSURE)
    assert "at least 6.5 of 10" in said and "not final" in said and "RES-3" in said


# Formats, by their documented fields

GRADESCOPE = {
    "score": (int, float), "execution_time": int, "output": str, "output_format": str,
    "test_output_format": str, "test_name_format": str, "visibility": str,
    "stdout_visibility": str, "extra_data": dict, "tests": list, "leaderboard": list,
}  # fmt: skip
GRADESCOPE_TEST = {
    "score": (int, float), "max_score": (int, float), "status": str, "name": str,
    "name_format": str, "number": str, "output": str, "output_format": str, "tags": list,
    "visibility": str, "extra_data": dict,
}  # fmt: skip
OUTPUT_FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
CLASSROOM50 = {
    "schema": str, "classroom": str, "assignment": str, "submission": str, "commit": str,
    "release": str, "review": str, "datetime": str, "score": int, "max-score": int, "tests": list,
}  # fmt: skip
CLASSROOM50_TEST = {"test-name": str, "passed": bool, "score": int, "max-score": int}


def rendered(name: str, grade: Grade = GRADE, hints: str = "first") -> str:
    return FORMATS[name][1](grade, hints)


def assert_fields(found: dict, known: dict) -> None:
    for name, kind in known.items():
        assert name in found and isinstance(found[name], kind), (name, found.get(name))


@pytest.mark.parametrize("grade", [GRADE, UNSURE, NOTHING], ids=["graded", "unsure", "not built"])
def test_gradescope_gets_its_documented_fields_and_no_others(grade):
    result = json.loads(rendered("gradescope", grade))
    assert_fields(result, GRADESCOPE)
    assert result.keys() == GRADESCOPE.keys()
    assert result["output_format"] in OUTPUT_FORMATS and result["visibility"] in VISIBILITIES
    assert len(result["tests"]) == len(grade.checks)
    for test in result["tests"]:
        assert_fields({"status": "passed", **test}, GRADESCOPE_TEST)
        assert test.keys() <= GRADESCOPE_TEST.keys()
        assert test.get("status", "passed") in ("passed", "failed")
        assert test["visibility"] in VISIBILITIES and test["output_format"] in OUTPUT_FORMATS
    for entry in result["leaderboard"]:
        assert entry.keys() <= {"name", "value", "order"} and entry["name"]


def test_gradescope_is_told_neither_passed_nor_failed_of_what_could_not_be_told():
    tests = json.loads(rendered("gradescope", UNSURE))["tests"]
    assert [test.get("status") for test in tests] == ["passed", "failed", "failed", None]


def test_classroom50_gets_its_documented_fields(monkeypatch):
    for name in ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL"):
        monkeypatch.setenv(name, f"its {name}")
    monkeypatch.delenv("REVIEW_URL", raising=False)
    result = json.loads(rendered("classroom50"))
    assert_fields(result, CLASSROOM50)
    assert result["schema"] == "classroom50/result/v1"
    assert result["classroom"] == "its CLASSROOM"
    assert result["review"] == result["commit"] == "its COMMIT_URL"
    for test in result["tests"]:
        assert_fields(test, CLASSROOM50_TEST)


def test_classroom50s_score_is_the_sum_of_its_tests():
    result = json.loads(rendered("classroom50", UNSURE))
    for field in ("score", "max-score"):
        assert result[field] == sum(test[field] for test in result["tests"])


def test_classroom50_can_be_tried_outside_its_runner():
    result = json.loads(classroom50.render(GRADE, "none", {}))
    assert all(result[name] for name in CLASSROOM50 if name != "tests")


def test_junit_counts_what_failed_and_what_could_not_be_told_apart():
    suite = xml.fromstring(rendered("junit", UNSURE))
    assert suite.tag == "testsuite"
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "2", "errors": "1", "skipped": "0"}
    assert [case.get("classname") for case in suite.iter("testcase")][-1] == "RES"


def test_csv_is_a_header_and_a_line():
    header, line = csv_module.reader(rendered("csv").splitlines())
    assert tuple(header) == csv.HEADER
    assert dict(zip(header, line))["bug"] == "wait-newline"


def test_no_spreadsheet_takes_a_name_for_a_formula():
    hostile = dataclasses.replace(GRADE, submission='=HYPERLINK("http://x")')
    _, line = csv_module.reader(rendered("csv", hostile).splitlines())
    assert line[0].startswith("'=")


def test_markdown_shows_evidence_as_it_is():
    text = rendered("markdown")
    assert "it \\| did \\<b\\>not\\</b\\> answer" in text


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_written_to_its_file(name, tmp_path):
    path = write(GRADE, name, tmp_path / "new" / "directory", "first")
    assert path.name == FORMATS[name][0]
    assert path.read_text() == rendered(name) or name == "classroom50"  # which has the time in it


def test_a_link_in_the_place_of_a_result_is_replaced_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "results.json").symlink_to(precious)
    write(GRADE, "gradescope", tmp_path, "first")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "results.json").is_symlink()


def test_what_cannot_be_written_is_one_line_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "results.json").mkdir()
    with pytest.raises(LabError, match="cannot write .*results.json: Is a directory"):
        write(GRADE, "gradescope", tmp_path, "first")
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


# The command


@pytest.fixture
def graded(lab, monkeypatch, tmp_path):
    """Runs ./lab grade where grading gives a certain grade; returns what lab() does."""

    def run(grade: Grade, *options: str):
        monkeypatch.setattr(grading, "grade_submission", lambda *_arguments: grade)
        monkeypatch.setattr(grading, "best_level", lambda: Level.FULL)
        return lab("grade", "03", "--out", str(tmp_path), *options)

    return run


def test_it_tells_what_was_lost_and_why_and_closes_on_the_score(graded):
    status, output, _ = graded(GRADE)
    assert status == 0
    assert "ECHO-3" in output and "Ask yourself" in output
    assert output.splitlines()[-1] == "anna, lab 03-select: 6.5 of 10 points"


def test_several_formats_are_written_at_once(graded, tmp_path):
    graded(GRADE, "--format", "gradescope", "--format", "junit")
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "junit.xml"}


@pytest.mark.parametrize(
    "grade, options, expected",
    [
        (GRADE, (), 0),
        (NOTHING, (), 0),
        (UNSURE, (), 3),
        (UNSURE, ("--format", "classroom50"), 0),
    ],
)
def test_only_what_could_not_be_told_changes_the_exit_status(graded, grade, options, expected):
    assert graded(grade, *options)[0] == expected


def test_what_was_not_built_shows_the_compilers_words(graded):
    assert "$ g++ server.cpp" in graded(NOTHING)[1]


def test_what_this_machine_cannot_do_is_said_in_one_line(lab, monkeypatch):
    monkeypatch.setattr(grading, "best_level", lambda: Level.ONE_USER)
    monkeypatch.setattr(grading, "grade_submission", lambda *_arguments: GRADE)
    _, _, errors = lab("grade", "03")
    assert errors == f"lab: {WHAT_IS_MISSING[Level.ONE_USER]}\n"


def test_a_submission_that_is_not_there_is_bad_usage(lab, tmp_path):
    status, _, errors = lab("grade", "03", "--submission", str(tmp_path / "nowhere"))
    assert status == 2
    assert errors.splitlines()[-1].endswith("is no directory: a submission is one")
