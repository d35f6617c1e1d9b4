"""What the driver's tests share."""

import os
import sys
import textwrap
from pathlib import Path

import pytest

from echolab import bootstrap, cli
from echolab.build import left_out
from echolab.models import MODELS, ROOT
from echolab.server_process import ServerProcess, free_port

THREADING_SERVER = """
    import socketserver, sys

    class Echo(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    Server(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Keeps results out of the tree; returns where they go instead."""
    monkeypatch.setenv("ECHOLAB_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


@pytest.fixture(scope="session")
def programs_directory() -> Path:
    """Where the built programs lie, if they were built."""
    return Path(os.environ.get("ECHOLAB_BIN", ROOT / "build/dev/bin"))


@pytest.fixture
def programs(monkeypatch, programs_directory):
    """The directory of the built programs."""
    directory = programs_directory
    needed = ["loadgen", *(model.program for model in MODELS.values())]
    absent = left_out(directory)
    missing = [n for n in needed if n not in absent and not (directory / n).exists()]
    if missing:
        pytest.skip(f"not built: {', '.join(missing)}")
    monkeypatch.setenv("ECHOLAB_BIN", str(directory))
    return directory


@pytest.fixture
def script(tmp_path):
    """Writes a Python program; returns its command, without arguments."""

    def write(text: str, name: str = "program.py") -> list[str]:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return [sys.executable, str(path)]

    return write


@pytest.fixture
def serve(script):
    """Returns a ServerProcess, not yet started, for a Python program that is told its port."""

    def make(text: str) -> ServerProcess:
        port = free_port()
        return ServerProcess("test", [*script(text), str(port)], port=port)

    return make


@pytest.fixture
def lab(monkeypatch, capfd):
    """Runs a command line; returns its exit status, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lab", *arguments])
        status = cli.main()
        return status, *capfd.readouterr()

    return run


@pytest.fixture
def tiny(tmp_path):
    """A workload file that takes a fifth of a second."""
    path = tmp_path / "tiny.toml"
    path.write_text(
        'name = "tiny"\ndescription = "short"\nclients = 4\nduration = "100ms"\n'
        'warmup = "50ms"\npatience = 1.5\n'
    )
    return str(path)


@pytest.fixture
def few_resamples(monkeypatch):
    """Makes intervals coarser and three times as quick, for simulations of many comparisons."""
    bootstrap._draws.cache_clear()
    monkeypatch.setattr(bootstrap, "RESAMPLES", 300)
    yield
    bootstrap._draws.cache_clear()
