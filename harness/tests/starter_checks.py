"""What the tests of starters share: folders that are built and checked, several side by side."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from echolab.models import ROOT
from echolab.starters.folder import write_starter
from echolab.starters.manifest import Starter
from echolab.variants import Variant

BUILD_SECONDS = 500.0
CHECK_SECONDS = 300.0
FAILING = ("fail", "inconclusive")


def written(starter: Starter, directory: Path, seed: int | None, is_solved: bool) -> Path:
    """Writes a folder in `directory`; returns it."""
    name = "-".join((starter.lab, starter.language, str(seed), "solved" if is_solved else "open"))
    variant = None if seed is None else Variant.of(seed)
    write_starter(starter, directory / name, variant, is_solved)
    return directory / name


def built(folder: Path, *options: str) -> Path:
    """Builds a folder by itself, quickly rather than well; returns the folder."""
    build = str(folder / "build")
    plain = ("-DCMAKE_BUILD_TYPE=None", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
    _run(["cmake", "-G", "Ninja", "-S", str(folder), "-B", build, *plain, *options])
    _run(["cmake", "--build", build, "--parallel", "2"])
    return folder


def _run(command: Sequence[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def failed_checks(
    starter: Starter, folder: Path, seed: int | None, *options: str, program: Path | None = None
) -> dict[str, str]:
    """Checks the server of a folder as ./check does; returns what fails, or is not clear, and why.

    With `program` that is run, in place of the one that lies in the folder.
    """
    command = list(starter.command(seed is not None))
    command[0] = {"python3": sys.executable}.get(command[0], command[0])
    command[0] = str(program) if program else command[0]
    report = folder / f"{seed}.json"
    of_seed = () if seed is None else ("--seed", str(seed))
    words = [sys.executable, "-m", "echolab", "check", "--model", starter.model, *of_seed]
    words += [*options, "--json", str(report), "--", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "harness")}
    ended = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=CHECK_SECONDS
    )
    assert report.exists(), ended.stderr
    checks = json.loads(report.read_text())["checks"]
    return {check["id"]: check["message"] for check in checks if check["verdict"] in FAILING}
