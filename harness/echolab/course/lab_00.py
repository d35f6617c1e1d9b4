"""What lab 00 asks, measured: what sockets do, without any server of the kit."""

import socket
import time

from echolab.course.answers import YES_OR_NO, Measured, choice, quantity
from echolab.course.registry import measurement
from echolab.server_process import free_port

HOST = "127.0.0.1"
OFFERED_BYTES = 10_000_000


@measurement("connect-before-accept", YES_OR_NO)
def connect_before_accept() -> Measured:
    """Connects to a listener on which accept is never called."""
    with socket.create_server((HOST, 0)) as listener:
        started = time.perf_counter()
        try:
            socket.create_connection(listener.getsockname(), timeout=10).close()
        except OSError as error:
            return Measured(False, f"connect failed: {error}")
        taken = time.perf_counter() - started
    return Measured(
        True, f"connect returned after {taken * 1e6:.0f} µs: the kernel shook hands by itself"
    )


@measurement("two-sends-one-receive", choice("three", "six", "either"))
def two_sends_one_receive() -> Measured:
    """Receives once after the first of two sends, and once after both."""
    early, late = _received_in_one_call(sends=1), _received_in_one_call(sends=2)
    value = "either" if early != late else {3: "three", 6: "six"}.get(early)
    return Measured(
        value, f"recv returned {early} bytes when it came after the first send, {late} after both"
    )


def _received_in_one_call(sends: int) -> int:
    with socket.create_server((HOST, 0)) as listener:
        with socket.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            with server:
                for _ in range(sends):
                    client.sendall(b"abc")
                # Until all of it has arrived; MSG_PEEK leaves it where it is: recv(2).
                server.recv(3 * sends, socket.MSG_PEEK | socket.MSG_WAITALL)
                return len(server.recv(100))


@measurement("one-send-of-much", quantity("bytes", "64 kB"))
def one_send_of_much() -> Measured:
    """Offers 10 million bytes to a side that does not receive."""
    with socket.create_server((HOST, 0)) as listener:
        with socket.create_connection(listener.getsockname()) as client:
            client.setblocking(False)
            taken = client.send(bytes(OFFERED_BYTES))
    return Measured(taken, f"send took {taken:,} of {OFFERED_BYTES:,} bytes")


@measurement("nobody-listens", quantity("time", "3 s"))
def nobody_listens() -> Measured:
    """Connects to a port on which nobody listens."""
    started = time.perf_counter()
    try:
        socket.create_connection((HOST, free_port()), timeout=10).close()
        outcome = "connect did not fail"
    except OSError as error:
        outcome = str(error)
    taken = time.perf_counter() - started
    return Measured(taken, f"after {taken * 1e6:.0f} µs: {outcome}")


@measurement("datagram-to-nobody", YES_OR_NO)
def datagram_to_nobody() -> Measured:
    """Sends one datagram to a port that nobody has bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as letter:
        try:
            sent = letter.sendto(b"hello", (HOST, free_port()))
        except OSError as error:
            return Measured(True, f"sendto failed: {error}")
    return Measured(False, f"sendto returned {sent}, as if all were well")
