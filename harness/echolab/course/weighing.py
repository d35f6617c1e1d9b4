"""What one more silent client takes, by the kernel's books of the server's processes."""

import contextlib
from dataclasses import dataclass

from echolab import proc
from echolab.course.experiment import connect, say_hello
from echolab.kernel_memory import KERNEL_STACK_BYTES
from echolab.server_process import ServerProcess


@dataclass(frozen=True)
class Weight:
    """Bytes that one client takes. What the kernel keeps besides is not in it: `./lab scale`."""

    own: float  # PSS: a page that n processes share counts 1/n
    page_tables: float
    stacks: float  # the kernel's, one for each thread

    @property
    def together(self) -> float:
        """All of it."""
        return self.own + self.page_tables + self.stacks


def weight_of_one_more(server: ServerProcess, clients: int) -> Weight:
    """Weighs the server with one silent client and with so many more, and divides."""
    with contextlib.ExitStack() as stack:
        say_hello(stack.enter_context(connect(server)))
        before = _weigh(server.pid)
        for _ in range(clients):
            say_hello(stack.enter_context(connect(server)))
        after = _weigh(server.pid)
    return Weight(*((late - early) / clients for late, early in zip(after, before)))


def _weigh(root: int) -> tuple[int, int, int]:
    family = proc.descendants([root])
    tables = sum(proc.kilobytes(proc.read_status(pid).get("VmPTE")) for pid in family)
    threads = sum(map(proc.thread_count, family))
    return sum(map(proc.pss_bytes, family)), tables, threads * KERNEL_STACK_BYTES
