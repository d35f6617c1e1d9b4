"""What the kernel keeps for connections, threads and processes, by its own books.

Objects of fixed sizes lie in caches of the slab allocator, which slabinfo(5) counts for root, for
the whole machine: both ends of a connection, and all other programs. So a cost is a difference of
two readings, taken while nothing else starts or ends many processes.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from echolab import proc

KERNEL_STACK_BYTES = 16 << 10  # a thread's, on Linux for 64-bit machines (THREAD_SIZE)
# Those of sockets, of epoll, of threads and of processes, and the unnamed ones (kmalloc). Left out
# are the file systems' caches, which mirror what other programs and we read.
COUNTED = re.compile(
    r"TCP|TCPv6|sock_inode_cache|filp|lsm_file_cache|eventpoll_\w+|ep_head|io_kiocb|task_\w+"
    r"|signal_cache|sighand_cache|files_cache|fs_cache|mm_struct|vm_area_struct|anon_vma\w*|pid"
    r"|maple_node|vmap_area|cred_jar|kmalloc-(cg-)?\d+k?"
)
# What each end of a connection has one of, and what an end that epoll watches has besides.
OF_AN_END = ("TCP", "sock_inode_cache", "filp", "lsm_file_cache")
OF_A_WATCHED_END = ("eventpoll_epi", "eventpoll_pwq")
SOCKETS = "sock_inode_cache"
NAMES = "dentry"  # each socket has one, but so has each file that anybody has looked at


@dataclass(frozen=True)
class Cache:
    """One kind of object: how many there are, and the size of one in bytes."""

    objects: int
    object_bytes: int


@dataclass(frozen=True)
class Slab:
    """One reading. Without root there are no `caches`, but only a total."""

    caches: dict[str, Cache]
    unreclaimable_bytes: int  # the whole slab, but for the caches that the kernel could drop

    @property
    def source(self) -> str:
        """Where its figures come from: "slabinfo" or "meminfo"."""
        return "slabinfo" if self.caches else "meminfo"

    def bytes(self) -> int:
        """Returns the memory of what is counted; only the difference of two readings means it."""
        if not self.caches:
            return self.unreclaimable_bytes
        counted = (cache for name, cache in self.caches.items() if COUNTED.fullmatch(name))
        names = self._objects(SOCKETS) * self._object_bytes(NAMES)
        return names + sum(cache.objects * cache.object_bytes for cache in counted)

    def client_end_bytes(self) -> int | None:
        """Returns what the load generator's end of one connection takes; None if unknown."""
        if not self.caches:
            return None
        return sum(map(self._object_bytes, (*OF_AN_END, *OF_A_WATCHED_END, NAMES)))

    def _objects(self, name: str) -> int:
        return self.caches[name].objects if name in self.caches else 0

    def _object_bytes(self, name: str) -> int:
        return self.caches[name].object_bytes if name in self.caches else 0


def read_slab() -> Slab:
    """Returns what the slab allocator holds now."""
    return Slab(_caches(), _unreclaimable_bytes())


def parse_slabinfo(text: str) -> dict[str, Cache]:
    """Reads /proc/slabinfo: name, active objects, all objects, size of one, and more."""
    rows = (row.split() for row in text.splitlines() if not row.startswith(("#", "slabinfo")))
    return {row[0]: Cache(int(row[1]), int(row[3])) for row in rows}


def _caches() -> dict[str, Cache]:
    try:
        return parse_slabinfo(Path("/proc/slabinfo").read_text())
    except OSError:  # not root, or a kernel without it
        return {}


def _unreclaimable_bytes() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return proc.kilobytes(sizes.get("SUnreclaim"))
