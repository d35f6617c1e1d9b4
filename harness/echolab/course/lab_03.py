"""What lab 03 asks, measured: naps and select."""

import contextlib
import statistics
import time

from echolab.course.answers import Measured, choice, quantity
from echolab.course.experiment import (
    clients_held,
    connect,
    five_slow_requests,
    hello_beside,
    run_server,
    say_hello,
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
        return hello_beside(silent, last, "when they leave")


@measurement("five-slow-requests-of-select", quantity("time", "100 ms"))
def five_slow_requests_of_select() -> Measured:
    """Five clients of a select server whose every answer takes 100 ms of sleep."""
    return five_slow_requests("select")


@measurement("most-clients-of-select", quantity("count", "100"))
def most_clients_of_select() -> Measured:
    """Connects clients until one is turned away."""
    with run_server("select") as server:
        held = clients_held(server, MORE_THAN_SELECT_HOLDS)
    return Measured(held, f"the server held {held} clients, and turned the next one away")
