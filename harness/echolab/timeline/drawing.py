"""A panel as text: a lane a client, a column a stretch of time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from echolab.timeline.record import Interval, Panel, Phase, Request, Service
from echolab.timeline.words import in_seconds

TICK_COLUMNS = 10  # between the labels of the time axis, at least
STYLES = {Phase.QUEUED: "yellow", Phase.HELD: "magenta", Phase.SERVED: "green"}
NUMBER_STYLE = "black on green"
MEANINGS = {
    Phase.SERVED: "being served",
    Phase.HELD: "in the server, not served",
    Phase.QUEUED: "not accepted, or not read",
}


@dataclass(frozen=True)
class Fills:
    """The characters of the phases, told apart without colour."""

    characters: dict[Phase, str]

    def legend(self) -> Text:
        """Returns what the characters mean."""
        parts = []
        for phase, meaning in MEANINGS.items():
            parts += [(2 * self.characters[phase], STYLES[phase]), f" {meaning}   "]
        return Text.assemble(*parts)


BLOCKS = Fills({Phase.QUEUED: "░", Phase.HELD: "▒", Phase.SERVED: "█"})
ASCII = Fills({Phase.QUEUED: ".", Phase.HELD: "-", Phase.SERVED: "#"})


def draw(panel: Panel, end: float, width: int, fills: Fills) -> list[Text]:
    """Returns the lanes and the time axis of a panel that lasts for `end` seconds.

    All panels that have the same `end` and `width` have the same scale.
    """
    names = [f"  client {number} " for number in range(1, panel.clients + 1)]
    margin = max(map(len, names))
    columns = max(1, width - margin)
    lanes = [
        Text.assemble(name.ljust(margin), _lane(panel.of_client(number), end, columns, fills))
        for number, name in enumerate(names, start=1)
    ]
    return [*lanes, Text(" " * margin + axis(end, columns), style="dim")]


def _lane(
    served: Sequence[tuple[Request, Service]], end: float, columns: int, fills: Fills
) -> Text:
    per_column = end / columns or 1.0
    cells: list[tuple[str, str]] = [(" ", "")] * columns
    for request, service in served:
        for interval in request.intervals(service):
            covered = _columns(interval, per_column, columns)
            fill = fills.characters[interval.phase], STYLES[interval.phase]
            cells[covered.start : covered.stop] = [fill] * len(covered)
            if interval.phase == Phase.SERVED and len(covered) > len(str(request.number)):
                for column, digit in zip(covered, str(request.number), strict=False):
                    cells[column] = (digit, NUMBER_STYLE)
    return Text.assemble(*cells)


def _columns(interval: Interval, per_column: float, columns: int) -> range:
    """Returns the columns whose middle lies in the interval; of a service, one at least."""
    first = math.ceil(interval.start / per_column - 0.5)
    last = math.ceil(interval.end / per_column - 0.5)
    if interval.phase == Phase.SERVED and first == last:
        first = int((interval.start + interval.end) / 2 / per_column)
        last = first + 1
    return range(max(0, min(first, columns - 1)), min(last, columns))


def axis(end: float, columns: int) -> str:
    """Returns the time axis: labels at round times, each beginning where its time is."""
    step = round_step(end * TICK_COLUMNS / columns)
    labels = [" "] * columns
    for tick in range(int(end / step) + 1):
        column = round(tick * step / end * columns) if end else 0
        label = f"|{in_seconds(tick * step)}" if tick else "|0"
        if column + len(label) <= columns:
            labels[column : column + len(label)] = label
    return "".join(labels)


def round_step(least: float) -> float:
    """Returns the smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999999)
