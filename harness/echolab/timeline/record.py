"""What is recorded of a server's clients, and the arithmetic on it.

All times are in seconds since the moment at which every client had its first request ready.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import groupby

COMPUTING = "cpu"  # what --service-work calls it
BELIEVED_SECONDS = 0.001  # two requests that overlap by less may have followed one another


class Phase(Enum):
    """What a request is doing. The values are what it is called in files."""

    QUEUED = "queued"  # in the kernel: its connection not accepted, or its bytes not read
    HELD = "held"  # the server has read it, but is not serving it, or keeps the answer back
    SERVED = "served"


@dataclass(frozen=True)
class Service:
    """When a request was being served."""

    start: float
    end: float


@dataclass(frozen=True)
class Interval:
    """A phase of a request, from `start` to `end`."""

    phase: Phase
    start: float
    end: float


@dataclass(frozen=True)
class Request:
    """One request, from the moment it was ready to the last byte of its answer.

    When the server accepted the connection and read the request is seen by looking again and
    again: the time is that of the first look that found it done, `unread_until` that of the last
    one that did not.
    """

    client: int  # counts from 1, in the order of connecting
    number: int  # of this client's requests, from 1
    ready: float  # the client would send, and cannot before it is connected
    sent: float
    accepted: float
    unread_until: float
    read: float
    answered: float

    def intervals(self, service: Service) -> list[Interval]:
        """Returns its phases, one after the other, without those that took no time."""
        held_from = min(self.read, service.start)
        phases = [
            Interval(Phase.QUEUED, self.ready, held_from),
            Interval(Phase.HELD, held_from, service.start),
            Interval(Phase.SERVED, service.start, service.end),
            Interval(Phase.HELD, service.end, self.answered),
        ]
        return [one for one in phases if one.end > one.start]


@dataclass(frozen=True)
class Panel:
    """All requests that one server was asked."""

    server: str
    idea: str  # of a model, in a few words
    clients: int
    requests_each: int
    service_time: float | None  # that of each request; None where only the server knows it
    service_work: str  # how it passes, as --service-work has it: "sleep", or COMPUTING
    workers: int  # threads of all the server's processes: it cannot serve more at once
    requests: tuple[Request, ...]  # those that were answered
    failures: tuple[str, ...] = ()  # a sentence for each client that did not get all answers

    @property
    def end(self) -> float:
        """When the last answer came."""
        return max((request.answered for request in self.requests), default=0.0)

    @property
    def longest_unseen(self) -> float:
        """The longest time within which a request was read, nobody knows when exactly."""
        return max((request.read - request.unread_until for request in self.requests), default=0.0)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """When each of `requests` was being served, in their order.

        Of a server whose service time nobody knows that is all the time between the look that
        found the request read, and the answer. Otherwise it is inferred: latest_services, and
        shared_services where they compute.
        """
        if self.service_time is None:
            return tuple(
                Service(min(one.read, one.answered), one.answered) for one in self.requests
            )
        infer = shared_services if self.service_work == COMPUTING else latest_services
        return infer(self.requests, self.service_time, self.workers)

    def of_client(self, client: int) -> list[tuple[Request, Service]]:
        """Returns the requests of a client, in their order, and when each was served."""
        pairs = zip(self.requests, self.services, strict=True)
        return [(request, service) for request, service in pairs if request.client == client]

    def served_at_once(self) -> int:
        """Returns how many requests, at most, were being served at the same time."""
        believed = BELIEVED_SECONDS
        if self.service_time is None:
            believed = max(believed, self.longest_unseen)
        return most_at_once(self.services, believed)

    def turns(self) -> list[int]:
        """Returns the clients in the order in which they were served, a turn each.

        Requests of one client that are served one after the other, with nobody else's service
        beginning in between, are one turn.
        """
        pairs = zip(self.requests, self.services, strict=True)
        in_order = sorted(pairs, key=lambda pair: (pair[1].start, pair[0].number))
        clients = [request.client for request, _ in in_order]
        return [client for client, _ in groupby(clients)]


def latest_services(
    requests: Sequence[Request], service_time: float, workers: int
) -> tuple[Service, ...]:
    """Returns when each request was served at the latest, if each took `service_time`.

    That is right before its answer; but `workers` cannot serve more requests than they are, so
    that of answers which come together some were ready before. No service begins while the server
    has not read the request.
    """
    shifts = _shifts(requests, service_time, workers)
    services = {request: service for shift in shifts for request, service in shift}
    return tuple(services[request] for request in requests)


def shared_services(
    requests: Sequence[Request], service_time: float, workers: int
) -> tuple[Service, ...]:
    """Returns the same for services that compute, and share the processors with one another.

    They take longer than `service_time`: each begins as soon as its request was read, and its
    worker free.
    """
    services = {}
    for shift in _shifts(requests, service_time, workers):
        free_from = 0.0
        for request, service in reversed(shift):
            start = min(max(request.read, free_from), service.start)
            services[request] = Service(start, service.end)
            free_from = service.end
    return tuple(services[request] for request in requests)


def _shifts(
    requests: Sequence[Request], service_time: float, workers: int
) -> list[list[tuple[Request, Service]]]:
    """Returns what each worker served, the last first."""
    shifts: list[list[tuple[Request, Service]]] = [[] for _ in range(workers)]
    # From the last answer backwards. Of those that come together the last one read is the last.
    for request in sorted(requests, key=lambda one: (one.answered, one.read), reverse=True):
        shift = max(shifts, key=_busy_from)
        end = min(request.answered, _busy_from(shift))
        start = min(max(request.unread_until, end - service_time), end)
        shift.append((request, Service(start, end)))
    return shifts


def _busy_from(shift: list[tuple[Request, Service]]) -> float:
    return shift[-1][1].start if shift else math.inf


def most_at_once(services: Iterable[Service], shortest: float) -> int:
    """Returns the greatest number of services that share a stretch longer than `shortest`."""
    # They share such a stretch if they still meet when each ends so much earlier. An end sorts
    # before a beginning at the same moment.
    steps = []
    for service in services:
        if service.end - shortest > service.start:
            steps += [(service.start, 1), (service.end - shortest, -1)]
    most = current = 0
    for _, step in sorted(steps):
        current += step
        most = max(most, current)
    return most
