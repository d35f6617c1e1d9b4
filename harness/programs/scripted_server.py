"""A server for tests of clients: it does to one connection what a test tells it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 60.0
CHUNK = 64 * 1024

Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def scripted_server(script: Script, host: str = "127.0.0.1") -> Iterator[int]:
    """Accepts one client and runs `script(connection)` in a thread; gives the port.

    Afterwards an error of the script is raised, unless the test itself has failed.
    """
    errors: list[BaseException] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=_serve, args=(listener, script, errors), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive(), "the script has not come to its end"
    if errors:
        raise errors[0]


def _serve(listener: socket.socket, script: Script, errors: list[BaseException]) -> None:
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(PATIENCE_SECONDS)
            script(connection)
    except BaseException as error:  # noqa: BLE001: raised in the test's own thread
        errors.append(error)


def receive_line(connection: socket.socket) -> bytes:
    """Receives a line with its end; fewer bytes if the stream ends before."""
    line = b""
    while not line.endswith(b"\n") and (byte := connection.recv(1)):
        line += byte
    return line


def receive_to_end(connection: socket.socket) -> bytes:
    """Receives until the client has finished sending."""
    return b"".join(iter(lambda: connection.recv(CHUNK), b""))


def echo_to_end(connection: socket.socket) -> None:
    """Echoes until the client has finished sending."""
    while data := connection.recv(CHUNK):
        connection.sendall(data)


def reset(connection: socket.socket) -> None:
    """Closes the connection by a reset (socket(7), SO_LINGER)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextlib.contextmanager
def full_listener() -> Iterator[socket.socket]:
    """Gives a listener whose backlog is full: whoever connects now gets no answer (listen(2)).

    The clients that wait in the backlog say nothing. accept() makes room for one that comes later.
    """
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        listener.settimeout(PATIENCE_SECONDS)
        # The queue takes one connection more than it is told, and nobody says by how many.
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener
