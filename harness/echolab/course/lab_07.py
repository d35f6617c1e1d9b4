"""What lab 07 asks, measured: what tells the models apart for three services, and what hides it."""

import contextlib
import os
import resource
import selectors
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

from echolab.build import build_program
from echolab.course.answers import Measured, choice, quantity
from echolab.course.experiment import HELLO, connect, run_server, say_hello, waits_of
from echolab.course.registry import measurement
from echolab.course.weighing import weight_of_one_more
from echolab.loadgen import run_loadgen
from echolab.processors import available
from echolab.server_process import ServerProcess
from echolab.workloads import Workload

DOORS, WEIGHED_DOORS = 2000, 200
TILLS, POOL = 40, 20
OFFICES = 4
QUIET_SECONDS = 2.0  # after which nobody is expected to be answered any more, on a busy machine
STALL_AFTER_SECONDS, STALL_SECONDS = 0.3, 0.2
CLOSED_LOOP = Workload("stall", clients=(10,), duration=1.0, warmup=0.0, patience=30.0)


@measurement("memory-of-silent-doors", quantity("bytes", "512 MB"))
def memory_of_silent_doors() -> Measured:
    """Weighs some doors that have a thread each, and multiplies."""
    with run_server("thread-per-client") as server:
        each = weight_of_one_more(server, WEIGHED_DOORS).together
    return Measured(
        each * DOORS, f"{each * DOORS / 2**20:.0f} MiB: {each / 1024:.1f} KiB for each of"
        f" {WEIGHED_DOORS} doors, with page tables and the kernel's stack"
    )  # fmt: skip


@measurement("tills-of-a-pool", choice("10", "20", "40"))
def tills_of_a_pool() -> Measured:
    """Counts who is answered, of more clients than a pool has workers."""
    with run_server("thread-pool", f"--workers={POOL}") as server, contextlib.ExitStack() as stack:
        tills = [stack.enter_context(connect(server)) for _ in range(TILLS)]
        for till in tills:
            till.sendall(HELLO)
        served = _answers(tills)
    seen = f"{served} of {TILLS} were answered: each keeps its thread for as long as it stays"
    return Measured(str(served), seen)


@measurement("four-documents-at-once", quantity("time", "100 ms"))
def four_documents_at_once() -> Measured:
    """Lets four threads compute for 100 ms of processor time each."""
    service = ("--service-time", "100ms", "--service-work", "cpu")
    with run_server("thread-per-client", *service) as server:
        waits = waits_of(OFFICES, server)
    each = ", ".join(f"{wait * 1000:.0f}" for wait in waits)
    processors = len(available())
    return Measured(
        max(waits), f"the four were answered after {each} ms, on {processors} processors"
    )


@measurement("clients-of-a-crashed-thread", quantity("count", "1"))
def clients_of_a_crashed_thread() -> Measured:
    """Lets a server of threads get the signal of a bad pointer, and asks its clients."""
    with run_server("thread-per-client") as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(OFFICES)]
        for client in clients:
            say_hello(client)
        resource.prlimit(server.pid, resource.RLIMIT_CORE, (0, 0))
        os.kill(server.pid, signal.SIGSEGV)
        lost = sum(_has_ended(client) for client in clients)
    return Measured(lost, f"{lost} of {OFFICES} lost their connection: a signal ends a process")


@measurement("p99-of-a-stall", quantity("time", "100 ms"))
def p99_of_a_stall() -> Measured:
    """Stops a server for a while under closed-loop load, and reads the percentiles."""
    with run_server("epoll") as server, _stall(server) as begin:
        report = run_loadgen(
            build_program("loadgen"), server.host, server.port, CLOSED_LOOP, 10, begin
        )
    p99, longest = report["p99_us"] / 1e3, report["max_us"] / 1e3
    return Measured(
        p99 / 1e3, f"the p99 was {p99:.2f} ms, and the longest {longest:.0f} ms: of"
        f" {report['echoes']:,} requests, only the 10 under way met the stall"
    )  # fmt: skip


def _answers(clients: Sequence[socket.socket]) -> int:
    """Counts whose answer comes, until none has come for a while."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        answered = 0
        while ready := selector.select(QUIET_SECONDS):
            answered += len(ready)
            for key, _ in ready:
                selector.unregister(key.fileobj)
    return answered


def _has_ended(client: socket.socket) -> bool:
    try:
        return client.recv(100) == b""
    except ConnectionError:
        return True


@contextlib.contextmanager
def _stall(server: ServerProcess) -> Iterator[Callable[[], None]]:
    """Yields what, called once or more, lets the server stand still for a while a little later."""
    stop = threading.Timer(STALL_AFTER_SECONDS, os.kill, (server.pid, signal.SIGSTOP))
    go_on = threading.Timer(
        STALL_AFTER_SECONDS + STALL_SECONDS, os.kill, (server.pid, signal.SIGCONT)
    )

    def begin() -> None:
        for timer in (stop, go_on):
            if timer.ident is None:
                timer.start()

    try:
        yield begin
    finally:
        stop.cancel()
        go_on.cancel()
