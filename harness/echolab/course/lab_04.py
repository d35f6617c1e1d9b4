"""What lab 04 asks, measured: what silent clients cost, how many fit, and what epoll reports."""

import contextlib
import resource
import select
import socket

from echolab import proc
from echolab.course.answers import Measured, quantity
from echolab.course.experiment import clients_held, connect, run_server, say_hello
from echolab.course.registry import measurement
from echolab.server_process import ServerProcess

ECHOES = 2000
SILENT_CLIENTS = 800
DESCRIPTORS = 1200
RECEIVED_BYTES = 10_000
BUFFER_BYTES = 1_000


@measurement("echo-beside-800-silent-clients-of-poll", quantity("count", "2"))
def echo_beside_800_silent_clients_of_poll() -> Measured:
    """Compares the price of an echo beside silent clients with that of the same client alone."""
    return _price_beside_silent_clients("poll")


@measurement("echo-beside-800-silent-clients-of-epoll", quantity("count", "2"))
def echo_beside_800_silent_clients_of_epoll() -> Measured:
    """Compares the price of an echo beside silent clients with that of the same client alone."""
    return _price_beside_silent_clients("epoll")


def _price_beside_silent_clients(model: str) -> Measured:
    with run_server(model) as server, contextlib.ExitStack() as stack:
        busy = stack.enter_context(connect(server))
        alone = _cpu_seconds_of_echoes(server, busy)
        for _ in range(SILENT_CLIENTS):
            say_hello(stack.enter_context(connect(server)))
        beside = _cpu_seconds_of_echoes(server, busy)
    factor = round(beside / alone, 1)
    each = [f"{seconds / ECHOES * 1e6:.1f} µs" for seconds in (alone, beside)]
    return Measured(
        factor, f"an echo took the server {each[0]} of processor time, and {each[1]} beside"
        f" {SILENT_CLIENTS} silent clients: {factor} times as much"
    )  # fmt: skip


def _cpu_seconds_of_echoes(server: ServerProcess, client: socket.socket) -> float:
    say_hello(client)  # what it takes to come is not counted
    before = proc.cpu_seconds(server.pid)
    for _ in range(ECHOES):
        say_hello(client)
    return proc.cpu_seconds(server.pid) - before


@measurement("most-clients-of-poll", quantity("count", "100"))
def most_clients_of_poll() -> Measured:
    """Limits the server's descriptors, and connects clients until one is turned away."""
    with run_server("poll") as server:
        limits = (DESCRIPTORS, DESCRIPTORS)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
        held = clients_held(server, DESCRIPTORS)
    return Measured(
        held, f"the server held {held} clients, and turned the next one away: it needs the other"
        f" {DESCRIPTORS - held} descriptors itself"
    )  # fmt: skip


@measurement("reports-by-level", quantity("count", "1"))
def reports_by_level() -> Measured:
    """Counts how often epoll reports a socket that is read in pieces."""
    return _reports(0, "level")


@measurement("reports-by-edge", quantity("count", "1"))
def reports_by_edge() -> Measured:
    """Counts how often epoll reports a socket that is read in pieces, edge-triggered."""
    return _reports(select.EPOLLET, "edge")


def _reports(trigger: int, name: str) -> Measured:
    server, client = socket.socketpair()
    with server, client, select.epoll() as epoll:
        client.sendall(bytes(RECEIVED_BYTES))
        epoll.register(server, select.EPOLLIN | trigger)
        reports = received = 0
        while epoll.poll(0):
            reports += 1
            received += len(server.recv(BUFFER_BYTES))
    times = "once" if reports == 1 else f"{reports} times"
    return Measured(
        reports, f"{name}-triggered it was reported {times}; {received:,} of {RECEIVED_BYTES:,}"
        " bytes were received"
    )  # fmt: skip
