"""The clients of a timeline at work: all in one loop that only waits, so that none waits for it."""

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from echolab import tcp_sockets
from echolab.timeline.client import Client
from echolab.timeline.record import Request
from echolab.waiting import wait_until

CONNECT_SECONDS = 0.5  # who is not connected by then connects while the others ask
SETTLE_SECONDS = 0.1  # for the server to accept whom it will accept
LOOK_SECONDS = 0.001  # between two looks at the server's sockets
PATIENCE_SECONDS = 10.0  # without any progress


@dataclass(frozen=True)
class Observation:
    """What the clients have seen."""

    requests: tuple[Request, ...]
    failures: tuple[str, ...]  # a sentence for each client that did not get all answers


def observe(
    address: tuple[str, int],
    clients: int,
    requests_each: int,
    patience: float = PATIENCE_SECONDS,
    at_milestone: Callable[[], None] = lambda: None,
) -> Observation:
    """Lets `clients` ask the server at `address` so many requests each, one after the other.

    They connect first, in their order. Their first requests are ready at the same moment, each
    further one as soon as the answer before it has come; who has all answers leaves. A server that
    does nothing for `patience` seconds is given up.

    Calls `at_milestone` when all are connected, and again at the first answer.
    """
    with contextlib.ExitStack() as resources:
        selector = resources.enter_context(selectors.DefaultSelector())
        company = [
            Client(number, resources.enter_context(socket.socket(socket.AF_INET)))
            for number in range(1, clients + 1)
        ]
        play = _Play(address, company, requests_each, selector, patience)
        play.connect()
        at_milestone()
        play.begin()
        play.go_on_until(1)
        at_milestone()
        play.go_on_until(clients * requests_each)
    return Observation(
        tuple(request for client in company for request in client.done),
        tuple(f"client {one.number}: {one.failure}" for one in company if one.failure),
    )


class _Play:
    """One run of all clients."""

    def __init__(
        self,
        address: tuple[str, int],
        company: list[Client],
        requests_each: int,
        selector: selectors.BaseSelector,
        patience: float,
    ):
        self._address = address
        self._company = company
        self._requests_each = requests_each
        self._selector = selector
        self._patience = patience
        self._began: float | None = None
        self._last_progress = 0.0

    def connect(self) -> None:
        """Connects the clients, one after the other, and gives the server time to accept them."""
        for client in self._company:
            client.connect(self._address)
            self._selector.register(client.socket, selectors.EVENT_WRITE, client)
        self._await(lambda client: client.is_connected or client.failure, CONNECT_SECONDS)
        self._await(lambda client: client.accepted is not None, SETTLE_SECONDS)

    def begin(self) -> None:
        """Lets every client send its first request."""
        self._began = self._last_progress = time.monotonic()
        for client in self._company:
            client.accepted = None if client.accepted is None else 0.0
            if client.is_connected and not client.failure:
                with self._noting_failure_of(client):  # the server may have ended meanwhile
                    client.send(self._now())

    def go_on_until(self, answers: int) -> None:
        """Waits until there are so many answers, or no more will come."""
        while pending := self._pending():
            if sum(len(client.done) for client in self._company) >= answers:
                return
            is_watched = any(client.is_unclear() for client in pending)
            self._turn(LOOK_SECONDS if is_watched else self._patience)
            if time.monotonic() - self._last_progress > self._patience:
                self._give_up(pending)

    def _give_up(self, pending: list[Client]) -> None:
        for client in pending:
            request = len(client.done) + 1
            client.failure = f"no answer to request {request} within {self._patience:g} s"

    def _now(self) -> float:
        return time.monotonic() - (self._began or 0.0)

    def _pending(self) -> list[Client]:
        return [
            client
            for client in self._company
            if not client.failure and len(client.done) < self._requests_each
        ]

    def _await(self, condition: Callable[[Client], object], seconds: float) -> None:
        def holds_for_all() -> bool:
            self._turn(0)
            return all(map(condition, self._company))

        wait_until(holds_for_all, seconds)

    def _turn(self, seconds: float) -> None:
        """Handles the next events, if any come in time, and looks at the server's sockets."""
        for key, _ in self._selector.select(seconds):
            self._last_progress = time.monotonic()
            self._handle(key.data)
        for client in self._company:
            if client.is_unclear():
                self._look(client)

    def _handle(self, client: Client) -> None:
        with self._noting_failure_of(client):
            if not client.is_connected:
                client.end_connecting()
                self._selector.modify(client.socket, selectors.EVENT_READ, client)
            else:
                client.receive(self._began or 0.0)
            if self._began and client.sent is None and client in self._pending():
                client.send(self._now())

    @contextlib.contextmanager
    def _noting_failure_of(self, client: Client) -> Iterator[None]:
        """Notes what an operation of the client's socket fails of; lets go of one that is done."""
        try:
            yield
        except OSError as error:
            client.failure = f"{os.strerror(error.errno)}, at request {len(client.done) + 1}"
        if client not in self._pending():
            self._selector.unregister(client.socket)
            client.socket.close()  # some servers take nobody else before

    def _look(self, client: Client) -> None:
        before = self._now()
        seen = tcp_sockets.connection(self._address[1], client.socket.getsockname()[1])
        if client.note(seen, before, self._now()):
            self._last_progress = time.monotonic()
