"""The file system that a submission sees: this system's programs, itself, and room to write.

Nothing else is in it, neither the kit nor anybody's home. Built by mount(8) in a mount namespace of
its own, and entered by pivot_root(2).
"""

import os
import subprocess
import sys
from pathlib import Path

from echolab.errors import CannotRun
from echolab.grading.limits import Limits
from echolab.models import ROOT

PROGRAMS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc")
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1"}
SUBMISSION = Path("/submission")
TOOLS = Path("/tools")  # what a check puts into a server
PRIVATE = Path("/private")  # where the checker keeps what servers print
FILES = 20_000  # in the submission's directory and /tmp, so many each
UNTRUSTED = "nosuid,nodev"


def build(root: Path, limits: Limits) -> None:
    """Builds the file system at `root`, an empty directory, and enters it."""
    _mount("-t", "tmpfs", "-o", f"mode=755,size=1m,{UNTRUSTED}", "tmpfs", str(root))
    os.chdir(root)
    for name in (*PROGRAMS, *_prefix_of_python()):
        _show(name)
    if ROOT.parts[1] in PROGRAMS:
        _mount("-t", "tmpfs", "-o", "mode=700,size=4k", "tmpfs", str(ROOT.relative_to("/")))
    Path("proc").mkdir()
    # Servers see their own processes only; who may trace the others sees these, too: proc(5).
    _mount("-t", "proc", "-o", "hidepid=2", "proc", "proc")
    _make_devices()
    _make_room("tmp", limits.disk_bytes // 8, "1777")
    _make_room("submission", limits.disk_bytes, "755")
    _make_room("private", limits.disk_bytes, "700")
    _make_room("tools", 1024 * 1024, "755")
    Path("var").mkdir()
    Path("var/tmp").symlink_to("/tmp")
    Path("run").symlink_to("/tmp")


def enter() -> None:
    """Makes the current directory the root, and forgets the old one."""
    Path("old").mkdir()
    _run("pivot_root", ".", "old")
    os.chdir("/")
    _run("umount", "--lazy", "/old")
    Path("/old").rmdir()
    # A user namespace of its own would give a server privileges in it, to try the kernel with.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _mount("-o", "remount,bind,ro", "/")


def protect_submission() -> None:
    """Lets nobody change what is going to be checked."""
    _mount("-o", "remount,bind,ro", str(SUBMISSION))


def _prefix_of_python() -> list[str]:
    """Returns where this Python lies, if that is no part of the system's programs."""
    prefix = Path(sys.base_prefix)
    return [] if prefix.parts[1] in PROGRAMS else [str(prefix.relative_to("/"))]


def _show(name: str) -> None:
    original, path = Path("/", name), Path(name)
    if original.is_symlink():
        path.symlink_to(os.readlink(original))
    elif original.is_dir():
        path.mkdir(parents=True)
        _mount("--rbind", str(original), name)


def _make_devices() -> None:
    Path("dev/shm").mkdir(parents=True)
    for name in DEVICES:
        Path("dev", name).touch()
        _mount("--bind", f"/dev/{name}", f"dev/{name}")
    for name, target in LINKS.items():
        Path("dev", name).symlink_to(target)
    _mount("-t", "tmpfs", "-o", f"mode=1777,size=64m,nr_inodes=1k,{UNTRUSTED}", "tmpfs", "dev/shm")


def _make_room(name: str, size: int, mode: str) -> None:
    Path(name).mkdir()
    options = f"mode={mode},size={size},nr_inodes={FILES},{UNTRUSTED}"
    _mount("-t", "tmpfs", "-o", options, "tmpfs", name)


def _mount(*arguments: str) -> None:
    _run("mount", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(f"no sandbox: {' '.join(command)}: {done.stderr.strip()}")
