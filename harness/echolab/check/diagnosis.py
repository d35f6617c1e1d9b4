"""From facts to the names of bugs."""

import enum
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from echolab.check.outcomes import Outcome, Verdict
from echolab.check.trial import Facts


class Tier(enum.IntEnum):
    """How fundamental a bug is: what comes first hides, or causes, what comes later."""

    UNDEFINED = 0  # the rules of the language are broken: anything may follow
    NOTHING_WORKS = 1
    STREAM = 2  # one client's bytes do not come back
    HARMS_OTHERS = 3  # one client harms another
    DIES_OR_LEAKS = 4  # a client kills the server, or takes something from it for ever
    LIMITS_AND_LIFE = 5  # at the limits, at the start, at the end
    ADVISORY = 6  # worth knowing, and not wrong for everybody


class Confidence(enum.StrEnum):
    """How sure a diagnosis is."""

    CERTAIN = "certain"  # nothing else looks like that
    LIKELY = "likely"  # something else might, and is rarer
    POSSIBLE = "possible"  # it fits


@dataclass(frozen=True)
class Finding:
    """That a rule holds, how surely, and what was seen."""

    confidence: Confidence
    evidence: str


def certain(evidence: str) -> Finding:
    """Nothing else looks like that."""
    return Finding(Confidence.CERTAIN, evidence)


def likely(evidence: str) -> Finding:
    """Something else might look like that, and is rarer."""
    return Finding(Confidence.LIKELY, evidence)


def possible(evidence: str) -> Finding:
    """It fits what was seen."""
    return Finding(Confidence.POSSIBLE, evidence)


Rule = Callable[[Facts], Finding | None]


@dataclass(frozen=True)
class Bug:
    """A classic bug: how it is known, and what is said to its author."""

    id: str
    title: str  # "waits for a newline before it echoes"
    tier: Tier
    question: str  # the first hint: what to ask oneself
    pointer: str  # the second: where to read about it
    remedy: str  # the third: what to write
    rule: Rule
    hides: tuple[str, ...]  # the ids of bugs whose signs it may cause


_bugs: dict[str, Bug] = {}


def bug(
    bug_id: str,
    title: str,
    *,
    tier: Tier,
    question: str,
    pointer: str,
    remedy: str,
    hides: tuple[str, ...] = (),
):
    """Makes a bug of a rule: a function that returns a Finding where the facts show the bug."""

    def register(rule: Rule) -> Rule:
        assert bug_id not in _bugs, f"two bugs are called {bug_id}"
        _bugs[bug_id] = Bug(bug_id, title, tier, question, pointer, remedy, rule, hides)
        return rule

    return register


def all_bugs() -> dict[str, Bug]:
    """Returns all bugs by their ids, the most fundamental first."""
    from echolab.check import bugs

    for module in pkgutil.iter_modules(bugs.__path__):
        importlib.import_module(f"{bugs.__name__}.{module.name}")
    return dict(sorted(_bugs.items(), key=lambda item: (item[1].tier, item[0])))


@dataclass(frozen=True)
class Diagnosis:
    """One bug that the server seems to have."""

    bug: Bug
    finding: Finding
    checks: tuple[str, ...]  # that failed and stated what the rule looked at
    hidden_by: str | None = None  # the bug that may cause these signs, too


class _Reading(Facts):
    """Facts that remember which of them a rule has looked at."""

    def __init__(self, facts: Facts):
        super().__init__(facts)
        self.looked_at: set[str] = set()

    def __getitem__(self, name: str):
        self.looked_at.add(name)
        return super().__getitem__(name)


def diagnose(outcomes: Iterable[Outcome]) -> list[Diagnosis]:
    """Returns the bugs that the facts of all checks show, the root cause first.

    First come those that no other one found hides, the most fundamental and surest before others;
    then those that may disappear with it.
    """
    outcomes = list(outcomes)
    facts = Facts()
    stated_by: dict[str, list[str]] = {}
    for outcome in outcomes:
        facts.update(outcome.facts)
        for name in outcome.facts:
            stated_by.setdefault(name, []).append(outcome.check_id)
    failed = {o.check_id for o in outcomes if o.verdict in (Verdict.FAIL, Verdict.NON_STRICT)}
    found = []
    for bug in all_bugs().values():
        reading = _Reading(facts)
        if finding := bug.rule(reading):
            cited = [check for name in reading.looked_at for check in stated_by.get(name, ())]
            found.append(Diagnosis(bug, finding, tuple(sorted(failed.intersection(cited)))))
    return _in_order(found)


def _in_order(found: list[Diagnosis]) -> list[Diagnosis]:
    ids = [diagnosis.bug.id for diagnosis in found]
    hidden = {
        hidden_id: diagnosis.bug.id
        for diagnosis in reversed(found)
        for hidden_id in diagnosis.bug.hides
        if hidden_id in ids
    }
    marked = [
        Diagnosis(d.bug, d.finding, d.checks, hidden.get(d.bug.id)) for d in found
    ]
    sureness = list(Confidence)
    return sorted(
        marked,
        key=lambda d: (d.hidden_by is not None, d.bug.tier, sureness.index(d.finding.confidence)),
    )
