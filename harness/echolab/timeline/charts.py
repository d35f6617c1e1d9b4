"""Panels as a page of charts: floating bars, a row a client."""

from collections.abc import Sequence
from typing import Any

from echolab.page import Cell, Chart, Column, Page, Section, Table
from echolab.timeline.drawing import MEANINGS
from echolab.timeline.record import Panel, Phase
from echolab.timeline.words import doubts, headline, in_seconds, sentences

ROW_HEIGHT = 30  # CSS pixels
AXIS_HEIGHT = 60
# A series of its own colour, and a thickness that tells it apart without one.
BARS = {Phase.SERVED: (2, 18), Phase.HELD: (3, 9), Phase.QUEUED: (4, 3)}
COLUMNS = [
    Column("request", numeric=False),
    Column("ready at"),
    Column("queued", hint="not accepted or not read"),
    Column("held", hint="read, not served"),
    Column("served"),
    Column("answered at"),
]
HOW_TO_READ = (
    "A row is a client, and time goes to the right, at the same scale in all charts. A thin bar is"
    " a request in the kernel: its connection is not accepted, or its bytes are not read. A thick"
    " bar is a request that is being served. A bar in between is one that the server has read, but"
    " is not serving, or whose answer it keeps back."
)
INFERRED = (
    "When a request is read, and when its answer comes, is measured. When its service begins is"
    " inferred; docs/timeline.md tells how."
)


def page_of(panels: Sequence[Panel], environment: dict[str, Any]) -> Page:
    """Returns a page with a chart for each panel, all to the same scale."""
    end = max(panel.end for panel in panels)
    return Page(
        title="Timeline",
        subtitle=headline(panels),
        sections=[
            Section("How to read it", [HOW_TO_READ, INFERRED]),
            *(Section(panel.server, _blocks(panel, end)) for panel in panels),
        ],
        facts=[
            ("date", environment["date"]),
            ("processor", f"{environment['cores']} x {environment['cpu']}"),
            ("kernel", environment["kernel"]),
        ],
        command=environment["command_line"],
    )


def _blocks(panel: Panel, end: float) -> list[str | Chart]:
    chart = Chart(
        title=panel.idea or panel.server,
        reading=" ".join(sentences(panel)),
        configuration=_configuration(panel, end),
        table=_table(panel),
        height=AXIS_HEIGHT + ROW_HEIGHT * panel.clients,
    )
    return [chart, *panel.failures, *doubts(panel)]


def _configuration(panel: Panel, end: float) -> dict[str, Any]:
    clients = [f"client {number}" for number in range(1, panel.clients + 1)]
    return {
        "type": "bar",
        "data": {
            "labels": clients,
            "datasets": [
                {
                    "label": MEANINGS[phase],
                    "data": _bars(panel, phase),
                    "series": series,
                    "barThickness": thickness,
                    "grouped": False,
                    "outlined": phase == Phase.SERVED,
                }
                for phase, (series, thickness) in BARS.items()
            ],
        },
        "options": {
            "indexAxis": "y",
            "scales": {
                "x": {
                    "type": "linear",
                    "min": 0,
                    "suggestedMax": end * 1e6,
                    "quantity": "duration",
                },
                "y": {"type": "category"},
            },
        },
    }


def _bars(panel: Panel, phase: Phase) -> list[dict[str, Any]]:
    """Returns a floating bar for each interval of a phase, in microseconds."""
    return [
        {"x": [part.start * 1e6, part.end * 1e6], "y": f"client {request.client}"}
        for request, service in zip(panel.requests, panel.services, strict=True)
        for part in request.intervals(service)
        if part.phase == phase
    ]


def _table(panel: Panel) -> Table:
    rows = []
    for request, service in zip(panel.requests, panel.services, strict=True):
        spent = dict.fromkeys(Phase, 0.0)
        for part in request.intervals(service):
            spent[part.phase] += part.end - part.start
        times = [request.ready, *(spent[phase] for phase in reversed(BARS)), request.answered]
        name = f"client {request.client}, request {request.number}"
        rows.append([name, *(Cell(in_seconds(time), time) for time in times)])
    return Table(f"Requests to {panel.server}", COLUMNS, rows, sortable=True)
