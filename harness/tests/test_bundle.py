"""Bundles of packages: made by the real apt-get, and installed by it and dpkg without a network.

The packages are two small ones, built here; the machines are directories, scratch roots.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from echolab import bundle
from echolab.errors import BadUsage, CannotRun, LabError
from echolab.models import ROOT

OFFLINE = ["unshare", "--map-root-user", "--net"]
NEEDED = ("apt-ftparchive", "dpkg-deb", "unshare")
SIZE = 300_000  # of the greater package, in bytes

pytestmark = pytest.mark.skipif(
    any(shutil.which(name) is None for name in NEEDED)
    or subprocess.run([*OFFLINE, "true"], capture_output=True).returncode != 0,
    reason=f"needs {', '.join(NEEDED)}, and a network namespace",
)


def build_package(directory: Path, name: str, version: str, depends: str | None = None) -> None:
    """Builds a package with one file, which cannot be compressed."""
    tree = directory / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    fields = {"Package": name, "Version": version, "Architecture": "all", "Description": name}
    fields |= {"Maintainer": "nobody <nobody@example.org>", "Installed-Size": "300000"}
    fields |= {"Depends": depends} if depends else {}
    (tree / "DEBIAN/control").write_text("".join(f"{key}: {fields[key]}\n" for key in fields))
    (tree / name).write_bytes(os.urandom(SIZE))
    command = ["dpkg-deb", "--root-owner-group", "--build", tree, directory]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)


def publish(mirror: Path) -> None:
    command = ["apt-ftparchive", "packages", "."]
    (mirror / "Packages").write_bytes(subprocess.check_output(command, cwd=mirror))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A package source with echo-tool, which depends on echo-library."""
    directory = tmp_path_factory.mktemp("published")
    build_package(directory, "echo-library", "1:1.0")
    build_package(directory, "echo-tool", "1.0", depends="echo-library")
    publish(directory)
    return directory


def only_source(mirror: Path, patch: pytest.MonkeyPatch) -> None:
    """Lets apt know no other package source, and the kit need nothing but echo-tool."""
    mirror.with_name("sources.list").write_text(f"deb [trusted=yes] file:{mirror} ./\n")
    mirror.with_name("apt.conf").write_text(
        f'Dir::Etc::SourceList "{mirror.with_name("sources.list")}";'
        ' Dir::Etc::SourceParts "/dev/null";\n'
    )
    patch.setenv("APT_CONFIG", str(mirror.with_name("apt.conf")))
    patch.setattr(bundle, "required_packages", lambda: ["echo-tool"])


@pytest.fixture
def mirror(published, tmp_path, monkeypatch):
    """A copy of that package source, which is the only one."""
    mirror = shutil.copytree(published, tmp_path / "mirror")
    only_source(mirror, monkeypatch)
    return mirror


@pytest.fixture(scope="module")
def original(published):
    """A bundle whose package source is gone."""
    with pytest.MonkeyPatch.context() as patch:
        mirror = shutil.copytree(published, published / "gone")
        only_source(mirror, patch)
        directory = bundle.make_bundle(published / "bundle").directory
        shutil.rmtree(mirror)
    return directory


@pytest.fixture
def made(original, tmp_path):
    """A copy of that bundle, in a directory with a space in its name."""
    return shutil.copytree(original, tmp_path / "the bundle")


class Machine:
    """A scratch root without packages, package sources and network; its kit needs echo-tool."""

    def __init__(self, directory: Path):
        self.root = directory / "root"
        self._bin = directory / "bin"
        self._kit = directory / "kit"
        self._make_root()
        self._make_kit()
        self.program("id", "echo 0")
        self.program(
            "dpkg-query", f'exec /usr/bin/dpkg-query --admindir={self.root}/var/lib/dpkg "$@"'
        )
        self.program(
            "apt-get",
            f"exec /usr/bin/apt-get -o Dir::State::status={self.root}/var/lib/dpkg/status"
            f" -o Debug::NoLocking=1 -o DPkg::Options::=--root={self.root}"
            f" -o Dir::Log={directory} -o Dir::Cache={directory}"
            f" -o Dir::State::lists={directory}/lists"
            f' -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null "$@"',
        )

    def _make_root(self) -> None:
        for name in ("info", "updates"):
            (self.root / "var/lib/dpkg" / name).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()

    def _make_kit(self) -> None:
        (self._kit / "harness/echolab").mkdir(parents=True)
        (self._kit / "harness/echolab/__main__.py").write_text("print('handed over')\n")
        (self._kit / "packages.txt").write_text("# needed\necho-tool\n")
        shutil.copy(ROOT / "lab", self._kit)

    def program(self, name: str, text: str) -> None:
        """Puts a program of this machine's own before the system's."""
        self._bin.mkdir(exist_ok=True)
        (self._bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self._bin / name).chmod(0o755)

    def lab(self, *arguments: str | Path) -> subprocess.CompletedProcess:
        path = f"{self._bin}:{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            [*OFFLINE, self._kit / "lab", *arguments],
            env={"PATH": path, "TMPDIR": str(self.root)},
            capture_output=True,
            text=True,
        )

    def installed(self) -> list[str]:
        command = [self._bin / "dpkg-query", "--show", "--showformat=${Package}:${Status}\n"]
        lines = subprocess.check_output(command, text=True).splitlines()
        return [line.split(":")[0] for line in lines if line.endswith(":install ok installed")]


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


PAGES = {"Packages", "README.txt", "Release", "SHA256SUMS", "packages.txt"}


def test_a_bundle_holds_what_is_asked_for_and_what_it_depends_on(made):
    assert names(made) == {"echo-library_1%3a1.0_all.deb", "echo-tool_1.0_all.deb"} | PAGES


def test_its_checksums_are_those_of_its_files(made):
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    result = subprocess.run(command, cwd=made, capture_output=True, text=True)
    assert result.stdout.count(": OK") == 5
    assert result.returncode == 0


def test_a_bundle_is_brought_up_to_date(mirror, tmp_path):
    bundle.make_bundle(tmp_path / "bundle")
    build_package(mirror, "echo-tool", "2.0")
    publish(mirror)
    bundle.make_bundle(tmp_path / "bundle")
    assert names(tmp_path / "bundle") == {"echo-tool_2.0_all.deb"} | PAGES


def test_a_directory_with_something_else_in_it_stays_as_it_is(mirror, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(BadUsage, match="is not empty, and holds no bundle"):
        bundle.make_bundle(tmp_path / "mine")
    assert names(tmp_path / "mine") == {"thesis.txt"}


def test_without_apt_ftparchive_nothing_is_downloaded(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle.shutil, "which", {"apt-get": "apt-get"}.get)
    with pytest.raises(CannotRun, match="apt-ftparchive: not found: .* apt-utils"):
        bundle.make_bundle(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_package_that_does_not_exist_is_named(mirror, tmp_path):
    with pytest.raises(LabError, match="Unable to locate package nosuch"):
        bundle.make_bundle(tmp_path / "bundle", ["nosuch"])


def test_a_full_disk_is_one_line(mirror, tmp_path):
    (tmp_path / "small").mkdir()
    program = (
        "import sys; from echolab import bundle, cli; bundle.required_packages = lambda: [];"
        "sys.argv[1:] = ['bundle', 'small', 'echo-tool']; sys.exit(cli.main())"
    )
    result = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c",
         'mount -t tmpfs -o size=200k none small && exec "$0" -B -c "$1"', sys.executable, program],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT / "harness")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert "lab: cannot write small: No space left on device" in result.stderr


def test_a_machine_without_a_network_installs_from_it(made, machine):
    result = machine.lab("compare", "--bundle", made)
    assert sorted(machine.installed()) == ["echo-library", "echo-tool"], result.stderr
    assert (result.stdout, result.returncode) == ("handed over\n", 0)
    assert names(machine.root) == {"var", "echo-library", "echo-tool"}  # nothing is left behind


def test_who_is_not_root_is_told_the_command_with_the_bundle(made, machine):
    machine.program("id", "echo 1000")
    machine.program("sudo", "exit 1")
    result = machine.lab("compare", "--bundle", made)
    assert result.returncode == 3
    assert result.stderr.endswith(f"/lab list --bundle '{made}'\n")


def test_without_the_bundle_that_machine_installs_nothing(made, machine):
    assert machine.lab("compare").returncode == 3
    assert machine.installed() == []


def test_a_package_damaged_on_the_way_is_not_installed(made, machine):
    path = made / "echo-tool_1.0_all.deb"
    content = bytearray(path.read_bytes())
    content[SIZE // 2] ^= 1
    path.write_bytes(content)
    result = machine.lab("compare", f"--bundle={made}")
    assert result.returncode == 3
    assert "Hash Sum mismatch" in result.stderr
    assert machine.installed() == []


def test_a_bundle_of_another_release_is_refused(made, machine):
    release = (made / "Release").read_text()
    ours = next(line for line in release.splitlines() if line.startswith("Codename"))
    (made / "Release").write_text(release.replace(ours, "Codename: sarge"))
    result = machine.lab("compare", "--bundle", made)
    assert result.returncode == 3
    assert result.stderr.startswith(f"lab: --bundle: {made} is for Debian sarge ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("absent", ["Release", "Packages", "packages.txt"])
def test_a_bundle_that_was_broken_off_is_refused(made, machine, absent):
    (made / absent).unlink()
    result = machine.lab("compare", "--bundle", made)
    assert result.returncode == 2
    assert f"not a whole one (no {absent})" in result.stderr


def test_a_machine_without_room_is_told_so_before_anything_is_installed(made, machine):
    machine.program("df", "printf 'Avail\\n500000000\\n'")
    result = machine.lab("compare", "--bundle", made)
    assert result.returncode == 3
    assert "the disk is full: the packages take 614 MB, and /usr has 500 MB left" in result.stderr
    assert machine.installed() == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--bundle", "/nowhere"], "there is no directory /nowhere"),
        (["--bundle"], "name the directory"),
        (["--bundle", "/tmp", "--no-install"], "choose one"),
    ],
)
def test_wrong_usage_is_one_line(machine, arguments, complaint):
    result = machine.lab("compare", *arguments)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1
