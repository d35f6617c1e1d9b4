"""What runs inside a submission's sandbox: its first process, and in a child of that the checker.

usage: python3 -m echolab.grading.inside < REQUEST

The request is a JSON object on one line: see echolab.grading.sandbox. What was found goes to stdout
as it is found, a JSON object a line: {"built": true, "output": ...}, {"check": ...} for each check,
{"diagnoses": ...}, {"over": true}; what comes later counts. {"failed": ...} means that it was not
the submission. Servers have neither of these pipes.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from echolab import proc
from echolab.check.diagnosis import all_bugs
from echolab.check.outcomes import Skipped
from echolab.check.registry import all_checks
from echolab.check.short_transfers import NAME as SHORT_TRANSFERS
from echolab.check.short_transfers import contents
from echolab.documents.isolation import start_loopback
from echolab.errors import LabError
from echolab.grading import new_root
from echolab.grading.build import USER, Starved, build
from echolab.grading.checking import Checker
from echolab.grading.confinement import (
    FIRST_USER,
    USERS,
    Confinement,
    Level,
    become,
    end_all_of,
)
from echolab.grading.limits import Limits
from echolab.grading.rubric import Kind
from echolab.interrupts import end_children
from echolab.variants import Variant

PR_SET_DUMPABLE = 4  # prctl(2); the standard library has no name for it


def main() -> int:
    """Returns 0, whatever the submission is like: what was found is printed."""
    request = json.loads(sys.stdin.readline())
    level = Level(request["level"])
    all_checks(), all_bugs()  # afterwards the kit is out of sight
    variant = None if request["seed"] is None else Variant.of(request["seed"])
    confinement = Confinement(level, Limits(**request["limits"]), request["memory_limited"])
    try:
        directory = _furnish(request, confinement)
    except LabError as problem:
        return _say({"failed": str(problem)})
    proc.adopt_orphans()
    signal.signal(signal.SIGTERM, _end)
    guest = FIRST_USER + os.getpid() % USERS  # who checks and is checked, where root may be neither
    checker = os.fork()
    if checker == 0:
        os._exit(_check(request, directory, confinement, guest, variant))
    try:
        _bury_until(checker)
    finally:
        end_children()
        if level is Level.OTHER_USER:
            end_all_of(guest)
    return 0


def _end(_number: int, _frame: Any) -> None:
    sys.exit(1)


def _bury_until(checker: int) -> None:
    """Waits for all that ends here, as the first process of a system does, until `checker` has."""
    while os.wait()[0] != checker:
        pass


def _furnish(request: dict[str, Any], confinement: Confinement) -> Path:
    """Makes the place where the submission is going to be, and returns it."""
    copy, scratch = Path(request["submission"]), Path(request["scratch"])
    if not confinement.level.has_namespaces:
        _use_tools(scratch)
        return copy
    root = scratch / "root"
    root.mkdir()
    new_root.build(root, confinement.limits)
    _copy(copy, root / "submission", confinement.user(USER))
    _use_tools(root / "tools", new_root.TOOLS)
    new_root.enter()
    start_loopback()
    tempfile.tempdir = str(new_root.PRIVATE)
    return new_root.SUBMISSION


def _copy(source: Path, target: Path, user: int | None) -> None:
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    if user is not None:
        for directory, _, files in os.walk(target):
            for path in (directory, *(os.path.join(directory, name) for name in files)):
                os.chown(path, user, user, follow_symlinks=False)


def _use_tools(directory: Path, seen_as: Path | None = None) -> None:
    """Leaves in a directory what checks preload, since they cannot find it in the kit."""
    with contextlib.suppress(Skipped):
        (directory / SHORT_TRANSFERS).write_bytes(contents())
    os.environ["ECHOLAB_BIN"] = str(seen_as or directory)


def _check(
    request: dict[str, Any], directory: Path, confinement: Confinement, guest: int, variant: Any
) -> int:
    with _results() as say, _reported(say):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        if confinement.level is Level.OTHER_USER:
            become(guest)
        _forget_environment()
        os.chdir(directory)
        kinds = [Kind(**kind) for kind in request["kinds"]]
        built = build(directory, kinds, request["command"], confinement)
        say({"built": built.command is not None, "output": built.output})
        if built.command:
            if confinement.level.has_namespaces:
                new_root.protect_submission()
            Checker(request, built.command, confinement, say, variant).run()
        say({"over": True})
    return 0


def _forget_environment() -> None:
    """Leaves to the submission nothing that the grader's environment may hold."""
    kept = {"ECHOLAB_BIN": os.environ["ECHOLAB_BIN"]}
    os.environ.clear()
    os.environ.update(kept, PATH="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME="/tmp")
    os.environ["LANG"] = "C.UTF-8"


@contextlib.contextmanager
def _results() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Gives a function that writes to the grader; nothing else in here can write there any more."""
    descriptor = os.dup(sys.stdout.fileno())  # not inherited by programs: open(2), O_CLOEXEC
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    with open(descriptor, "w") as results:
        yield lambda result: print(json.dumps(result), file=results, flush=True)


@contextlib.contextmanager
def _reported(say: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    try:
        yield
    except Starved as reason:
        say({"failed": str(reason)})
    except Exception:  # a mistake of the grader's must not be taken for the submission's
        say({"failed": f"the grader itself failed: {traceback.format_exc()}"})


def _say(result: dict[str, Any]) -> int:
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
