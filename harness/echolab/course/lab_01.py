"""What lab 01 asks, measured: the kit's iterative server, and clients who must wait."""

import contextlib
import socket
import time
from collections.abc import Iterator

from echolab.build import build_program
from echolab.course.answers import YES_OR_NO, Measured, choice, quantity
from echolab.course.registry import measurement
from echolab.server_process import ServerProcess

PATIENCE_SECONDS = 30.0
A_WHILE_SECONDS = 0.5  # what is not answered by then is not answered at once
HELLO = b"hello\n"


@measurement("five-clients-of-100-ms", quantity("time", "100 ms"))
def five_clients_of_100_ms() -> Measured:
    """Five clients of a server whose every answer takes 100 ms."""
    with _server("--service-time", "100ms") as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_connect(server)) for _ in range(5)]
        started = time.perf_counter()
        for client in clients:
            client.sendall(HELLO)
            client.shutdown(socket.SHUT_WR)
        waits = [time.perf_counter() - started for client in clients if client.recv(100)]
    each = ", ".join(f"{wait * 1000:.0f}" for wait in waits)
    return Measured(waits[-1], f"the five were answered after {each} ms")


@measurement("connect-beside-a-silent-client", YES_OR_NO)
def connect_beside_a_silent_client() -> Measured:
    """Connects while another client is served."""
    with _server() as server, _connect(server) as a:
        _say_hello(a)
        try:
            _connect(server).close()
        except OSError as error:
            return Measured(False, f"connect failed: {error}")
    return Measured(True, "connect succeeded: B was in the backlog")


@measurement("hello-beside-a-silent-client", choice("at once", "when A leaves", "never"))
def hello_beside_a_silent_client() -> Measured:
    """Says hello while another client is served, which then leaves."""
    with _server() as server, _connect(server) as a:
        _say_hello(a)
        with _connect(server) as b:
            b.sendall(HELLO)
            if _is_answered(b, A_WHILE_SECONDS):
                return Measured("at once", "B was answered, although A was connected")
            a.close()
            if _is_answered(b, PATIENCE_SECONDS):
                return Measured("when A leaves", "B was answered when A had left, and not before")
    return Measured("never", f"B was not answered in {PATIENCE_SECONDS:.0f} s")


@measurement("hello-in-the-backlog", YES_OR_NO)
def hello_in_the_backlog() -> Measured:
    """Says hello and half-closes while another client is served, which then leaves."""
    with _server() as server, _connect(server) as a:
        _say_hello(a)
        with _connect(server) as b:
            b.sendall(HELLO)
            b.shutdown(socket.SHUT_WR)
            a.close()
            answered = _is_answered(b, PATIENCE_SECONDS)
    seen = "B's hello came back" if answered else "nothing came back to B"
    return Measured(answered, f"{seen}, though all it had to say was said before its turn")


@contextlib.contextmanager
def _server(*options: str) -> Iterator[ServerProcess]:
    program = build_program("iterative_server")
    command = [str(program), "--port", "0", "--quiet", *options]
    with ServerProcess("iterative", command) as server:
        yield server


def _connect(server: ServerProcess) -> socket.socket:
    return socket.create_connection((server.host, server.port), PATIENCE_SECONDS)


def _say_hello(client: socket.socket) -> None:
    """Has one answer, so that it is this client that the server serves."""
    client.sendall(HELLO)
    client.recv(100)


def _is_answered(client: socket.socket, seconds: float) -> bool:
    client.settimeout(seconds)
    try:
        return bool(client.recv(100))
    except TimeoutError:
        return False
