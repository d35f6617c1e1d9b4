"""A library that shortens a server's transfers, as the kernel may at any time.

It is preloaded: LD_PRELOAD, ld.so(8). Its source is conformance/short_transfers.c; it is taken from
where the kit was built, or else compiled.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab.check.outcomes import Skipped
from echolab.models import ROOT

NAME = "short_transfers.so"
SOURCE = ROOT / "harness" / "conformance" / "short_transfers.c"
COMPILE_SECONDS = 30


@dataclass(frozen=True)
class Library:
    """A library as a server finds it."""

    path: str  # for LD_PRELOAD
    descriptors: tuple[int, ...] = ()  # that the server is to inherit, since the path names them


@contextlib.contextmanager
def library() -> Iterator[Library]:
    """Gives the library, as long as it lasts; raises Skipped where there is none."""
    if built := _built():
        yield Library(str(built))
        return
    # Kept in memory: so no file stays behind, even if this process is killed.
    descriptor = os.memfd_create(NAME)
    try:
        os.write(descriptor, contents())
        yield Library(f"/proc/self/fd/{descriptor}", (descriptor,))
    finally:
        os.close(descriptor)


def contents() -> bytes:
    """Returns the library, for who puts it where servers find it; raises Skipped if there is none."""
    if built := _built():
        return built.read_bytes()
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Skipped("there is no C compiler: apt-get install gcc")
    return _compiled(compiler)


def is_loaded(pid: int) -> bool:
    """Tells whether the process `pid` has loaded the library."""
    try:
        return NAME in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False  # it has ended, or belongs to somebody else


def _built() -> Path | None:
    given = os.environ.get("ECHOLAB_BIN")
    directories = [Path(given)] if given else sorted(ROOT.glob("build/*/bin"))
    # One with a sanitizer in it would not load into others' programs.
    directories = [path for path in directories if "san" not in path.parent.name]
    return next((path / NAME for path in directories if (path / NAME).exists()), None)


def _compiled(compiler: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="echolab-") as directory:
        path = Path(directory, NAME)
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(path), str(SOURCE), "-ldl"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=COMPILE_SECONDS)
        except (subprocess.SubprocessError, OSError) as reason:
            raise Skipped(f"the library for it cannot be compiled: {reason}") from reason
        return path.read_bytes()
