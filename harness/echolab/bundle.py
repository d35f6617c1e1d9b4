"""Makes an apt bundle: packages and all that they depend on, for machines without a network.

A bundle is a directory that apt takes for a repository: the packages, their index (Packages), and
Release, which names the Debian that they are for. `./lab --bundle DIR` installs from it.
"""

import contextlib
import datetime
import errno
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.doctor import required_packages
from echolab.errors import BadUsage, CannotRun, LabError

RELEASE = "Release"  # written last: a directory without it is no whole bundle
INDEX = "Packages"
WANTED = "packages.txt"
CHECKSUMS = "SHA256SUMS"
STDERR = 2
PLANNED = re.compile(r"^Inst (\S+) .*?\((\S+) .*\[(\S+)\]\)", re.MULTILINE)


@dataclass(frozen=True)
class Bundle:
    """What has been made: `debian` is the release and the architecture, `size` is in bytes."""

    directory: Path
    debian: str
    packages: int
    size: int


def make_bundle(directory: Path, more: Sequence[str] = ()) -> Bundle:
    """Fills `directory` with what packages.txt and `more` name, for this Debian.

    What is there already is not downloaded again, so that an attempt which was broken off goes on.
    Raises BadUsage if the directory holds something else, CannotRun where apt is not whole, and
    LabError if apt-get or the disk fails.
    """
    for program in ("apt-get", "apt-ftparchive"):
        if not shutil.which(program):
            raise CannotRun(f"{program}: not found: a bundle takes Debian's package apt-utils")
    wanted = sorted({*required_packages(), *more})
    try:
        _claim(directory, wanted)
        _remove_others(directory, _download(directory, wanted))
        return _describe(directory, wanted)
    except OSError as error:
        raise LabError(
            f"cannot write {directory}: {error.strerror}: mend that, and the same command goes on"
        ) from None


def _claim(directory: Path, wanted: Sequence[str]) -> None:
    """Makes the directory, or makes sure that it is a bundle; from now on it is not a whole one."""
    if directory.exists() and not directory.is_dir():
        raise BadUsage(f"{directory} is a file: name a directory for the bundle")
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()) and not (directory / WANTED).exists():
        raise BadUsage(f"{directory} is not empty, and holds no bundle: name another directory")
    (directory / RELEASE).unlink(missing_ok=True)
    (directory / WANTED).write_text("".join(f"{name}\n" for name in wanted))


def _download(directory: Path, wanted: Sequence[str]) -> set[str]:
    """Downloads the packages, and all they need; returns the names of their files."""
    with _apt_of_an_empty_machine() as apt_get:
        _run([*apt_get, "--error-on=any", "update"], output=STDERR)
        plan = _run([*apt_get, "install", "--no-install-recommends", "--simulate", *wanted])
        planned = PLANNED.findall(plan)
        packages = [f"{name}={version}" for name, version, _ in planned]
        _run([*apt_get, "download", *packages], directory, output=STDERR)
    return {
        f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"
        for name, version, architecture in planned
    }


@contextlib.contextmanager
def _apt_of_an_empty_machine() -> Iterator[list[str]]:
    """Yields an apt-get for which nothing is installed.

    It has the package sources of this machine, and lists of its own: so no root is needed.
    """
    with tempfile.TemporaryDirectory(prefix="echolab-bundle-") as scratch:
        status = Path(scratch, "status")
        status.touch()
        settings = {
            "Dir::State": scratch,
            "Dir::State::lists": f"{scratch}/lists",
            "Dir::State::status": status,
            "Dir::Cache": scratch,
            "Debug::NoLocking": "true",
            "APT::Sandbox::User": "root",
        }
        yield ["apt-get", *(f"--option={name}={value}" for name, value in settings.items())]


def _run(command: Sequence[str], cwd: Path | None = None, output: int = subprocess.PIPE) -> str:
    """Returns what a program prints; raises LabError with the first thing it complains about.

    With another `output` that is where it is shown instead: what takes minutes should be seen.
    """
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    result = subprocess.run(
        command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.PIPE, text=True
    )
    if result.returncode != 0:
        complaint = _complaint(result.stderr)
        if os.strerror(errno.ENOSPC) in complaint:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise LabError(f"{command[0]} failed: {complaint}")
    return result.stdout or ""


def _complaint(text: str) -> str:
    """Returns the first error that apt reports on stderr, or else its last words."""
    lines = text.strip().splitlines() or ["it does not say why"]
    errors = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    return (errors or lines[-1:])[0]


def _remove_others(directory: Path, planned: set[str]) -> None:
    """Removes the packages of an earlier bundle."""
    for package in directory.glob("*.deb"):
        if package.name not in planned:
            package.unlink()


def _describe(directory: Path, wanted: Sequence[str]) -> Bundle:
    """Writes the index, the page to read, the checksums, and at last the Release."""
    codename, architecture = _this_debian()
    index = _run(["apt-ftparchive", "packages", "."], directory)
    (directory / INDEX).write_text(index)
    packages = sorted(directory.glob("*.deb"))
    bundle = Bundle(
        directory.resolve(),
        f"{codename} {architecture}",
        len(packages),
        sum(package.stat().st_size for package in packages),
    )
    (directory / "README.txt").write_text(_page(bundle, wanted))
    _write_checksums(directory, packages)
    fields = {"Origin": "Echo Lab", "Codename": codename, "Architectures": architecture}
    options = [f"--option=APT::FTPArchive::Release::{name}={fields[name]}" for name in fields]
    (directory / RELEASE).write_text(_run(["apt-ftparchive", *options, "release", "."], directory))
    return bundle


def _this_debian() -> tuple[str, str]:
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
    return codename, _run(["dpkg", "--print-architecture"]).strip()


def _write_checksums(directory: Path, packages: Sequence[Path]) -> None:
    lines = []
    for path in [*packages, *(directory / name for name in (INDEX, WANTED, "README.txt"))]:
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (directory / CHECKSUMS).write_text("".join(lines))


def _page(bundle: Bundle, wanted: Sequence[str]) -> str:
    return f"""\
Echo Lab: packages for machines without a network

{bundle.packages} packages, {bundle.size / 1e6:.0f} MB, for Debian {bundle.debian}, \
of {datetime.date.today()}: those that {WANTED} names here
({len(wanted)} of them), and all that they depend on. Debian's own files, unchanged.

1. Bring this directory, and a copy of the kit (git clone, or the folder), to each machine: on a
   USB stick, or a directory that all machines mount.
2. See that nothing was damaged on the way:       sha256sum --check --quiet {CHECKSUMS}
3. In the folder of the kit, as root or with sudo: ./lab compare --quick --bundle DIRECTORY
   Any other command of ./lab takes --bundle, too; only the first one on a machine installs.

apt-get reads this directory as a package source, for that one command; /etc/apt stays as it is.
A machine of another release or architecture refuses. If a machine has newer packages than these,
make the bundle again, on a machine that is up to date: ./lab bundle DIRECTORY
"""
