"""The sh script at the root, in a world of its own: a PATH of stand-ins."""

import os
import shutil
import subprocess

import pytest

from echolab.models import ROOT

INSTALL = "apt-get install -y --no-install-recommends"
ASK_FOR_ROOM = "apt-get install --assume-no --no-install-recommends"


class World:
    """A PATH where every stand-in writes its command line into a log."""

    def __init__(self, directory):
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.log = directory / "log"
        self.log.touch()
        for tool in ("sh", "sed", "sort", "tr", "tail", "numfmt", "readlink", "dirname", "env"):
            (self.bin / tool).symlink_to(shutil.which(tool))

    def program(self, name: str, text: str = "exit 0") -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\n{text}\n')
        path.chmod(0o755)

    def packages(self, missing: str) -> None:
        """Every package is installed but `missing`."""
        self.program("dpkg-query", f'case "$*" in *" {missing}") exit 1;; esac; printf installed')

    def user(self, number: int) -> None:
        self.program("id", f"echo {number}")

    def run(self, *arguments: str, script=ROOT / "lab") -> subprocess.CompletedProcess:
        return subprocess.run(
            [script, *arguments], env={"PATH": str(self.bin)}, capture_output=True, text=True
        )

    def calls(self, program: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(program)]


@pytest.fixture
def world(tmp_path):
    """A machine of root's on which nothing is missing and python3 only tells its arguments."""
    world = World(tmp_path)
    world.packages(missing="nothing")
    world.user(0)
    world.program("apt-get")
    world.program("df", "echo 1000000")
    world.program("sudo", '[ "$1" = -n ] || exec "$@"')
    world.program("python3", 'case $2 in -c) exit 0;; esac; echo "$PYTHONPATH: $*"')
    return world


def test_with_nothing_missing_nothing_is_installed(world):
    assert world.run("list").returncode == 0
    assert world.calls("apt-get") == []


def test_root_installs_what_is_missing_and_nothing_else(world):
    world.packages(missing="socat")
    result = world.run("list")
    assert result.returncode == 0
    assert "lab: installing: socat" in result.stderr
    assert world.calls("apt-get") == [
        f"{INSTALL} --simulate socat",
        f"{ASK_FOR_ROOM} socat",
        f"{INSTALL} socat",
    ]


def test_a_user_with_sudo_installs_through_it(world):
    world.packages(missing="socat")
    world.user(1000)
    assert world.run("list").returncode == 0
    assert f"sudo {INSTALL} socat" in world.calls("sudo")


def test_without_root_the_command_is_printed_and_the_status_is_3(world):
    world.packages(missing="socat")
    world.user(1000)
    world.program("sudo", "exit 1")
    result = world.run("list")
    assert result.returncode == 3
    assert f"sudo {INSTALL} socat\n" in result.stderr
    assert world.calls("apt-get") == []


def test_the_package_lists_are_only_updated_when_a_rehearsal_fails(world):
    world.packages(missing="socat")
    world.program("apt-get", f'[ "$1" = update ] || grep -q update {world.log}')
    (world.bin / "grep").symlink_to(shutil.which("grep"))
    assert world.run("list").returncode == 0
    assert world.calls("apt-get") == [
        f"{INSTALL} --simulate socat",
        "apt-get update",
        f"{ASK_FOR_ROOM} socat",
        f"{INSTALL} socat",
    ]


def test_without_room_nothing_is_installed(world):
    world.packages(missing="socat")
    room = "After this operation, 2,001 kB of additional disk space will be used."
    world.program("apt-get", f'case $2 in --assume-no) echo "{room}";; esac')
    result = world.run("list")
    assert result.returncode == 3
    assert "the packages take 2 MB, and /usr has 1 MB left" in result.stderr
    assert f"{INSTALL} socat" not in world.calls("apt-get")


def test_an_installation_that_fails_ends_with_status_3(world):
    world.packages(missing="socat")
    world.program("apt-get", "exit 100")
    assert world.run("list").returncode == 3


@pytest.mark.parametrize("arguments", [["--no-install", "list"], ["compare", "--no-install", "x"]])
def test_no_install_never_touches_the_system(world, arguments):
    world.packages(missing="socat")
    result = world.run(*arguments)
    assert result.returncode == 0
    assert world.calls("apt-get") == world.calls("dpkg-query") == world.calls("sudo") == []
    assert "--no-install" not in result.stdout


def test_no_install_behind_two_dashes_belongs_to_the_command(world):
    world.packages(missing="socat")
    result = world.run("test", "--", "--no-install")
    assert f"{INSTALL} socat" in world.calls("apt-get")
    assert "-m echolab test -- --no-install" in result.stdout


def test_without_dpkg_it_goes_on(world):
    (world.bin / "dpkg-query").unlink()
    assert world.run("list").returncode == 0


def test_arguments_are_handed_over_unchanged(world):
    world.program("python3", 'case $2 in -c) exit 0;; esac; printf "<%s>" "$@"')
    result = world.run("compare", "--server", "a=b  {port}", "", "*")
    assert result.stdout == "<-P><-m><echolab><compare><--server><a=b  {port}><><*>"


def test_it_works_through_a_symbolic_link(world, tmp_path):
    link = tmp_path / "elsewhere"
    link.symlink_to(ROOT / "lab")
    assert world.run("list", script=link).stdout == f"{ROOT}/harness: -P -m echolab list\n"


def test_a_python_without_the_modules_is_passed_over(world):
    world.program("python3", "exit 1")
    if os.path.exists("/usr/bin/python3"):
        result = world.run("list")
        assert "python3 -P -m echolab" not in " ".join(world.calls("python3"))
        assert result.returncode in (0, 3)
