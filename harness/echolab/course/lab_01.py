"""What lab 01 asks, measured: the kit's iterative server, and clients who must wait."""

import socket

from echolab.course.answers import YES_OR_NO, Measured, choice, quantity
from echolab.course.experiment import (
    HELLO,
    PATIENCE_SECONDS,
    connect,
    five_slow_requests,
    hello_beside,
    is_answered,
    run_server,
    say_hello,
)
from echolab.course.registry import measurement


@measurement("five-clients-of-100-ms", quantity("time", "100 ms"))
def five_clients_of_100_ms() -> Measured:
    """Five clients of a server whose every answer takes 100 ms."""
    return five_slow_requests("iterative")


@measurement("connect-beside-a-silent-client", YES_OR_NO)
def connect_beside_a_silent_client() -> Measured:
    """Connects while another client is served."""
    with run_server("iterative") as server, connect(server) as a:
        say_hello(a)
        try:
            connect(server).close()
        except OSError as error:
            return Measured(False, f"connect failed: {error}")
    return Measured(True, "connect succeeded: B was in the backlog")


@measurement("hello-beside-a-silent-client", choice("at once", "when A leaves", "never"))
def hello_beside_a_silent_client() -> Measured:
    """Says hello while another client is served, which then leaves."""
    with run_server("iterative") as server, connect(server) as a:
        say_hello(a)
        with connect(server) as b:
            return hello_beside([a], b, "when A leaves")


@measurement("hello-in-the-backlog", YES_OR_NO)
def hello_in_the_backlog() -> Measured:
    """Says hello and half-closes while another client is served, which then leaves."""
    with run_server("iterative") as server, connect(server) as a:
        say_hello(a)
        with connect(server) as b:
            b.sendall(HELLO)
            b.shutdown(socket.SHUT_WR)
            a.close()
            answered = is_answered(b, PATIENCE_SECONDS)
    seen = "B's hello came back" if answered else "nothing came back to B"
    return Measured(answered, f"{seen}, though all it had to say was said before its turn")
