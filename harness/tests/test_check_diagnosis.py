"""From facts to the names of bugs: order, hiding, and that the catalogue hangs together."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from echolab import zoo
from echolab.check import diagnosis
from echolab.check.client import Ending
from echolab.check.diagnosis import Tier, all_bugs, diagnose
from echolab.check.outcomes import Outcome, Verdict
from echolab.models import ROOT

CHECKER = ROOT / "harness" / "echolab" / "check"
# Bugs without a page of their own in the zoo, and why.
WITHOUT_A_PAGE = {
    "data-race": "a report of ThreadSanitizer: the page data-race-list shows one from outside",
    "memory-error": "any other report of a sanitizer",
    "ipv4-only": "said of every server that has no IPv6, as all pages of the zoo",
}


def outcome(verdict: Verdict = Verdict.FAIL, check_id: str = "ECHO-3", **facts) -> Outcome:
    return Outcome(check_id, verdict, facts=facts)


def found(*outcomes: Outcome) -> list[str]:
    return [diagnosis.bug.id for diagnosis in diagnose(outcomes)]


def test_without_facts_nothing_is_diagnosed():
    assert found(outcome()) == []


def test_a_bug_cites_the_failed_checks_whose_facts_it_looked_at():
    (first, *_) = diagnose(
        [
            outcome(
                check_id="ECHO-3",
                hello_ending=Ending.STUCK,
                hello_data=b"",
                released_by="newline",
            ),
            outcome(check_id="RUDE-1", unrelated=1),
        ]
    )
    assert (first.bug.id, first.checks) == ("wait-newline", ("ECHO-3",))


def test_a_pause_that_a_busy_machine_makes_may_show_a_hasty_timeout():
    facts = {"after_hello": Ending.STUCK, "second_ending": Ending.END, "second_answer": b""}
    assert found(outcome(**facts, silence_after_hello=0.9)) == ["hasty-timeout"]
    assert found(outcome(**facts, silence_after_hello=0.2)) == []
    assert found(outcome(**facts, silence_after_hello=0.9, died_after="the first message")) == []


def test_the_most_fundamental_bug_comes_first(monkeypatch):
    rules = {
        "late": (Tier.ADVISORY, diagnosis.certain("a")),
        "early": (Tier.STREAM, diagnosis.possible("b")),
    }
    monkeypatch.setattr(diagnosis, "all_bugs", lambda: _bugs(rules))
    assert found(outcome()) == ["early", "late"]


def test_of_equally_fundamental_bugs_the_surest_comes_first(monkeypatch):
    rules = {
        "a": (Tier.STREAM, diagnosis.possible("a")),
        "b": (Tier.STREAM, diagnosis.certain("b")),
    }
    monkeypatch.setattr(diagnosis, "all_bugs", lambda: _bugs(rules))
    assert found(outcome()) == ["b", "a"]


def test_what_another_bug_hides_comes_last_and_says_so(monkeypatch):
    rules = {
        "sign": (Tier.STREAM, diagnosis.certain("a")),
        "cause": (Tier.HARMS_OTHERS, diagnosis.certain("b")),
    }
    monkeypatch.setattr(diagnosis, "all_bugs", lambda: _bugs(rules, cause=("sign",)))
    first, second = diagnose([outcome()])
    assert (first.bug.id, first.hidden_by) == ("cause", None)
    assert (second.bug.id, second.hidden_by) == ("sign", "cause")


def _bugs(rules: dict, **hides: tuple[str, ...]) -> dict[str, diagnosis.Bug]:
    return {
        name: diagnosis.Bug(
            name, "", tier, "", "", "", lambda _, finding=finding: finding, hides.get(name, ())
        )
        for name, (tier, finding) in rules.items()
    }


def test_what_hides_what_has_no_circles():
    tuple(TopologicalSorter({bug.id: bug.hides for bug in all_bugs().values()}).static_order())


def test_what_is_hidden_exists():
    hidden = {name for bug in all_bugs().values() for name in bug.hides}
    assert hidden - set(all_bugs()) == set()


@pytest.mark.parametrize("bug", all_bugs().values(), ids=lambda bug: bug.id)
def test_every_bug_tells_its_author_what_to_do(bug):
    assert bug.question.rstrip().endswith(("?", ".")), "a question, perhaps with an answer's begin"
    assert all(len(text) > 10 for text in (bug.title, bug.question, bug.pointer, bug.remedy))
    assert bug.rule.__doc__


def test_every_bug_has_a_page_in_the_zoo_or_a_reason():
    pages = {zoo.bug_of(page) for page in zoo.pages()}
    assert set(all_bugs()) - pages - set(WITHOUT_A_PAGE) == set()
    assert pages - set(all_bugs()) == set()


def test_every_page_of_the_zoo_tells_symptom_story_and_fix():
    for page in zoo.pages():
        head = page.read_text()[:2500]
        for word in (f"{zoo.bug_of(page)}:", "The symptom:", "The story:", "The fix:"):
            assert word in head, f"{page.name} does not tell '{word}'"


def test_rules_look_at_facts_that_some_check_states():
    read = _names(CHECKER / "bugs", _facts_read)
    stated = _names(CHECKER, _facts_stated)
    assert read - stated == set()


def _names(directory: Path, of_node) -> set[str]:
    trees = (ast.parse(path.read_text()) for path in directory.rglob("*.py"))
    return {name for tree in trees for node in ast.walk(tree) for name in of_node(node)}


def _facts_read(node: ast.AST) -> list[str]:
    is_reading = (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "facts"
        and isinstance(node.slice, ast.Constant)
    )
    return [node.slice.value] if is_reading else []


def _facts_stated(node: ast.AST) -> list[str]:
    """Names given to state(), and texts that are passed on to it as names."""
    if isinstance(node, ast.keyword) and node.arg:
        return [node.arg]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        return [node.value]
    return []
