"""What lab 03 asks, measured: naps and select."""

import contextlib
import statistics
import time

from echolab.lineup import raise_descriptor_limit
from echolab.course.answers import Measured, choice, quantity
from echolab.course.experiment import (
    A_WHILE_SECONDS,
    HELLO,
    PATIENCE_SECONDS,
    connect,
    is_answered,
    run_server,
    say_hello,
    waits_of,
)
from echolab.course.registry import measurement

ECHOES = 50
NAP = "10ms"
MORE_THAN_SELECT_HOLDS = 1100


@measurement("echo-of-a-napping-server", quantity("time", "1 ms"))
def echo_of_a_napping_server() -> Measured:
    """Times the echoes of a client that sends as soon as it was answered."""
    with run_server("busy-poll", "--nap", NAP) as server, connect(server) as client:
        say_hello(client)
        waits = []
        for _ in range(ECHOES):
            started = time.perf_counter()
            say_hello(client)
            waits.append(time.perf_counter() - started)
    median = statistics.median(waits)
    return Measured(median, f"the median of {ECHOES} echoes was {median * 1000:.1f} ms")


@measurement("hello-beside-silent-clients-of-select", choice("at once", "when they leave", "never"))
def hello_beside_silent_clients_of_select() -> Measured:
    """Says hello beside a hundred silent clients."""
    with run_server("select") as server, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(server)) for _ in range(100)]
        last = stack.enter_context(connect(server))
        last.sendall(HELLO)
        if is_answered(last, A_WHILE_SECONDS):
            return Measured("at once", "it was answered at once, beside a hundred silent ones")
        for client in silent:
            client.close()
        if is_answered(last, PATIENCE_SECONDS):
            return Measured("when they leave", "it was answered when they had left")
    return Measured("never", f"it was not answered in {PATIENCE_SECONDS:.0f} s")


@measurement("five-slow-requests-of-select", quantity("time", "100 ms"))
def five_slow_requests_of_select() -> Measured:
    """Five clients of a select server whose every answer takes 100 ms of sleep."""
    with run_server("select", "--service-time", "100ms") as server:
        waits = waits_of(5, server)
    each = ", ".join(f"{wait * 1000:.0f}" for wait in waits)
    return Measured(max(waits), f"the five were answered after {each} ms")


@measurement("most-clients-of-select", quantity("count", "100"))
def most_clients_of_select() -> Measured:
    """Connects clients until one is turned away."""
    raise_descriptor_limit()
    with run_server("select") as server, contextlib.ExitStack() as stack:
        for held in range(MORE_THAN_SELECT_HOLDS):
            client = stack.enter_context(connect(server))
            try:
                client.sendall(HELLO)
                if not is_answered(client, PATIENCE_SECONDS):
                    break
            except ConnectionError:
                break
    return Measured(held, f"the server held {held} clients, and turned the next one away")
