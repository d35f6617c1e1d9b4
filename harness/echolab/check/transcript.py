"""What happened in a check, step by step: to be printed, drawn as a timeline, and replayed."""

import enum
import time
from dataclasses import dataclass, field

SHOWN_BYTES = 32


class Action(enum.StrEnum):
    """What a client does, or what is done to the server, in the words of a report."""

    CONNECT = "connects"
    CONNECT_SMALL = "connects, with a small receive buffer"
    SEND = "sends"
    SEND_URGENT = "sends as urgent data"
    FILL = "sends without reading until there is no more room"
    FINISH = "finishes sending (FIN)"
    RECEIVE = "received"
    EXCHANGE = "sends and reads at the same time"
    CLOSE = "closes"
    RESET = "resets the connection (RST)"
    STOP = "is stopped (SIGSTOP)"
    CONTINUE = "goes on (SIGCONT)"


@dataclass(frozen=True)
class Step:
    """One thing that was done, or seen."""

    seconds: float  # since the transcript began
    actor: str  # "client 2", or "the server"
    action: str  # an Action, or a sentence about what has no name
    data: bytes = b""  # what went over the wire
    count: int = 0  # bytes that a client waited for, or sent
    outcome: str = ""  # how it ended

    def __str__(self) -> str:
        data = f" {describe(self.data)}" if self.data or self.action == Action.RECEIVE else ""
        return f"{self.actor} {self.action}{data}{f': {self.outcome}' if self.outcome else ''}"


@dataclass
class Transcript:
    """The steps of one check, in order."""

    steps: list[Step] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def add(
        self, actor: str, action: str, data: bytes = b"", count: int = 0, outcome: str = ""
    ) -> None:
        """Notes one more step."""
        seconds = time.monotonic() - self._began
        self.steps.append(Step(seconds, actor, action, data, count, outcome))

    def lines(self) -> list[str]:
        """Returns the steps as text, a line each, for people."""
        return [str(step) for step in self.steps]


def describe(data: bytes) -> str:
    """Returns how many bytes these are, and the first of them as text."""
    shown = repr(data) if len(data) <= SHOWN_BYTES + 8 else f"{data[:SHOWN_BYTES]!r}..."
    return f"{len(data)} {'byte' if len(data) == 1 else 'bytes'} {shown}" if data else "nothing"
