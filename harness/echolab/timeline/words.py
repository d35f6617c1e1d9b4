"""What a panel shows, in sentences that its data carries."""

from collections.abc import Sequence

from echolab import quantities
from echolab.quantities import counted
from echolab.timeline.record import COMPUTING, Panel, Request, Service

NOTICEABLE = 0.2  # share of a service time from which a delay is worth a word


def sentences(panel: Panel) -> list[str]:
    """Returns what is seen."""
    if not panel.requests:
        return ["Nobody got an answer."]
    told = [_who_is_served(panel), _who_waits_longest(panel), _what_is_held(panel)]
    return [*filter(None, told), f"All is done after {in_seconds(panel.end)}."]


def headline(panels: Sequence[Panel]) -> str:
    """Returns in a sentence what the servers were asked."""
    one = panels[0]
    asked = (
        f"{counted(one.clients, 'client')} with {counted(one.requests_each, 'request')} each,"
        " all ready at the same moment"
    )
    of_model = next((panel for panel in panels if panel.service_time is not None), None)
    if of_model is None:
        return f"{asked}."
    how = "computing" if of_model.service_work == COMPUTING else "asleep"
    whom = "the models " if any(panel.service_time is None for panel in panels) else ""
    return f"{asked}. A request takes {whom}{in_seconds(of_model.service_time)}, {how}."


def doubts(panel: Panel) -> list[str]:
    """Returns what the reader must know of how the picture came about."""
    lines = []
    if panel.service_time is None and panel.requests:
        lines.append(
            "Only the server knows when it begins to serve: what is shown as served is all the"
            " time for which it has had the request."
        )
    if panel.longest_unseen >= _noticeable_seconds(panel) > 0:
        lines.append(
            "The machine was busy: nobody looked at the server's sockets for up to"
            f" {in_seconds(panel.longest_unseen)}, so that times of reading may be late by as much."
        )
    return lines


def in_seconds(value: float) -> str:
    """Returns a number of seconds as people write it: "300 ms", "1.50 s"."""
    return quantities.duration(value * 1e6)


def _who_is_served(panel: Panel) -> str:
    at_once, asking = panel.served_at_once(), len({one.client for one in panel.requests})
    served = "in the server" if panel.service_time is None else "served"
    if asking == 1:
        return "One client, and nobody to wait for."
    if at_once >= asking:
        return f"All {asking} clients are {served} at the same time{_pace(panel)}."
    if at_once > 1:
        return f"Up to {at_once} requests are {served} at the same time, never more."
    turns = panel.turns()
    if len(turns) == asking:
        return "One client at a time, each to its end."
    if len(turns) == len(panel.requests):
        return "One request at a time, the clients in turn."
    return "One request at a time, now one client's, now another's."


def _pace(panel: Panel) -> str:
    """Says that nobody was slowed down, where nobody was."""
    if panel.service_time is None:
        return ""
    ideal = panel.requests_each * panel.service_time
    is_slow = panel.end > ideal + NOTICEABLE * panel.service_time
    return "" if is_slow else f": {panel.requests_each} x {in_seconds(panel.service_time)} each"


def _who_waits_longest(panel: Panel) -> str:
    pairs = zip(panel.requests, panel.services, strict=True)
    request, service = max(pairs, key=lambda pair: pair[1].start - pair[0].ready)
    waited = service.start - request.ready
    if waited < _noticeable_seconds(panel):
        return ""
    return (
        f"Client {request.client} waits longest, {in_seconds(waited)} before its"
        f" request {request.number} is served: {_where(request, service, waited)}."
    )


def _where(request: Request, service: Service, waited: float) -> str:
    """Says where a request lay for most of its wait."""
    if request.accepted - request.ready > waited / 2:
        return "its connection is not accepted"
    if service.start - request.read > waited / 2:
        return "the server has read it, and holds it"
    return "it lies unread"


def _what_is_held(panel: Panel) -> str:
    """Says what the server does with requests that it has read, besides serving them."""
    if panel.service_time is None:
        return ""
    pairs = list(zip(panel.requests, panel.services, strict=True))
    kept = max(request.answered - service.end for request, service in pairs)
    if kept >= _noticeable_seconds(panel):
        return f"Answers that are finished are kept back, up to {in_seconds(kept)}, to go together."
    slowest = max(service.end - service.start for service in panel.services)
    is_slow = slowest >= panel.service_time + _noticeable_seconds(panel)
    if panel.service_work == COMPUTING and is_slow:
        needed, taken = in_seconds(panel.service_time), in_seconds(slowest)
        return f"To compute for {needed} takes up to {taken}: the processors are shared."
    return ""


def _noticeable_seconds(panel: Panel) -> float:
    return NOTICEABLE * (panel.service_time or panel.end / max(1, len(panel.requests)))
