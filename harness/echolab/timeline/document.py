"""Panels as JSON, for other programs. docs/timeline.md says what each field means."""

from collections.abc import Sequence
from typing import Any

from echolab.timeline.record import Panel, Request, Service
from echolab.timeline.words import sentences

FORMAT = 1


def document(environment: dict[str, Any], panels: Sequence[Panel]) -> dict[str, Any]:
    """Returns the whole result of a timeline."""
    return {
        "format": FORMAT,
        "environment": environment,
        "panels": [_panel(panel) for panel in panels],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "server": panel.server,
        "clients": panel.clients,
        "requests_each": panel.requests_each,
        "service_time_us": _microseconds(panel.service_time),
        "service_work": panel.service_work,
        "workers": panel.workers,
        "end_us": _microseconds(panel.end),
        "longest_unseen_us": _microseconds(panel.longest_unseen),
        "served_at_once": panel.served_at_once(),
        "turns": panel.turns(),
        "seen": sentences(panel),
        "failures": list(panel.failures),
        "requests": [
            _request(request, service)
            for request, service in zip(panel.requests, panel.services, strict=True)
        ],
    }


def _request(request: Request, service: Service) -> dict[str, Any]:
    return {
        "client": request.client,
        "number": request.number,
        "ready_us": _microseconds(request.ready),
        "sent_us": _microseconds(request.sent),
        "accepted_us": _microseconds(request.accepted),
        "unread_until_us": _microseconds(request.unread_until),
        "read_us": _microseconds(request.read),
        "served_from_us": _microseconds(service.start),
        "served_until_us": _microseconds(service.end),
        "answered_us": _microseconds(request.answered),
    }


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e6)
