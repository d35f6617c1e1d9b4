"""The gauges as lines, one a reading, for files, pipes and the patient."""

import sys

from echolab.glyphs import shows_unicode
from echolab.watch.gauges import GAUGES, Reading
from echolab.watch.screen import NOTHING, in_ascii

TITLE_EVERY = 20  # lines
WIDTH = 8  # columns, of the widest values: "1023 KiB"


class Lines:
    """Prints readings; the titles stand above them again and again."""

    def __init__(self):
        self._printed = 0

    def print(self, reading: Reading, elapsed: float) -> None:
        """Prints one line."""
        gauges = [gauge for gauge in GAUGES if gauge.key in reading]
        if self._printed % TITLE_EVERY == 0:
            self._print("seconds", [gauge.short for gauge in gauges])
        self._printed += 1
        values = [reading[gauge.key] for gauge in gauges]
        shown = [
            NOTHING if value is None else gauge.show(value)
            for gauge, value in zip(gauges, values, strict=True)
        ]
        self._print(f"{elapsed:.0f}", shown)

    def _print(self, first: str, others: list[str]) -> None:
        line = " ".join([f"{first:>7}", *(f"{other:>{WIDTH}}" for other in others)])
        print(line if shows_unicode(sys.stdout) else in_ascii(line), flush=True)
