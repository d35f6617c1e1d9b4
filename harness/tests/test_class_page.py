"""What is said of a class: in a line, in a table for spreadsheets, and on a page."""

import csv
import dataclasses
import io
import json

import pytest
from invented_grades import HOSTILE, a_class, grade, with_bugs

from echolab import page
from echolab.grading import class_summary
from echolab.grading.class_page import page_of
from echolab.grading.grade import INCONCLUSIVE, NOT_BUILT
from echolab.grading.gradebook import Entry

NO_GRADE = Entry("mallory", reason="its grader was not done after 10 min")


def table_of(*entries):
    return list(csv.DictReader(io.StringIO(class_summary.as_csv(entries), newline="")))


def test_the_table_has_a_row_for_each_with_what_was_lost():
    one = with_bugs(grade("ada", ["ECHO-4", "RES-3"]), "wait-newline", "one-shot")
    (row,) = table_of(Entry("ada", one))
    assert (row["score"], row["max_score"], row["percent"]) == ("40", "60", "66.7")
    assert (row["diagnoses"], row["lost"]) == ("wait-newline one-shot", "ECHO-4 RES-3")


def test_who_has_no_grade_has_no_score_either():
    (row,) = table_of(NO_GRADE)
    assert (row["score"], row["verdict"]) == ("", "not graded")
    assert row["reason"] == NO_GRADE.reason


def test_a_doubt_is_named():
    (row,) = table_of(Entry("ada", grade("ada", ["RES-3"], INCONCLUSIVE)))
    assert (row["verdict"], row["undecided"]) == ("inconclusive", "RES-3")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "=cmd|' /C calc'!A0", " =1"])
def test_no_name_becomes_a_formula(name):
    (row,) = table_of(Entry(name, grade(name)))
    assert row["submission"].startswith("'")


@pytest.mark.parametrize(
    "name, shown", [("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\nb\rc", "a b\\rc"), ("\udcff", "\\udcff")]
)
def test_a_name_cannot_command_the_terminal(name, shown):
    assert class_summary.as_line(Entry(name, grade(name))).startswith(f"{shown}: 60 of 60")


def test_without_a_diagnosis_a_line_says_what_was_seen():
    said = class_summary.as_line(Entry("ada", grade("ada", ["ECHO-4"])))
    assert said.startswith("ada: 50 of 60; ECHO-4: sent 'hello' without a newline; nothing")


def test_the_summary_counts_names_the_bugs_and_names_who_is_in_doubt():
    lines = list(class_summary.summary(a_class()))
    counts = "44 submissions: 41 graded, 1 not built, 1 inconclusive, 1 not graded"
    assert lines[0].startswith(counts)
    assert lines[1].startswith("Most frequent bugs: ")
    assert [line.partition(":")[0] for line in lines[2:-1]] == ["unsure", "mallory"]


def test_a_consequence_is_no_root():
    entry = Entry("ada", with_bugs(grade("ada", ["ECHO-4"]), "wait-newline", "one-shot"))
    assert class_summary.root_bugs_of(entry) == ["wait-newline"]


def test_the_median_leaves_out_whom_it_does_not_know():
    entries = [Entry("ada", grade("ada")), Entry("bob", grade("bob", ["RES-3"], INCONCLUSIVE))]
    assert class_summary.median_percent([*entries, NO_GRADE]) == 100


def headings(entries):
    return [section.heading for section in page_of("03-select", entries, "", "today").sections]


def test_the_page_of_a_class_has_all_sections():
    assert headings(a_class()) == [
        "To be looked at", "Scores", "The class", "Most frequent bugs", "Checks", "What was lost",
    ]  # fmt: skip


def test_the_page_of_a_perfect_class_is_short():
    assert headings([Entry("ada", grade("ada"))]) == ["Scores", "The class", "Checks"]


def test_the_page_of_a_class_that_nobody_has_graded_says_so():
    assert headings([NO_GRADE]) == ["To be looked at", "The class"]


def test_names_and_evidence_are_text_on_the_page():
    html = page.render(page_of("03-select", a_class(), "./lab grade", "today"))
    assert HOSTILE not in html and "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    "output, shown",
    [
        ("$ gcc\na.c:1: error: no ';'\na.c:2: error\ngcc: exit status 1", "a.c:1: error: no ';'"),
        ("it is not built: it has more than 5000 files", "it is not built: it has more than 5000"),
        ("", ""),
    ],
)
def test_why_it_was_not_built_takes_one_row(output, shown):
    one = dataclasses.replace(grade("lin", ["ECHO-1"], NOT_BUILT), build_output=output)
    *_, losses = page_of("x", [Entry("lin", one)], "", "").sections
    ((row,),) = [table.rows for table in losses.blocks]
    assert row[4].startswith(shown) and row[3] == NOT_BUILT


def test_what_was_not_tried_takes_one_row():
    one = grade("eve", ["ECHO-1", "ECHO-4", "RES-3"])
    checks = [
        dataclasses.replace(check, verdict="skipped", evidence="ECHO-1 failed already")
        if check.id in ("ECHO-4", "RES-3")
        else check
        for check in one.checks
    ]
    entry = Entry("eve", dataclasses.replace(one, checks=tuple(checks)))
    *_, losses = page_of("x", [entry], "", "").sections
    (table,) = losses.blocks
    assert [row[2].text for row in table.rows] == ["10", "20"]
    assert table.rows[1][4].text == "2 checks: ECHO-1 failed already"


def test_each_score_is_in_one_bin():
    sections = page_of("x", a_class(), "", "").sections
    ((chart,),) = [section.blocks for section in sections if section.heading == "Scores"]
    (data,) = chart.configuration["data"]["datasets"]
    assert sum(data["data"]) == 43 and json.dumps(data)
