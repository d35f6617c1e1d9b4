"""What lab 02 asks, measured: a thread for each client, and a pool of them."""

import contextlib

from echolab import proc
from echolab.course.answers import Measured, choice, quantity
from echolab.course.experiment import (
    connect,
    five_slow_requests,
    hello_beside,
    run_server,
    say_hello,
)
from echolab.course.registry import measurement
from echolab.course.weighing import weight_of_one_more

SILENT_CLIENTS = 50
POOL = 10


@measurement("five-clients-with-a-thread-each", quantity("time", "100 ms"))
def five_clients_with_a_thread_each() -> Measured:
    """Five clients of a server whose every answer takes 100 ms."""
    return five_slow_requests("thread-per-client")


@measurement("threads-of-three-clients", quantity("count", "3"))
def threads_of_three_clients() -> Measured:
    """Counts the server's threads while three clients are served."""
    with run_server("thread-per-client") as server, contextlib.ExitStack() as stack:
        for _ in range(3):
            say_hello(stack.enter_context(connect(server)))
        threads = proc.read_stat(server.pid).threads
    return Measured(threads, f"the server had {threads} threads: the main thread is one of them")


@measurement("memory-of-a-silent-client", quantity("bytes", "1 MB"))
def memory_of_a_silent_client() -> Measured:
    """Weighs the server before and after many clients have come, and divides."""
    with run_server("thread-per-client") as server:
        each = weight_of_one_more(server, SILENT_CLIENTS).own
    return Measured(
        each, f"{SILENT_CLIENTS} more clients took {each * SILENT_CLIENTS / 1024:,.0f} KiB (PSS),"
        f" {each / 1024:.1f} KiB each"
    )  # fmt: skip


@measurement("client-eleven", choice("at once", "when one of the ten leaves", "never"))
def client_eleven() -> Measured:
    """Says hello to a pool whose ten workers each have a silent client."""
    with run_server("thread-pool", "--workers", str(POOL)) as server, contextlib.ExitStack() as stack:
        ten = [stack.enter_context(connect(server)) for _ in range(POOL)]
        for client in ten:
            say_hello(client)
        eleven = stack.enter_context(connect(server))
        return hello_beside(ten[:1], eleven, "when one of the ten leaves")
