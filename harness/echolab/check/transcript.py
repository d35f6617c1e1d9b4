"""What happened in a check, step by step: to be printed, drawn as a timeline, and replayed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SHOWN_BYTES = 32

Note = Callable[..., None]


@dataclass(frozen=True)
class Step:
    """One thing that was done, or seen."""

    seconds: float  # since the transcript began
    actor: str  # "client 2", "server", "checker"
    action: str  # "connects", "sends", "received" and the like, or a whole sentence
    data: bytes = b""  # what went over the wire

    def __str__(self) -> str:
        data = f" {describe(self.data)}" if self.data else ""
        return f"{self.actor} {self.action}{data}"


@dataclass
class Transcript:
    """The steps of one check, in order."""

    steps: list[Step] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def add(self, actor: str, action: str, data: bytes = b"") -> None:
        """Notes one more step."""
        self.steps.append(Step(time.monotonic() - self._began, actor, action, data))

    def lines(self) -> list[str]:
        """Returns the steps as text, a line each, for people."""
        return [str(step) for step in self.steps]


def describe(data: bytes) -> str:
    """Returns how many bytes these are, and the first of them as text."""
    shown = repr(data) if len(data) <= SHOWN_BYTES + 8 else f"{data[:SHOWN_BYTES]!r}..."
    return f"{len(data)} {'byte' if len(data) == 1 else 'bytes'} {shown}" if data else "nothing"
