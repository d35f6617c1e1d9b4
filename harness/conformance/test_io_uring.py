"""The io-uring server where there is no io_uring: it says so before it listens."""

import os
import shutil
import subprocess

import pytest
from server_under_test import PATIENCE_SECONDS

CANNOT_RUN = 3


@pytest.mark.only("io-uring")
@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("EPERM", "Operation not permitted: sysctl kernel.io_uring_disabled"),
        ("ENOSYS", "Function not implemented: the kernel must be built with CONFIG_IO_URING"),
        ("EINVAL", "Invalid argument: Linux 6.1 or later is needed"),
    ],
)
def test_a_kernel_without_io_uring_is_named_in_one_line(subject, programs, error, words):
    """LIFE-1, LIFE-2: exit status 3, and no ready line that somebody might believe."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    injection = f"--inject=io_uring_setup:error={error}"
    program = programs / subject.model.program
    ended = subprocess.run(
        ["strace", "--output=/dev/null", injection, str(program), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},  # it does not work under strace
    )
    assert (ended.returncode, ended.stdout) == (CANNOT_RUN, "")
    assert ended.stderr.startswith(f"io-uring: cannot run here: io_uring_setup: {words}")
    assert len(ended.stderr.splitlines()) == 1
