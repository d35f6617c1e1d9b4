"""What a check is, and the list of all checks."""

import fnmatch
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from echolab.check.requirements import Requirement, requirements
from echolab.check.trial import Trial
from echolab.errors import BadUsage
from echolab.variants import SERVICE as POLITE

ALL_SERVICES = ("echo", "ack", "bye", "pingpong", "temperature")
STREAM_SERVICES = (*ALL_SERVICES, POLITE, "chat")  # those to which clients connect
BYTE_SERVICES = ("echo", POLITE)  # those that return bytes, whatever they are, and at once


@dataclass(frozen=True)
class Check:
    """One experiment on a server, and the requirement on which it decides."""

    id: str  # the requirement's number, and a letter where it has several checks: "ECHO-4b"
    title: str
    how: str  # what the check does, in a few sentences
    carry_out: Callable[[Trial], None]
    is_basic: bool  # without it no other check makes sense: it comes first
    alone: bool  # disturbed by others on the same machine, and so not beside them
    services: tuple[str, ...]

    @property
    def requirement(self) -> Requirement:
        """The row of docs/protocol.md, or of docs/chat.md."""
        return requirements()[self.id.rstrip("bcdefgh")]

    @property
    def group(self) -> str:
        """The letters of the requirement's number: ECHO, RUDE, LIFE and so on."""
        return self.id.partition("-")[0]


_checks: dict[str, Check] = {}


def check(
    check_id: str,
    title: str,
    *,
    basic: bool = False,
    alone: bool = False,
    services: tuple[str, ...] = BYTE_SERVICES,
):
    """Makes a check of a function that takes a Trial; its docstring says what it does.

    It passes by returning, and ends otherwise by an exception of echolab.check.outcomes. Whatever
    bytes a client expects and does not get are a failure, too.
    """

    def register(function: Callable[[Trial], None]) -> Callable[[Trial], None]:
        assert check_id not in _checks, f"two checks are called {check_id}"
        how = " ".join((function.__doc__ or "").split())
        _checks[check_id] = Check(check_id, title, how, function, basic, alone, services)
        return function

    return register


def all_checks() -> list[Check]:
    """Returns all checks, in the order of the requirements in the document."""
    from echolab.check import checks

    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"{checks.__name__}.{module.name}")
    order = list(requirements())
    return sorted(_checks.values(), key=lambda c: (order.index(c.requirement.number), c.id))


def chosen(patterns: Iterable[str], service: str = "echo") -> list[Check]:
    """Returns the checks of a service that some pattern such as RUDE-* names; all if there is none.

    Raises BadUsage if there is no such check.
    """
    patterns = list(patterns)
    refuse_unknown(patterns)
    checks = [check for check in all_checks() if service in check.services]
    if not patterns:
        return checks
    named = [check for check in checks if any(_is_named(check, pattern) for pattern in patterns)]
    if not named:
        raise BadUsage(f"--only: none of these checks concerns the service {service}")
    return named


def refuse_unknown(patterns: Iterable[str]) -> None:
    """Raises BadUsage for a pattern that names no check."""
    for pattern in patterns:
        if not any(_is_named(check, pattern) for check in all_checks()):
            raise BadUsage(f"--only: no check is called '{pattern}': ./lab check --list names them")


def _is_named(check: Check, pattern: str) -> bool:
    names = (check.id, check.requirement.number, check.group)
    return any(fnmatch.fnmatchcase(name, pattern.upper()) or name == pattern for name in names)
