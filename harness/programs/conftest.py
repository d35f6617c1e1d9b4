"""Tests of the programs that people use: clients, chat rooms, windows, and the services by hand.

    pytest harness/programs

The programs are those in the directory ECHOLAB_BIN, or else of the preset dev.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness"))

from echolab.server_process import ServerProcess  # noqa: E402

PATIENCE_SECONDS = 60.0
StartServer = Callable[..., ServerProcess]


@pytest.fixture(scope="session")
def programs() -> Path:
    """Returns the directory of the built programs."""
    return Path(os.environ.get("ECHOLAB_BIN", ROOT / "build" / "dev" / "bin"))


@pytest.fixture(scope="session")
def sanitizers(programs: Path) -> str:
    """Returns which sanitizers the programs were built with; "" for none."""
    return json.loads((programs / "build_info.json").read_text())["sanitizers"]


@pytest.fixture(scope="session")
def sanitizers_threads(sanitizers: str) -> int:
    """Returns how many threads of its own a program's sanitizer has."""
    return 1 if sanitizers == "thread" else 0


@pytest.fixture
def start_server(request: pytest.FixtureRequest, programs: Path) -> Iterator[StartServer]:
    """Returns a function that starts the server that the test's file names, with the given options.

    Whatever a test has done to it, each must end well when it is asked to.
    """
    name: str = request.module.SERVER
    servers: list[ServerProcess] = []

    def start(*options: str) -> ServerProcess:
        command = [str(programs / name.replace("-", "_")), "--port", "0", *options]
        servers.append(ServerProcess(name, command))
        servers[-1].start(PATIENCE_SECONDS)
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop(grace=PATIENCE_SECONDS) == 0, server.stderr


@pytest.fixture
def server(start_server: StartServer) -> ServerProcess:
    """Returns a running server with default options."""
    return start_server()
