"""Panels on the terminal."""

import sys
from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from echolab.glyphs import shows_unicode
from echolab.tables import output_console, show
from echolab.timeline.drawing import ASCII, BLOCKS, draw
from echolab.timeline.record import Panel
from echolab.timeline.words import doubts, headline, sentences

MARGIN = (0, 0, 0, 2)


def print_panels(panels: Sequence[Panel]) -> None:
    """Prints every panel to the same scale, and under it in words what is seen."""
    console = output_console()
    fills = BLOCKS if shows_unicode(sys.stdout) else ASCII
    end = max(panel.end for panel in panels)
    lines: list[Text | Padding] = [Text(headline(panels)), fills.legend()]
    for panel in panels:
        idea = f": {panel.idea}" if panel.idea else ""
        lines += [Text(), Text.assemble((panel.server, "bold"), idea)]
        lines += draw(panel, end, console.width, fills)
        lines += [_remark(failure, "bold red") for failure in panel.failures]
        lines.append(_remark(" ".join(sentences(panel))))
        lines += [_remark(doubt, "yellow") for doubt in doubts(panel)]
    for line in lines:
        show(console, line)


def _remark(text: str, style: str = "") -> Padding:
    if not shows_unicode(sys.stdout):
        text = text.replace("µ", "u")  # the only letter beyond ASCII that times have
    return Padding(Text(text, style), MARGIN)
