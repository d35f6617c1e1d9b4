"""What the labs' measurements do with a server of the kit."""

import contextlib
import functools
import selectors
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from echolab.build import build_program
from echolab.models import MODELS
from echolab.server_process import ServerProcess

PATIENCE_SECONDS = 30.0
A_WHILE_SECONDS = 0.5  # what is not answered by then is not answered at once
HELLO = b"hello\n"


@contextlib.contextmanager
def run_server(model: str, *options: str) -> Iterator[ServerProcess]:
    """Runs a model of the kit, which is built if need be."""
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
