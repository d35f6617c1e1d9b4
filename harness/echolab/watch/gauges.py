"""What is watched of a server: each gauge is a number that changes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from echolab import proc, quantities, tcp_sockets
from echolab.accounting import tree_cpu_seconds
from echolab.tcp_sockets import LISTEN, TcpSocket

ECHOES, SENT, OPENED = "echoes", "sent", "opened"  # keys of gauges
# Memory makes the kernel walk all pages of a server: of many processes it is read seldom.
MANY_PROCESSES = 20
MEMORY_EVERY = 4  # readings
NETWORK_COUNTERS = Path("/proc/net/snmp")


@dataclass(frozen=True)
class Gauge:
    """`title` and `short` name it on a screen and in a line; `show` writes a value of it."""

    key: str
    title: str
    short: str
    show: Callable[[float], str]


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _rate(value: float) -> str:
    return quantities.rate(value, value, value) if value else "0"


def _size(value: float) -> str:
    return quantities.size(value) if value >= 1024 else f"{value:.0f} B"


def _count(value: float) -> str:
    return f"{value:.0f}"


GAUGES = (
    Gauge(ECHOES, "echoes a second", "echoes/s", _rate),
    Gauge(SENT, "bytes sent a second", "sent/s", _size),
    Gauge(OPENED, "new connections a second, machine", "new/s", _rate),
    Gauge("cpu", "CPU, of one processor", "CPU", _share),
    Gauge("voluntary", "switches a second, voluntary", "vol/s", _rate),
    Gauge("involuntary", "switches a second, involuntary", "invol/s", _rate),
    Gauge("connections", "connections accepted", "conns", _count),
    Gauge("waiting", "connections not yet accepted", "queue", _count),
    Gauge("unread", "bytes it has not read", "unread", _size),
    Gauge("unacknowledged", "bytes clients have not taken", "unsent", _size),
    Gauge("threads", "threads", "threads", _count),
    Gauge("processes", "processes", "procs", _count),
    Gauge("descriptors", "descriptors", "fds", _count),
    Gauge("memory", "memory (PSS)", "memory", _size),
    Gauge("load_cpu", "the load generator's CPU", "load CPU", _share),
)
Reading = dict[str, float | None]  # by the keys of the gauges; None: not known


@dataclass(frozen=True)
class Work:
    """What of a server's work can be counted: the gauge, and how many bytes are 1 of it.

    The kernel counts the bytes of a connection that is there. Those that come and go are too many
    to be seen, each of them: then the connections are counted that all servers of this machine
    were opened.
    """

    key: str
    bytes: int = 1


class Growth:
    """How much counters have grown since they were last read, whoever comes and goes."""

    def __init__(self):
        self._last: dict[object, float] | None = None

    def since_last(self, totals: Mapping[object, float]) -> float | None:
        """Returns by how much `totals` have grown together; None the first time.

        What is new counts in full; what is gone has nothing to add.
        """
        last, self._last = self._last, dict(totals)
        if last is None:
            return None
        return sum(max(0.0, total - last.get(name, 0.0)) for name, total in totals.items())


class Meter:
    """Reads all gauges of a server."""

    def __init__(
        self,
        tree: Callable[[], list[int]],
        ports: Iterable[int],
        work: Work,
        load_generator: int | None = None,
    ):
        """`tree` returns the server's processes; `load_generator` is a process id."""
        self._tree = tree
        self._ports = tuple(ports)
        self._work = work
        self._load_generator = load_generator
        self._growths: dict[str, Growth] = {}
        self._readings = 0
        self._memory = 0.0
        self._last_time: float | None = None

    def read(self, now: float) -> Reading:
        """Returns the gauges at `now`, in seconds of any clock; rates are those since the last."""
        seconds = now - (now if self._last_time is None else self._last_time)
        self._last_time = now
        return {**self._processes(seconds), **self._connections(seconds)}

    def _processes(self, seconds: float) -> Reading:
        tree = self._tree()
        if len(tree) < MANY_PROCESSES or self._readings % MEMORY_EVERY == 0:
            self._memory = float(sum(map(proc.pss_bytes, tree)))
        self._readings += 1
        switches = {}
        for pid in tree:
            switches.update(proc.thread_switches(pid))
        load_cpu = self._load_generator and proc.cpu_seconds(self._load_generator)
        load = {} if load_cpu is None else {"load_cpu": self._rate("load", {0: load_cpu}, seconds)}
        return {
            "cpu": self._rate("cpu", {0: tree_cpu_seconds(self._tree)}, seconds),
            "voluntary": self._rate("voluntary", _column(switches, 0), seconds),
            "involuntary": self._rate("involuntary", _column(switches, 1), seconds),
            "threads": float(len(switches)),
            "processes": float(len(tree)),
            "descriptors": float(sum(map(proc.descriptor_count, tree))),
            "memory": self._memory,
            **load,
        }

    def _connections(self, seconds: float) -> Reading:
        sockets = [one for port in self._ports for one in tcp_sockets.of_port(port)]
        held = [one for one in sockets if one.is_accepted]
        return {
            **self._work_done(held, seconds),
            "connections": float(len(held)),
            "waiting": float(sum(one.waiting for one in sockets if one.state == LISTEN)),
            "unread": float(sum(one.waiting for one in sockets if one.is_open)),
            "unacknowledged": float(sum(one.unsent for one in sockets if one.is_open)),
        }

    def _work_done(self, held: list[TcpSocket], seconds: float) -> Reading:
        key = self._work.key
        if key == OPENED:
            return {key: self._rate(key, {0: connections_taken()}, seconds)}
        known = (one for one in held if one.acknowledged is not None)
        answered = {one.inode: one.acknowledged / self._work.bytes for one in known}
        return {key: self._rate(key, answered, seconds)}

    def _rate(self, key: str, totals: Mapping[object, float], seconds: float) -> float | None:
        growth = self._growths.setdefault(key, Growth()).since_last(totals)
        return None if growth is None or not seconds else growth / seconds


def _column(rows: Mapping[int, tuple[int, int]], number: int) -> dict[int, float]:
    return {name: float(row[number]) for name, row in rows.items()}


def connections_taken() -> float:
    """Returns how many connections this machine's servers were ever opened (PassiveOpens)."""
    names, values = (
        line.split() for line in NETWORK_COUNTERS.read_text().splitlines() if line[:4] == "Tcp:"
    )
    return float(dict(zip(names, values, strict=True))["PassiveOpens"])
