"""Builds the kit with CMake's presets, quietly unless it fails."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from echolab.errors import CannotRun, LabError
from echolab.models import ROOT

LOG_LINES = 60  # of a failed build: enough for the first errors of a compiler


def build(preset: str, targets: Sequence[str] = ("all",)) -> Path:
    """Builds `targets` of a preset and returns the directory of the programs.

    Those that cannot be built on this machine are passed over: left_out() tells which.

    With ECHOLAB_BIN set, the programs are taken from there and nothing is built: so the tests of
    a build tree, whichever its preset, run the programs of that very tree.
    """
    if given := os.environ.get("ECHOLAB_BIN"):
        return _given_programs(Path(given), targets)
    directory = ROOT / "build" / preset
    directory.mkdir(parents=True, exist_ok=True)
    with _exclusive(directory), _progress(preset) as show:
        # What was left out when the tree was configured may have been installed since.
        if _needs_configuring(directory) or left_out(directory / "bin").keys() & set(targets):
            _run(["cmake", "--preset", preset], preset, show)
        possible = [target for target in targets if target not in left_out(directory / "bin")]
        if possible:
            _run(["cmake", "--build", "--preset", preset, "--target", *possible], preset, show)
    return directory / "bin"


def build_program(program: str) -> Path:
    """Builds one program of the release preset; raises CannotRun if it is left out here."""
    programs = build("release", [program])
    if reason := left_out(programs).get(program):
        raise CannotRun(f"{program} is left out here: {reason}")
    return programs / program


def build_info(programs: Path) -> dict[str, Any]:
    """Returns how the programs were built, which the build leaves beside them; {} if unknown."""
    path = programs / "build_info.json"
    return json.loads(path.read_text()) if path.exists() else {}


def left_out(programs: Path) -> dict[str, str]:
    """Returns the programs that cannot be built on this machine, and why."""
    return build_info(programs).get("left_out", {})


def _given_programs(programs: Path, targets: Sequence[str]) -> Path:
    for target in targets:
        known = target == "all" or target in left_out(programs)
        if not known and not (programs / target).exists():
            raise LabError(f"ECHOLAB_BIN={programs} has no program '{target}': build it there")
    return programs


def _needs_configuring(directory: Path) -> bool:
    """Ninja configures anew by itself when a CMakeLists.txt changed, but not for the presets."""
    ninja_file = directory / "build.ninja"
    presets = ROOT / "CMakePresets.json"
    return not ninja_file.exists() or presets.stat().st_mtime > ninja_file.stat().st_mtime


@contextlib.contextmanager
def _exclusive(directory: Path) -> Iterator[None]:
    """Keeps a second ./lab from building in the same directory at the same time."""
    with open(directory / ".lab-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _progress(preset: str) -> Iterator[Callable[[str], None]]:
    """Yields a function that shows one line of the build: on a terminal, over the one before."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        print(f"lab: building the {preset} preset", file=sys.stderr)
        yield lambda line: None
        return
    with console.status(f"building the {preset} preset") as status:
        width = max(20, console.width - 4)
        yield lambda line: status.update(f"building: {line}"[:width].replace("[", r"\["))


def _run(command: Sequence[str], preset: str, show: Callable[[str], None]) -> None:
    lines = []
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except FileNotFoundError:
        raise CannotRun("cmake: not found: run without --no-install, or install cmake") from None
    with process:
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                show(lines[-1])
        except BaseException:  # leaving the block would otherwise wait for the build's end
            process.kill()
            raise
    if process.returncode != 0:
        print("\n".join(lines[-LOG_LINES:]), file=sys.stderr)
        raise LabError(
            f"building the {preset} preset failed, see above;"
            f" if the build directory is stale, remove build/{preset} and try again"
        )
