"""How a check can end."""

import enum
from dataclasses import dataclass, field

from echolab.check.transcript import Step


class Failed(AssertionError):
    """The server does not do what the requirement asks for. The message says what it did."""


class Stuck(Failed):
    """The server sleeps, and what a client waits for has not come: it never will."""


class Mismatch(Failed):
    """Other bytes came than were due."""

    def __init__(self, message: str, received: bytes, expected: bytes, offset: int):
        super().__init__(message)
        self.received = received  # the bytes around the first difference,
        self.expected = expected  # and those that were due there
        self.offset = offset  # in the stream, of the first byte that differs


class NotStrict(Failed):
    """The same, in a point that the kit's servers must meet, and that others may see otherwise."""


class Skipped(Exception):
    """The check cannot be made here. The message says why."""


class Inconclusive(Exception):
    """The machine was too disturbed to tell. The message says what was seen."""


class Info(Exception):
    """What was found is for the user to judge. The message says what it is."""


class Verdict(enum.StrEnum):
    """What a check has found."""

    PASS = "pass"
    FAIL = "fail"
    NON_STRICT = "non-strict"  # a SHOULD is missed
    INFO = "info"  # measured, not judged
    SKIPPED = "skipped"
    INCONCLUSIVE = "inconclusive"


@dataclass
class Difference:
    """The bytes around the first one that differs."""

    offset: int
    received: bytes
    expected: bytes


@dataclass
class Outcome:
    """What came out of one check."""

    check_id: str
    verdict: Verdict
    message: str = ""  # why it did not pass
    seconds: float = 0.0
    facts: dict[str, object] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    difference: Difference | None = None
    server_stderr: str = ""
    server_end: str = ""  # "exit status 1", "killed by SIGPIPE"; "" while it ran
