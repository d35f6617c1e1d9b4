"""Tests of the programs that people use: clients, chat rooms, windows, and the services by hand.

    pytest harness/programs

The programs are those in the directory ECHOLAB_BIN, or else of the preset dev.
"""

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness"))


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
