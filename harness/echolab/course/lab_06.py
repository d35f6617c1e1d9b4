"""What lab 06 asks, measured: what processes share, who is told of their end, what they weigh.

A fork is made by a process without threads: by a script, not by the driver itself.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap

from echolab import proc
from echolab.course.answers import Measured, choice, quantity
from echolab.course.experiment import PATIENCE_SECONDS, connect, is_answered, run_server, say_hello
from echolab.course.registry import measurement
from echolab.course.weighing import weight_of_one_more
from echolab.errors import LabError

CLIENTS_OF_A_KILLED = 3
SILENT_CLIENTS = 30

COUNTER = """
    import os

    counter = 0
    for _ in range(3):
        if os.fork() == 0:
            counter += 1
            os._exit(0)
    for _ in range(3):
        os.wait()
    print(counter)
"""

# The client looks while the copy is there, and once more when it was closed.
KEPT_COPY = """
    import os, select, socket

    def sees_the_end(seconds):
        return bool(select.select([client], [], [], seconds)[0])

    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    copy, _ = listener.accept()
    if os.fork() == 0:
        copy.close()
        os._exit(0)
    os.wait()
    early = sees_the_end(0.5)
    copy.close()
    print("at once" if early else "when the parent" if sees_the_end(20) else "never")
"""

# WNOWAIT leaves the child a zombie: it has ended, and is still there to be waited for.
SIGNALS = """
    import os, signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    children = []
    for _ in range(12):
        child = os.fork()
        if child == 0:
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    found = 0
    while signal.sigtimedwait({signal.SIGCHLD}, 0):
        found += 1
    print(found)
"""


@measurement("counter-of-three-children", quantity("count", "3"))
def counter_of_three_children() -> Measured:
    """Lets three children count in a variable of their parent."""
    value = int(_printed_by(COUNTER))
    return Measured(value, f"the parent read {value}: each child has counted in a copy of its own")


@measurement(
    "end-of-a-kept-connection", choice("at once", "when the parent closes its copy", "never")
)
def end_of_a_kept_connection() -> Measured:
    """Looks for the end of a stream while a copy of its socket is open, and afterwards."""
    seen = _printed_by(KEPT_COPY)
    if seen == "when the parent":
        return Measured(
            "when the parent closes its copy",
            "nothing came with the child's end; the parent's close was the end of the stream",
        )
    return Measured(seen, f"the client saw the end of the stream: {seen}")


@measurement("signals-of-twelve-children", quantity("count", "12"))
def signals_of_twelve_children() -> Measured:
    """Holds SIGCHLD back until twelve children have ended, and counts."""
    found = int(_printed_by(SIGNALS))
    return Measured(found, f"of twelve ends the parent was told by {_times(found, 'signal')}")


@measurement("clients-of-a-killed-process", quantity("count", "3"))
def clients_of_a_killed_process() -> Measured:
    """Kills the process of one of three clients, and asks all of them."""
    with run_server("fork-per-client") as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(CLIENTS_OF_A_KILLED)]
        for client in clients:
            say_hello(client)
        os.kill(proc.children(server.pid)[0], signal.SIGKILL)
        lost = sum(not _is_served(client) for client in clients)
    return Measured(lost, f"one of three processes was killed: {_times(lost, 'client')} lost")


@measurement("memory-of-a-client-s-process", quantity("bytes", "1 MB"))
def memory_of_a_clients_process() -> Measured:
    """Weighs the server's processes before and after many clients have come, and divides."""
    with run_server("fork-per-client") as server:
        weight = weight_of_one_more(server, SILENT_CLIENTS)
    own, tables, stacks = (
        f"{size / 1024:.0f}" for size in (weight.own, weight.page_tables, weight.stacks)
    )
    return Measured(
        weight.together, f"{weight.together / 1024:.0f} KiB: {own} of the process (PSS),"
        f" {tables} of page tables, {stacks} of stack; ./lab scale has what else there is"
    )  # fmt: skip


def _printed_by(script: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    if finished.returncode != 0:
        raise LabError(f"the measurement failed: {finished.stderr.strip().splitlines()[-1]}")
    return finished.stdout.strip()


def _is_served(client) -> bool:
    """Tells whether an answer comes, or at least whether the connection has not ended."""
    try:
        client.sendall(b"hello\n")
        return is_answered(client, PATIENCE_SECONDS)
    except ConnectionError:
        return False


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
