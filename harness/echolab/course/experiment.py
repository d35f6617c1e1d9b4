"""What the labs' measurements do with a server of the kit."""

import contextlib
import functools
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from echolab.build import build_program
from echolab.course.answers import Measured
from echolab.lineup import raise_descriptor_limit
from echolab.models import MODELS
from echolab.server_process import ServerProcess

PATIENCE_SECONDS = 30.0
A_WHILE_SECONDS = 0.5  # what is not answered by then is not answered at once
HELLO = b"hello\n"


@contextlib.contextmanager
def run_server(model: str, *options: str) -> Iterator[ServerProcess]:
    """Runs a model of the kit, which is built if need be, with all descriptors that it may have."""
    raise_descriptor_limit()
    command = [str(_program(MODELS[model].program)), "--port", "0", "--quiet", *options]
    with ServerProcess(model, command) as server:
        yield server


@functools.cache
def _program(name: str) -> Path:
    return build_program(name)


def connect(server: ServerProcess) -> socket.socket:
    """Returns a connection to the server."""
    return socket.create_connection((server.host, server.port), PATIENCE_SECONDS)


def say_hello(client: socket.socket) -> None:
    """Has one answer, so that it is certain that the server serves this client."""
    client.sendall(HELLO)
    client.recv(100)


def is_answered(client: socket.socket, seconds: float) -> bool:
    """Tells whether an answer comes within `seconds`."""
    client.settimeout(seconds)
    try:
        return bool(client.recv(100))
    except TimeoutError:
        return False


def waits_of(count: int, server: ServerProcess) -> list[float]:
    """Lets so many clients ask once at the same moment; returns the seconds that each waits."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        clients = [stack.enter_context(connect(server)) for _ in range(count)]
        started = time.perf_counter()
        for client in clients:
            client.sendall(HELLO)
            client.shutdown(socket.SHUT_WR)
            selector.register(client, selectors.EVENT_READ)
        waits: list[float] = []
        while len(waits) < count and (ready := selector.select(PATIENCE_SECONDS)):
            waits += [time.perf_counter() - started] * len(ready)
            for key, _ in ready:
                selector.unregister(key.fileobj)
    return waits


def five_slow_requests(model: str) -> Measured:
    """Measures how long the last of five clients waits, whose requests take 100 ms each."""
    with run_server(model, "--service-time", "100ms") as server:
        waits = waits_of(5, server)
    each = ", ".join(f"{wait * 1000:.0f}" for wait in waits)
    return Measured(max(waits), f"the five were answered after {each} ms")


def hello_beside(
    silent: Sequence[socket.socket], client: socket.socket, when_they_leave: str
) -> Measured:
    """Says hello beside `silent` clients, who leave if it is not answered at once.

    The answer is "at once", "never", or what the question calls it `when_they_leave`.
    """
    client.sendall(HELLO)
    if is_answered(client, A_WHILE_SECONDS):
        return Measured("at once", "the answer came at once, although nobody had left")
    for other in silent:
        other.close()
    if is_answered(client, PATIENCE_SECONDS):
        return Measured(when_they_leave, f"the answer came {when_they_leave}, and not before")
    return Measured("never", f"it was not answered in {PATIENCE_SECONDS:.0f} s")


def clients_held(server: ServerProcess, attempts: int) -> int:
    """Connects so many clients, until one is turned away; returns how many are held and served."""
    with contextlib.ExitStack() as stack:
        for held in range(attempts):
            if not _is_let_in(stack.enter_context(connect(server))):
                return held
    return attempts


def _is_let_in(client: socket.socket) -> bool:
    try:
        client.sendall(HELLO)
        return is_answered(client, PATIENCE_SECONDS)
    except ConnectionError:
        return False
