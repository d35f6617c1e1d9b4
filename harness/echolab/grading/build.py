"""Builds the copy of a submission, in its sandbox."""

import glob
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from echolab import proc
from echolab.check import process_state
from echolab.grading.calibration import slowdown
from echolab.grading.confinement import Confinement
from echolab.grading.rubric import Kind
from echolab.server_process import end_in_words
from echolab.spawning import spawn

USER = 0  # the number of the user that builds
FILE_BYTES = 512 * 1024 * 1024
SHOWN_BYTES = 8000  # of what the compiler says
ELF = b"\x7fELF"  # how a program begins: elf(5)
BUSY = 2.0  # times as slow: a build that is not over may be none the worse
NO_PROGRAM = "no single program came out of the build: call it `server`, or say how to start it"


class Starved(Exception):
    """The build was not over, and it may be the machine that is to blame. The message says so."""


@dataclass(frozen=True)
class Built:
    """What came of it: without a command it was not built."""

    command: tuple[str, ...] | None
    output: str


def build(
    directory: Path, kinds: Sequence[Kind], given: Sequence[str] | None, confinement: Confinement
) -> Built:
    """Builds what lies in `directory`, and returns the command that starts the server.

    `given` is started in place of what its kind says; then a submission without a known kind is
    taken as it is. Raises Starved.
    """
    kind = next((kind for kind in kinds if _files(directory, kind)), None)
    if kind is None:
        files = ", ".join(dict.fromkeys(kind.file for kind in kinds))
        problem = f"nothing here can be built: there is none of {files}\n"
        return Built(tuple(given), "") if given else Built(None, problem)
    output = ""
    deadline = time.monotonic() + confinement.limits.build_seconds
    for command in kind.build:
        words = _filled(command, directory, kind)
        status, said = _run(words, directory, deadline, confinement)
        output += f"$ {' '.join(words)}\n{said}"
        if status != "exit status 0":
            return Built(None, f"{output}{words[0]}: {status}\n")
    start = given or _filled(kind.start, directory, kind)
    if "{program}" in start:
        if not (program := _program(directory)):
            return Built(None, output + NO_PROGRAM + "\n")
        start = [word.replace("{program}", program) for word in start]
    return Built(tuple(start), output)


def _files(directory: Path, kind: Kind) -> list[str]:
    return sorted(glob.glob(kind.file, root_dir=directory))


def _filled(command: Sequence[str], directory: Path, kind: Kind) -> list[str]:
    files = _files(directory, kind)
    words = []
    for word in command:
        # With ./, no file's name is an option.
        words += [f"./{file}" for file in files] if word == "{sources}" else [word]
    names = {"{python}": sys.executable, "{source}": f"./{files[0]}"}
    for name, value in names.items():
        words = [word.replace(name, value) for word in words]
    return words


def _run(
    words: list[str], directory: Path, deadline: float, confinement: Confinement
) -> tuple[str, str]:
    """Runs one command; returns how it ended, and the end of what it said."""
    user = confinement.user(USER)
    with tempfile.TemporaryFile() as output:  # no pipe: a daemon would keep it open
        process = spawn(
            [*confinement.words(user, FILE_BYTES), *words],
            cwd=directory,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
            status = end_in_words(process.returncode)
        except subprocess.TimeoutExpired:
            status = f"was not over after {confinement.limits.build_seconds:.0f} s"
            if _is_at_work(process.pid) and (slowed := slowdown()) > BUSY:
                said = f"the build {status}, on a machine {slowed:.0f} times as slow"
                raise Starved(said) from None
        finally:
            process.kill()
            process.wait()
            confinement.sweep(user)
        return status, _end_of(output)


def _is_at_work(pid: int) -> bool:
    """Tells whether some part of it would run if it got a processor, rather than wait for ever."""
    return any(state not in "SZ" for state in process_state.task_states(proc.descendants([pid])))


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - SHOWN_BYTES))
    dropped = f"({size - SHOWN_BYTES} bytes before this are not shown)\n"
    return (dropped if size > SHOWN_BYTES else "") + output.read().decode(errors="replace")


def _program(directory: Path) -> str | None:
    """Returns the program `server`, or else the only one, as a path that can be started."""
    found = [path for path in sorted(directory.rglob("*")) if _is_program(path)]
    named = [path for path in found if path.name == "server"]
    chosen = named[:1] or found
    return f"./{chosen[0].relative_to(directory)}" if len(chosen) == 1 else None


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or "CMakeFiles" in path.parts:
        return False
    if not path.stat().st_mode & 0o111 or path.suffix in (".so", ".o"):
        return False
    with path.open("rb") as file:
        return file.read(len(ELF)) == ELF
