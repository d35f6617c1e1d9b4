"""./lab zoo: who lives there, what is right, and what is printed of it."""

import json

import pytest

from echolab import zoo, zoo_reports
from echolab.check.diagnosis import all_bugs
from echolab.check.specimen import Command
from echolab.zoo import Inhabitant, Sighting
from echolab.zoo_log import Log, missing

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
    page = zoo_reports.as_markdown([seen(BAD, ["no-close"], ["ECHO-3"]), seen(GOOD)])
    assert "1 of 2 right" in page
    assert "| no-close (wrong) |" in page
    assert "| `good/x` | nothing |" in page


def test_the_json_says_which_are_right():
    (entry,) = json.loads(zoo_reports.as_json([seen(BAD, ["one-shot"], ["ECHO-3"])]))
    assert (entry["server"], entry["diagnosed"], entry["right"]) == ("one-shot", ["one-shot"], True)


def test_the_summary_says_how_often_each_was_right_and_what_was_said_instead():
    wrong = [seen(BAD, ["no-close"], ["RES-3"])] * 2
    (bad, good) = zoo_reports.summary([seen(BAD, ["one-shot"]), *wrong, seen(GOOD)])
    assert bad == "one-shot: right 1 of 3, median 1.0 s, worst 1.0 s; 2 times no-close"
    assert good == "good/x: right 1 of 1, median 1.0 s, worst 1.0 s"


def test_what_is_in_the_log_counts_when_a_long_run_goes_on(tmp_path):
    before = seen(BAD, ["one-shot", "no-close"], ["ECHO-3"])
    Log(tmp_path / "log", load=2).add(before)
    found = Log(tmp_path / "log", load=2).sightings([BAD, GOOD])
    assert found == [before]
    assert missing([BAD, GOOD], 2, found) == [GOOD, BAD, GOOD]


def test_what_was_seen_beside_another_load_does_not_count(tmp_path):
    Log(tmp_path / "log", load=0).add(seen(BAD))
    assert Log(tmp_path / "log", load=2).sightings([BAD]) == []


def test_a_log_that_is_none_is_refused_with_its_line(lab, tmp_path, programs):
    (tmp_path / "log").write_text("no JSON\n")
    status, _, errors = lab("zoo", "one-shot", "--log", str(tmp_path / "log"))
    assert status == 2
    assert "log, line 1: this is no sighting" in errors


def test_groups_and_patterns_name_several(programs):
    names = [i.name for i in zoo.inhabitants(["kit", "one-*", "one-shot"])]
    assert {"kit/epoll", "one-shot", "one-client-at-a-time"} <= set(names)
    assert names.count("one-shot") == 1
    assert not any(i.bug for i in zoo.inhabitants(["good"]))


def test_a_server_whose_language_is_missing_is_left_out_with_the_remedy(monkeypatch, programs):
    monkeypatch.setattr(zoo.shutil, "which", lambda program: None)
    assert zoo.left_out_here()["good/go-server"] == "there is no go: apt-get install golang-go"
    assert "good/go-server" not in {i.name for i in zoo.inhabitants(["good"])}


def test_known_findings_are_of_bugs_that_exist_and_have_a_reason():
    for name, finding in zoo.known_findings().items():
        assert set(finding["bugs"]) <= set(all_bugs()), name
        assert len(finding["reason"]) > 40


def test_a_mistyped_name_is_answered_with_the_nearest(lab):
    status, _, errors = lab("run", "zoo/one-shoot")
    assert status == 2
    assert "did you mean 'zoo/one-shot'?" in errors
