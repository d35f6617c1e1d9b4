"""The checks that ./lab check makes, on every model: developers use what users use."""

from pathlib import Path

import pytest
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import Check, chosen
from echolab.check.runner import outcome_of
from echolab.check.specimen import HOST, Command
from echolab.check.trial import Facts, Trial
from echolab.models import kind_of
from subject import Subject

SERVICES = ("echo", "ack", "bye", "pingpong", "temperature")
CASES = [(service, check) for service in SERVICES for check in chosen((), service)]


@pytest.fixture(scope="session")
def command(subject: Subject, programs: Path):
    """Returns a function that makes the command of the server with a service."""
    program = programs / subject.model.program
    words = (str(program), "--host", HOST, "--port", "{port}", *subject.command_line(()))
    return lambda service: Command((*words, "--service", service))


@pytest.fixture(scope="session")
def known(subject: Subject, command) -> Facts:
    """Returns what the basic checks find out about the server, for the others."""
    facts = Facts(claimed_model=kind_of(subject.name), framing="line")
    for check in chosen(()):
        if check.is_basic:
            facts.update(outcome_of(check, Trial(command("echo"), facts)).facts)
    return facts


@pytest.mark.usefixtures("without_sanitizers")  # they slow down, and keep what programs do not
@pytest.mark.parametrize(
    ("service", "check"), CASES, ids=[f"{check.id}-{service}" for service, check in CASES]
)
def test_the_server_passes(service: str, check: Check, command, known: Facts):
    outcome = outcome_of(check, Trial(command(service), known, service))
    if outcome.verdict is Verdict.INCONCLUSIVE:  # as the checker itself does
        outcome = outcome_of(check, Trial(command(service), known, service))
    if outcome.verdict is Verdict.SKIPPED:
        pytest.skip(outcome.message)
    assert outcome.verdict in (Verdict.PASS, Verdict.INFO), _explained(outcome)


def _explained(outcome: Outcome) -> str:
    steps = "\n".join(map(str, outcome.steps[-60:]))
    return f"{outcome.verdict}: {outcome.message}\n{outcome.facts}\n{steps}\n{outcome.server_stderr}"
