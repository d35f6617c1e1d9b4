"""Panels in the Trace Event Format, which Perfetto and chrome://tracing open.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
A server is a process, a client a track of it: nestable asynchronous events (ph "b" and "e") that
share category, id and process are one track. Times are whole microseconds.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from echolab.timeline.record import Panel, Phase, Request, Service

CATEGORY = "client"
NAMES = {
    Phase.QUEUED: "queued in the kernel",
    Phase.HELD: "held by the server",
    Phase.SERVED: "served",
}
Event = dict[str, Any]


def trace(panels: Sequence[Panel]) -> dict[str, Any]:
    """Returns the JSON object format, with one process for each panel."""
    events = [
        event
        for process, panel in enumerate(panels, start=1)
        for event in _events_of_process(process, panel)
    ]
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def _events_of_process(process: int, panel: Panel) -> Iterator[Event]:
    yield _metadata(process, "process_name", {"name": panel.server})
    yield _metadata(process, "process_sort_index", {"sort_index": process})
    if panel.idea:
        yield _metadata(process, "process_labels", {"labels": panel.idea})
    for client in range(1, panel.clients + 1):
        yield from _events_of_client(process, client, panel.of_client(client))


def _metadata(process: int, name: str, arguments: dict[str, Any]) -> Event:
    return {"ph": "M", "pid": process, "tid": 0, "name": name, "args": arguments}


def _events_of_client(
    process: int, client: int, served: Sequence[tuple[Request, Service]]
) -> Iterator[Event]:
    """Yields the events of a track: the client, in it its requests, in each of them its phases."""
    if not served:
        return
    place = {"cat": CATEGORY, "pid": process, "tid": client, "id": hex(process << 16 | client)}
    begin, end = served[0][0].ready, served[-1][0].answered
    yield from _pair(place, f"client {client}", begin, end, _within(place, served))


def _within(place: Event, served: Sequence[tuple[Request, Service]]) -> Iterator[Event]:
    for request, service in served:
        phases = [
            event
            for part in request.intervals(service)
            for event in _pair(place, NAMES[part.phase], part.start, part.end)
        ]
        name = f"request {request.number}"
        yield from _pair(place, name, request.ready, request.answered, phases)


def _pair(
    place: Event, name: str, start: float, end: float, within: Iterator[Event] | list[Event] = ()
) -> Iterator[Event]:
    """Yields a beginning and an end, with what lies within between them."""
    yield {**place, "ph": "b", "name": name, "ts": _microseconds(start)}
    yield from within
    yield {**place, "ph": "e", "name": name, "ts": _microseconds(end)}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
