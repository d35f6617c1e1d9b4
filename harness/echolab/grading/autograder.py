"""Makes the zip that Gradescope takes for an autograder.

Its layout is documented at gradescope-autograders.readthedocs.io, "Specifications": setup.sh and
run_autograder at the top, all unpacked into /autograder/source. The kit's servers, which are the
solutions, are not in it, nor is what only tests them.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from echolab.errors import LabError
from echolab.grading.files import replace_file
from echolab.models import ROOT

SCRIPTS = ROOT / "harness" / "grading" / "gradescope"
OPTIONS = "grade_options"  # the arguments of ./lab grade, one a line
NEEDED = (
    "lab",
    "packages.txt",
    "LICENSE",
    "docs/protocol.md",
    "docs/chat.md",
    "harness/echolab",
    "harness/conformance/short_transfers.c",
    "harness/grading/languages.toml",
)
PROGRAMS = ("lab", "run_autograder", "setup.sh")
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same kit gives the same zip


def write_autograder(
    lab: str, file: Path, seed: int | None, hints: str | None, command: Sequence[str]
) -> None:
    """Writes an autograder of `lab`, a lab's full name, to `file`; raises LabError.

    It grades as `./lab grade` does with that seed, hints and command.
    """
    contents = {name: path.read_bytes() for name, path in _files(lab)}
    words = _options(lab, seed, hints, command)
    contents[OPTIONS] = "".join(f"{word}\n" for word in words).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for name in sorted(contents):
            files.writestr(_entry(name), contents[name])
    try:
        replace_file(file, archive.getvalue())
    except OSError as error:
        raise LabError(f"cannot write {file}: {error.strerror}") from None


def _options(
    lab: str, seed: int | None, hints: str | None, command: Sequence[str]
) -> Iterator[str]:
    if seed is not None:
        yield from ("--seed", str(seed))
    if hints is not None:
        yield from ("--hints", hints)
    yield lab
    if command:
        yield from ("--", *command)


def _files(lab: str) -> Iterator[tuple[str, Path]]:
    """Yields what is in the zip: the name there, and the file here."""
    for script in SCRIPTS.iterdir():
        yield script.name, script
    for needed in (*NEEDED, f"harness/grading/{lab}.toml"):
        path = ROOT / needed
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                yield str(file.relative_to(ROOT)), file


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o100755 if name in PROGRAMS else 0o100644) << 16  # as unzip(1) reads it
    return entry
