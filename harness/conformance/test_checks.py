"""The checks that ./lab check makes, on every model: developers use what users use."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import Check, chosen
from echolab.check.runner import run_checks
from echolab.check.specimen import HOST, Command
from echolab.check.trial import Facts
from echolab.models import kind_of
from echolab.variants import SERVICE as POLITE
from subject import Subject

SERVICES = ("echo", "ack", "bye", "pingpong", "temperature")
CASES = [(service, check) for service in SERVICES for check in chosen((), service)]
# The bytes of `polite` are returned by the code that returns those of echo.
CASES += [(POLITE, check) for check in chosen((), POLITE) if "echo" not in check.services]
JOBS = 3  # side by side: several models are tested at the same time
STEPS_SHOWN = 60


@pytest.fixture(scope="session")
def outcomes(subject: Subject, programs: Path) -> Callable[[str], dict[str, Outcome]]:
    """Returns a function that examines the server with a service, once."""
    program = programs / subject.model.program
    words = (str(program), "--host", HOST, "--port", "{port}", *subject.options)
    known = Facts(claimed_model=kind_of(subject.name), framing="line")

    @functools.cache
    def examine(service: str) -> dict[str, Outcome]:
        command = Command((*words, "--service", service))
        checks = [check for of_service, check in CASES if of_service == service]
        found = run_checks(checks, command, known=known, service=service, jobs=JOBS)
        return {outcome.check_id: outcome for outcome in found}

    return examine


@pytest.mark.without_sanitizers  # they slow down, and keep what programs do not
@pytest.mark.parametrize(
    ("service", "check"), CASES, ids=[f"{check.id}-{service}" for service, check in CASES]
)
def test_the_server_passes(service: str, check: Check, outcomes):
    outcome = outcomes(service)[check.id]
    if outcome.verdict is Verdict.SKIPPED:
        pytest.skip(outcome.message)
    assert outcome.verdict in (Verdict.PASS, Verdict.INFO), _explained(outcome)


def _explained(outcome: Outcome) -> str:
    steps = "\n".join(map(str, outcome.steps[-STEPS_SHOWN:]))
    found = f"{outcome.verdict}: {outcome.message}\n{outcome.facts}"
    return f"{found}\n{steps}\n{outcome.server_stderr}"
