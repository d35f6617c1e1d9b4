"""Servers in groups that one chart can hold: the labs' models together, strangers in a group."""

from collections.abc import Sequence
from dataclasses import dataclass

from echolab.models import MODELS
from echolab.report.measured import PEER

IN_ONE_CHART = 8  # as many as page.css has colours
STRANGERS = "Other servers"
PEERS = "Peers"
TITLES = {
    "01_iterative": "One client at a time",
    "02_threads": "Threads",
    "03_select": "Busy polling and select",
    "04_poll": "poll and epoll",
    "05_async": "Asio and io_uring",
    "06_multiprocess": "Processes",
}


@dataclass(frozen=True)
class Family:
    """Servers that share a chart; a server's place among them is its colour."""

    title: str
    servers: tuple[str, ...]


def in_families(servers: Sequence[str]) -> list[Family]:
    """Returns one family of all servers if one chart can hold them, else one for each lab."""
    if len(servers) <= IN_ONE_CHART:
        return [Family("", tuple(servers))]
    titles = (*TITLES.values(), PEERS, STRANGERS)
    groups: dict[str, list[str]] = {title: [] for title in titles}
    for server in servers:
        groups[_title(server)].append(server)
    return [family for title, group in groups.items() for family in _split(title, group)]


def _title(server: str) -> str:
    if server.endswith(PEER):
        return PEERS
    model = MODELS.get(server.partition(" ")[0])
    return TITLES.get(model.directory, STRANGERS) if model else STRANGERS


def _split(title: str, servers: Sequence[str]) -> list[Family]:
    parts = [servers[i : i + IN_ONE_CHART] for i in range(0, len(servers), IN_ONE_CHART)]
    if len(parts) <= 1:
        return [Family(title, tuple(servers))]
    return [Family(f"{title} ({n})", tuple(part)) for n, part in enumerate(parts, 1)]
