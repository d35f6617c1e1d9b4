"""Lets a submission be built and checked in a sandbox, and is told what was found.

Whoever asks stays outside, where the submission cannot reach it. When run() returns, every process
of the sandbox is gone.
"""

import contextlib
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from echolab import proc
from echolab.errors import LabError
from echolab.grading.calibration import jobs_at, slowdown
from echolab.grading.confinement import NAMESPACES, Level, best_level, map_users
from echolab.grading.control_group import control_group
from echolab.grading.limits import Limits
from echolab.grading.rubric import Rubric
from echolab.models import ROOT
from echolab.spawning import spawn
from echolab.waiting import wait_until

START_SECONDS = 60.0
END_SECONDS = 30.0
GRACE_SECONDS = 120.0  # for what is neither building nor checking
Take = Callable[[dict[str, Any]], None]


class SandboxFailed(LabError):
    """The grader failed, or the machine was too busy: that says nothing of the submission."""


def run(
    submission: Path,
    rubric: Rubric,
    command: Sequence[str] | None,
    take: Take,
    *,
    only: Sequence[str] = (),
    seed: int | None = None,
    limits: Limits = Limits(),
    level: Level | None = None,
) -> None:
    """Builds and checks the files of `submission`, a copy that this may change.

    Each result (see echolab.grading.inside) goes to `take`. Without `only` all checks are made,
    also those that give no points: a diagnosis may rest on what they see. Raises SandboxFailed;
    what has not been said by then is not known.
    """
    level = level or best_level()
    slowed = slowdown()
    limits = limits.stretched(slowed)
    asked = _asked(submission, rubric, command)
    asked |= {"only": list(only), "seed": seed, "jobs": jobs_at(slowed)}
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="echolab-sandbox-"))
        if level is Level.OTHER_USER:
            _lend(submission, scratch)
        name = f"echolab-{os.getpid()}-{Path(scratch).name}"
        group = stack.enter_context(control_group(name, limits))
        stderr = stack.enter_context(tempfile.TemporaryFile())
        confined = {"scratch": scratch, "level": level.value, "limits": asdict(limits)}
        confined["memory_limited"] = group.is_memory_limited
        process = _start(level, stderr)
        try:
            group.take(process.pid)
            _say(process, asked | confined)
            seconds = limits.build_seconds + limits.check_seconds + GRACE_SECONDS
            _listen(process, take, seconds, stderr)
        finally:
            _end(process, level)


def _asked(submission: Path, rubric: Rubric, command: Sequence[str] | None) -> dict[str, Any]:
    return {
        "submission": str(submission),
        "kinds": [asdict(kind) for kind in rubric.kinds],
        "command": list(command) if command else None,
        "service": rubric.service,
        "model": rubric.model,
    }


def _start(level: Level, stderr: IO[bytes]) -> subprocess.Popen:
    # -P: nothing is imported from the current directory, which may be what was handed in.
    words = [sys.executable, "-B", "-P", "-m", "echolab.grading.inside"]
    if level.has_namespaces:
        words = [*NAMESPACES, *words]
    process = spawn(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": str(ROOT / "harness")},
    )
    if level.has_namespaces:
        # The first process inside waits for its request: by then it is known who it is.
        if not wait_until(lambda: _is_apart(process.pid), START_SECONDS):
            _end(process, level)
            raise SandboxFailed("the sandbox does not start")
        map_users(process.pid, level)
    return process


def _is_apart(pid: int) -> bool:
    """Tells whether the process has its own namespaces, and its first child in them."""
    try:
        apart = os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user")
    except OSError:
        return False
    return apart and bool(proc.children(pid))


def _say(process: subprocess.Popen, request: dict[str, Any]) -> None:
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended: nothing will come from it


def _listen(process: subprocess.Popen, take: Take, seconds: float, stderr: IO[bytes]) -> None:
    deadline = time.monotonic() + seconds
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            received = os.read(process.stdout.fileno(), 1 << 16)
            *lines, pending = (pending + received).split(b"\n")
            for result in map(json.loads, lines):
                if "failed" in result:
                    raise SandboxFailed(result["failed"].strip())
                take(result)
                if "over" in result:
                    return
            if not received:
                raise SandboxFailed(f"the sandbox has ended before its time: {_last_line(stderr)}")
    raise SandboxFailed(f"not over after {seconds:.0f} s")


def _last_line(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _end(process: subprocess.Popen, level: Level) -> None:
    """Ends all processes of the sandbox; returns when they are gone.

    With the first process of its namespace the kernel ends all others (pid_namespaces(7)), and only
    then lets its parent know. Without namespaces the first one kills all that descends from it.
    """
    first = proc.children(process.pid) if level.has_namespaces else [process.pid]
    for pid in first:
        os.kill(pid, signal.SIGKILL if level.has_namespaces else signal.SIGTERM)
    process.stdout.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _lend(submission: Path, scratch: str) -> None:
    """Lets another user, whoever that will be, work where only this one may by default."""
    for parent in submission.parent.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            remedy = "let every user enter it, or set TMPDIR to another place"
            raise SandboxFailed(f"{parent}: {remedy}")
    for path in (submission, *submission.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() or os.access(path, os.X_OK) else 0o666)
    for directory in (submission.parent, Path(scratch)):
        directory.chmod(0o711)
