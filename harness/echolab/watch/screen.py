"""The gauges on a screen: now, at their highest, and as they have been."""

import statistics
from collections import deque
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from echolab.watch.gauges import GAUGES, Gauge, Reading

REMEMBERED = 240  # readings
BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*#"  # rising in height or in weight
NOTHING = "–"
MARGIN = (0, 2, 0, 0)


@dataclass
class History:
    """What the gauges have shown."""

    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    highest: Reading = field(default_factory=dict)

    def add(self, reading: Reading) -> None:
        """Remembers a reading."""
        self.readings.append(reading)
        for key, value in reading.items():
            if value is not None:
                self.highest[key] = max(value, self.highest.get(key) or 0.0)

    def now(self, key: str) -> float | None:
        """Returns what a gauge shows now."""
        return self.readings[-1].get(key) if self.readings else None

    def values(self, key: str) -> list[float | None]:
        """Returns what a gauge has shown, the earliest first."""
        return [reading.get(key) for reading in self.readings]

    def median(self, key: str) -> float:
        """Returns what a gauge has shown most of the time lately; it must have shown something."""
        return statistics.median_high([one for one in self.values(key) if one is not None])


@dataclass(frozen=True)
class Heading:
    """What is watched."""

    name: str
    idea: str
    place: str  # where it listens, and its process
    load: str  # "" without one
    seconds: float | None  # after which the watching ends by itself


def screen(
    heading: Heading, history: History, elapsed: float, ending: str, is_unicode: bool
) -> RenderableType:
    """Returns the whole screen; `ending` says how to end it."""
    of_all = "" if heading.seconds is None else f" of {heading.seconds:g}"
    idea = f": {heading.idea}" if heading.idea else ""
    above = [
        Text.assemble((heading.name, "bold"), idea),
        *(Text(line) for line in (heading.place, heading.load) if line),
    ]
    below = Text.assemble(f"{elapsed:.0f}{of_all} s", (f"   {ending}", "dim"))
    for line in (*above, below):
        line.no_wrap, line.overflow = True, "ellipsis" if is_unicode else "crop"
    return Group(*above, "", table(history, is_unicode, is_live=True), "", below)


def table(history: History, is_unicode: bool, is_live: bool) -> Table:
    """Returns a row for each gauge that has ever shown anything.

    While it `is_live` the rows tell of now, and how it came to that; afterwards of the median.
    """
    rows = Table(box=None, padding=MARGIN, pad_edge=False, expand=is_live)
    rows.add_column("", no_wrap=True)
    for title in ("now" if is_live else "median", "highest"):
        rows.add_column(title, justify="right", no_wrap=True, header_style="dim")
    if is_live:
        rows.add_column("", ratio=1, no_wrap=True)
    for gauge in GAUGES:
        if (highest := history.highest.get(gauge.key)) is not None:
            first = history.now(gauge.key) if is_live else history.median(gauge.key)
            figures = [gauge.title, *(_shown(gauge, one) for one in (first, highest))]
            lately = [Sparkline(history.values(gauge.key), is_unicode)] * is_live
            rows.add_row(*(figures if is_unicode else map(in_ascii, figures)), *lately)
    return rows


def _shown(gauge: Gauge, value: float | None) -> str:
    return NOTHING if value is None else gauge.show(value)


def in_ascii(text: str) -> str:
    """Returns a text of this module in ASCII."""
    return text.replace(NOTHING, "-").replace("µ", "u")


@dataclass(frozen=True)
class Sparkline:
    """The last values, as many as there is room for, from 0 to the greatest of them."""

    values: list[float | None]
    is_unicode: bool

    def __rich_console__(self, _console, options):
        yield Text(sparkline(self.values[-options.max_width :], self.is_unicode), style="cyan")


def sparkline(values: list[float | None], is_unicode: bool) -> str:
    """Returns a character for each value: the lowest for almost 0, a blank for what is unknown."""
    heights = BLOCKS if is_unicode else ASCII
    most = max(filter(None, values), default=1.0)
    top = len(heights) - 1
    return "".join(
        " " if value is None else heights[round(value / most * top)] for value in values
    )
