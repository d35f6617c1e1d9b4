"""Copies a submission as it was handed in, without following it anywhere."""

import os
import shutil
import stat
from pathlib import Path

from echolab.grading.limits import MEBIBYTE, Limits


class TooMuch(Exception):
    """More was handed in than is taken. The message says what."""


def copy_submission(source: Path, target: Path, limits: Limits) -> None:
    """Copies files, directories and symbolic links, these as they are; raises TooMuch.

    What else there is, such as a named pipe that whoever opens it waits at for ever, is left out.
    """
    files = size = 0
    for directory, directories, names in os.walk(source):
        here = target / os.path.relpath(directory, source)
        here.mkdir(exist_ok=True)
        for name in (*directories, *names):
            original = os.path.join(directory, name)
            status = os.lstat(original)
            files, size = files + 1, size + status.st_size
            if files > limits.submission_files:
                raise TooMuch(f"it has more than {limits.submission_files} files")
            if size > limits.submission_bytes:
                raise TooMuch(f"it has more than {limits.submission_bytes // MEBIBYTE} MiB")
            _copy(original, here / name, status)


def _copy(original: str, copy: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        copy.symlink_to(os.readlink(original))
    elif stat.S_ISREG(status.st_mode):
        shutil.copyfile(original, copy, follow_symlinks=False)
        copy.chmod(0o755 if status.st_mode & 0o111 else 0o644)
