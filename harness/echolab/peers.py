"""The peers: echo servers on other people's libraries, to compare the kit's with.

Their pages lie in harness/peers. Each takes part where what it needs is installed.
"""

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.build import build, left_out
from echolab.errors import BadUsage, CannotRun, unknown
from echolab.models import ROOT

DIRECTORY = ROOT / "harness" / "peers"
PREFIX = "peers/"  # before a peer's name, where it could be taken for a model's


@dataclass(frozen=True)
class Peer:
    """One peer, and what of Debian it needs besides what packages.txt names."""

    name: str
    idea: str
    words: tuple[str, ...]  # {programs}, {pages}, {python}: see command(); {port} stays
    packages: tuple[str, ...] = ()
    tool: str = ""  # the program that says the packages are there, however they came
    module: str = ""  # the same of Python

    @property
    def program(self) -> str:
        """The name of the built program, which is also its build target; "" if there is none."""
        names = (Path(word).name for word in self.words if word.startswith("{programs}/"))
        return next(names, "")

    def command(self, programs: Path) -> tuple[str, ...]:
        """Returns the command, in which {port} stands for the port; `programs` are the built."""
        places = {"{programs}": programs, "{pages}": DIRECTORY, "{python}": sys.executable}
        words = self.words
        for place, path in places.items():
            words = tuple(word.replace(place, str(path)) for word in words)
        return words

    def absence(self, programs: Path) -> str | None:
        """Returns why it cannot run here, and what to install; None if it can."""
        if self.program:
            return left_out(programs).get(self.program)
        if not self.packages or self.is_provided():
            return None
        return f"{self.tool or self.module} is missing: install {' and '.join(self.packages)}"

    def is_provided(self) -> bool:
        """Tells whether the tool or module that it needs is here, whoever has installed it."""
        if self.tool:
            return shutil.which(self.tool) is not None
        return bool(self.module) and importlib.util.find_spec(self.module) is not None


def by_packages() -> dict[tuple[str, ...], list["Peer"]]:
    """Returns the peers that need packages, by those packages."""
    groups: dict[tuple[str, ...], list[Peer]] = {}
    for peer in PEERS.values():
        if peer.packages:
            groups.setdefault(peer.packages, []).append(peer)
    return groups


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "raw-epoll",
            "plain C that does nothing but echo: the reference of docs/performance.md",
            ("{programs}/raw_epoll", "{port}"),
        ),
        Peer("libuv", "C callbacks", ("{programs}/peer_libuv", "{port}"), ("libuv1-dev",)),
        Peer(
            "libevent",
            "C, a bufferevent a client",
            ("{programs}/peer_libevent", "{port}"),
            ("libevent-dev",),
        ),
        Peer("asio", "Asio, as its own example has it", ("{programs}/peer_asio", "{port}")),
        Peer(
            "tokio",
            "Rust, a task a client, on a thread for each processor",
            ("{programs}/peer_tokio", "{port}"),
            ("cargo", "librust-tokio-dev"),
        ),
        Peer(
            "tokio-1-thread",
            "the same on one thread",
            ("{programs}/peer_tokio", "{port}", "--one-thread"),
            ("cargo", "librust-tokio-dev"),
        ),
        Peer(
            "go",
            "a goroutine a client, on a thread for each processor",
            ("{programs}/peer_go", "{port}"),
            ("golang-go",),
            tool="go",
        ),
        Peer(
            "go-1-thread",
            "the same with GOMAXPROCS=1",
            ("env", "GOMAXPROCS=1", "{programs}/peer_go", "{port}"),
            ("golang-go",),
            tool="go",
        ),
        Peer("node", "JavaScript", ("node", "{pages}/node_echo.js", "{port}"), ("nodejs",), "node"),
        Peer(
            "uvloop",
            "the server of asyncio on libuv",
            ("{python}", "{pages}/uvloop_echo.py", "{port}"),
            ("python3-uvloop",),
            module="uvloop",
        ),
        Peer(
            "asyncio",
            "Python, a protocol a client",
            ("{python}", "{pages}/asyncio_echo.py", "{port}"),
        ),
        Peer(
            "asyncio-streams",
            "Python, a coroutine a client",
            ("{python}", "{pages}/asyncio_streams_echo.py", "{port}"),
        ),
        Peer(
            "python-threads",
            "Python's socketserver, a thread a client",
            ("{python}", "{pages}/socketserver_echo.py", "{port}"),
        ),
        Peer(
            "socat",
            "a process a client, and no program to write",
            ("socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay", "PIPE"),
            ("socat",),
            "socat",
        ),
    )
}


def peer_of(name: str) -> Peer:
    """Returns the peer called "peers/NAME"; raises BadUsage with the nearest name."""
    peer = PEERS.get(name.removeprefix(PREFIX))
    if peer is None:
        raise unknown("peer", name, [PREFIX + known for known in PEERS])
    return peer


def command_of_peer(peer: Peer, options: Sequence[str]) -> list[str]:
    """Builds a peer and returns its command; `options` must be its port, and nothing else."""
    if len(options) != 1 or not options[0].isdecimal():
        raise BadUsage(f"{PREFIX}{peer.name} takes a port, and nothing else")
    programs = build("release", [peer.program]) if peer.program else Path()
    if reason := peer.absence(programs):
        raise CannotRun(f"{peer.name} is left out here: {reason}")
    return [word.replace("{port}", options[0]) for word in peer.command(programs)]
