"""What a server has become under its connections: weighed while the load waits."""

from collections.abc import Callable
from dataclasses import dataclass

from echolab import proc
from echolab.accounting import Usage, tree_cpu_seconds
from echolab.kernel_memory import KERNEL_STACK_BYTES, Slab, read_slab
from echolab.waiting import wait_until

SETTLE_SECONDS = 0.5
SETTLED_BYTES = 32 << 10  # change between two readings, 5 ms apart, while others work a little


@dataclass(frozen=True)
class Memory:
    """Bytes that a server takes, or that are taken for it. None: not known here."""

    user_pss_bytes: int = 0  # its own pages; one that n processes share counts 1/n in each
    page_table_bytes: int = 0
    kernel_stack_bytes: int = 0
    kernel_slab_bytes: int | None = None  # the server's objects: sockets, threads, processes
    kernel_slab_both_ends_bytes: int = 0  # with those of the load generator's sockets
    kernel_slab_unrest_bytes: int = 0  # by which it changed while no connection came or went
    kernel_slab_source: str = ""  # "slabinfo", or "meminfo" where one needs root for the former

    @property
    def own_bytes(self) -> int:
        """What the kernel books for these processes and no others."""
        return self.user_pss_bytes + self.page_table_bytes + self.kernel_stack_bytes

    @property
    def object_bytes(self) -> int:
        """The kernel's objects: the server's, or both ends' where those cannot be told apart."""
        own = self.kernel_slab_bytes
        return self.kernel_slab_both_ends_bytes if own is None else own

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return self.own_bytes + self.object_bytes


class Gauge:
    """Weighs a server while the load waits: the CPU time at each reading, its size at the last.

    An Accountant for runs of thousands of processes, which sampling would disturb.
    """

    def __init__(self, tree: Callable[[], list[int]], connections: int):
        """`connections` are those of the load generator, whose end is to be told apart."""
        self.usage = Usage()
        self.memory = Memory()
        self._tree = tree
        self._connections = connections
        self._first_cpu_seconds: float | None = None
        self._slab_before: Slab
        self._slab_opened: Slab

    def __enter__(self) -> "Gauge":
        self._slab_before = _settled_slab()
        return self

    def __exit__(self, *_exception) -> None:
        pass

    def read(self) -> None:
        """Notes the CPU time at the first call; at the second also what the server has become."""
        cpu_seconds = tree_cpu_seconds(self._tree)
        if self._first_cpu_seconds is None:
            self._first_cpu_seconds = cpu_seconds
            self._slab_opened = read_slab()
        else:
            self.usage.cpu_seconds = cpu_seconds - self._first_cpu_seconds
            self._weigh()

    def _weigh(self) -> None:
        slab = read_slab()  # first: to look at processes makes the kernel note more of them
        tree = self._tree()
        statuses = [proc.read_status(pid) for pid in tree]
        usage = self.usage
        usage.processes = len(tree)
        usage.threads = sum(int(status.get("Threads", 0)) for status in statuses)
        usage.descriptors = sum(map(proc.descriptor_count, tree))
        usage.cpu_is_lower_bound = any(map(proc.ignores_sigchld, statuses))
        both_ends = max(0, slab.bytes() - self._slab_before.bytes())
        client_end = slab.client_end_bytes()
        self.memory = Memory(
            user_pss_bytes=sum(map(proc.pss_bytes, tree)),
            page_table_bytes=sum(proc.kilobytes(status.get("VmPTE")) for status in statuses),
            kernel_stack_bytes=usage.threads * KERNEL_STACK_BYTES,
            kernel_slab_bytes=client_end and max(0, both_ends - self._connections * client_end),
            kernel_slab_both_ends_bytes=both_ends,
            kernel_slab_unrest_bytes=abs(slab.bytes() - self._slab_opened.bytes()),
            kernel_slab_source=slab.source,
        )


def _settled_slab() -> Slab:
    """Returns a reading after the kernel has freed what an earlier server left behind."""
    readings = [read_slab()]

    def is_settled() -> bool:
        readings.append(read_slab())
        return abs(readings[-1].bytes() - readings[-2].bytes()) < SETTLED_BYTES

    wait_until(is_settled, SETTLE_SECONDS)
    return readings[-1]
