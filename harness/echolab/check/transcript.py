"""What happened in a check, step by step: to be printed, drawn as a timeline, and replayed."""

import enum
import time
from dataclasses import dataclass, field

SHOWN_BYTES = 32
KEPT_BYTES = 256  # of what was received: it is shown, and never replayed


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
    data: bytes = b""  # what went over the wire; of what was received, the beginning
    count: int = 0  # bytes that a client waited for, or sent
    outcome: str = ""  # how it ended
    length: int = 0  # of the data before it was cut off

    def __str__(self) -> str:
        has_data = self.data or self.action == Action.RECEIVE
        data = f" {describe(self.data, self.length)}" if has_data else ""
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
        kept = data[:KEPT_BYTES] if action == Action.RECEIVE else data
        self.steps.append(Step(seconds, actor, action, kept, count, outcome, len(data)))

    def lines(self) -> list[str]:
        """Returns the steps as text, a line each, for people."""
        return [str(step) for step in self.steps]


def describe(data: bytes, length: int | None = None) -> str:
    """Returns how many bytes these are, and the first of them as text.

    `length` is what they were before they were cut off.
    """
    length = len(data) if length is None else length
    shown = repr(data) if length <= SHOWN_BYTES + 8 else f"{data[:SHOWN_BYTES]!r}..."
    return f"{length} {'byte' if length == 1 else 'bytes'} {shown}" if data else "nothing"
