"""An examination for people, on the terminal."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from echolab.check.diagnosis import Bug, Diagnosis
from echolab.check.outcomes import Difference, Outcome, Verdict
from echolab.check.registry import Check
from echolab.check.replay import file_name
from echolab.check.reports import hex_dump
from echolab.check.runner import FAILED_ALREADY
from echolab.check.verdict import Conformance, Examination

HINTS = ("none", "question", "pointer", "remedy")
FAILURES_TOLD = 3
STEPS_SHOWN = 30
STDERR_LINES_SHOWN = 12
STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.NON_STRICT: "yellow",
    Verdict.INFO: "cyan",
    Verdict.SKIPPED: "dim",
    Verdict.INCONCLUSIVE: "magenta",
}
CONFORMANCE_STYLES = {
    Conformance.CONFORMING: "bold green",
    Conformance.NOT_CONFORMING: "bold red",
    Conformance.INCONCLUSIVE: "bold magenta",
}


def print_examination(
    console: Console, examination: Examination, hints: str, verbose: bool
) -> None:
    """Prints verdicts by group, failures in full, the diagnosis, and one line that closes.

    Unless `verbose`, the failures told in full are those that led to the first diagnosis: when it
    is mended, the others may look different.
    """
    _print_groups(console, examination)
    failures = examination.failures()
    told = failures if verbose else _telling(failures, examination.diagnoses)
    for check, outcome in told:
        _print_failure(console, check, outcome)
    if untold := len(failures) - len(told):
        _say(console, f"\nThe other {untold} failed checks are told in full by --verbose.")
    for check in examination.unexpected_passes():
        _say(console, f"\n{check.id} is listed as known to fail, and passes: take it off the list")
    _print_diagnoses(console, examination.diagnoses, hints)
    if examination.failures() and not examination.diagnoses:
        _say(console, "\nNo bug of the catalogue explains this: the steps above are all there is.")
    _print_closing_line(console, examination)


def _telling(
    failures: Sequence[tuple[Check, Outcome]], diagnoses: Sequence[Diagnosis]
) -> list[tuple[Check, Outcome]]:
    """Returns the failures that led to the first diagnosis, or without one the first of all."""
    cited = diagnoses[0].checks if diagnoses else ()
    telling = [failure for failure in failures if failure[0].id in cited]
    return (telling or list(failures))[:FAILURES_TOLD]


def _print_groups(console: Console, examination: Examination) -> None:
    pairs = list(zip(examination.checks, examination.outcomes))
    tried = [pair for pair in pairs if not pair[1].message.endswith(FAILED_ALREADY)]
    for group, members in groupby(tried, key=lambda pair: pair[0].group):
        members = list(members)
        passed = sum(outcome.verdict is Verdict.PASS for _, outcome in members)
        _say(console, f"{group:6} {passed} of {len(members)} passed")
        for check, outcome in members:
            if outcome.verdict is not Verdict.PASS:
                known = " (known)" if examination.is_known_to_fail(check) else ""
                _print_line(console, check, outcome, known)
    if untried := [outcome for _, outcome in pairs if outcome.message.endswith(FAILED_ALREADY)]:
        _say(console, f"{len(untried)} more checks make no sense: {untried[0].message}")


def _print_line(console: Console, check: Check, outcome: Outcome, known: str) -> None:
    reason = outcome.message.partition("\n")[0]
    console.print(
        f"  [{STYLES[outcome.verdict]}]{outcome.verdict.value}{known}[/] {check.id}"
        f" {escape(check.title)}{': ' if reason else ''}{escape(reason)}",
        soft_wrap=True,
    )


def _print_failure(console: Console, check: Check, outcome: Outcome) -> None:
    console.print(f"\n[bold red]{check.id} {escape(check.title)}[/]", soft_wrap=True)
    _say(console, f"  The server {check.requirement.text}")
    _say(console, f"  Because: {check.requirement.reason}")
    _say(console, "  What was done:")
    steps = outcome.steps[-STEPS_SHOWN:]
    left_out = len(outcome.steps) - len(steps)
    if left_out:
        _say(console, f"      ({left_out} steps before)")
    for number, step in enumerate(steps, start=left_out + 1):
        _say(console, f"  {number:4}. {step}")
    _say(console, f"  What was found: {outcome.message.partition(chr(10))[0]}")
    if outcome.difference:
        _print_difference(console, outcome.difference)
    if outcome.server_end:
        _say(console, f"  The server ended: {outcome.server_end}")
    if outcome.server_stderr:
        _say(console, "  Its stderr ended with:")
        for line in outcome.server_stderr.splitlines()[-STDERR_LINES_SHOWN:]:
            _say(console, f"      {printable(line)}")
    _say(console, f"  To replay it: python3 {file_name(check)} HOST PORT")


def _print_difference(console: Console, difference: Difference) -> None:
    _say(console, f"  The first difference is at byte {difference.offset}. Around it")
    for title, data in (("received", difference.received), ("was due", difference.expected)):
        _say(console, f"    {title}")
        begins = max(0, difference.offset - min(24, difference.offset))
        for line in hex_dump(data, begins) or ["(nothing)"]:
            _say(console, f"      {line}")


def _print_diagnoses(console: Console, diagnoses: Sequence[Diagnosis], hints: str) -> None:
    if not diagnoses:
        return
    roots = [diagnosis for diagnosis in diagnoses if not diagnosis.hidden_by]
    console.print("\n[bold]Diagnosis[/]")
    for diagnosis in roots:
        _print_diagnosis(console, diagnosis, hints)
    for diagnosis in diagnoses:
        if diagnosis.hidden_by:
            _say(
                console,
                f"  {diagnosis.bug.id} may disappear when {diagnosis.hidden_by} is fixed:"
                f" {diagnosis.finding.evidence}",
            )


def _print_diagnosis(console: Console, diagnosis: Diagnosis, hints: str) -> None:
    bug, finding = diagnosis.bug, diagnosis.finding
    console.print(
        f"  [bold]{bug.id}[/] ({finding.confidence.value}): the server {escape(bug.title)}",
        soft_wrap=True,
    )
    _say(console, f"    Evidence: {finding.evidence}")
    for name in hints_of(bug, hints):
        _say(console, f"    {name}")


def hints_of(bug: Bug, hints: str) -> list[str]:
    """Returns the hints up to the tier `hints`: a question, a pointer, the remedy."""
    told = [f"Ask yourself: {bug.question}", f"Look at: {bug.pointer}", f"Remedy: {bug.remedy}"]
    return told[: HINTS.index(hints)]


def _print_closing_line(console: Console, examination: Examination) -> None:
    counts = examination.counts
    listed = ", ".join(f"{counts[v]} {v.value}" for v in Verdict if counts[v])
    style = CONFORMANCE_STYLES[examination.conformance]
    console.print(
        f"\n[{style}]{examination.conformance.value}[/]: {escape(examination.server)}:"
        f" {listed}, in {examination.seconds:.1f} s",
        soft_wrap=True,
    )


def printable(text: str) -> str:
    """Returns a server's words with everything escaped that could command a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
