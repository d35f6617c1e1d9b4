"""Makes chosen system calls of a running server fail, by means of strace (strace(1), inject)."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import process_state
import pytest
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

# One operation has several system calls: libraries and C libraries differ in which they use.
ACCEPT = "accept,accept4"
RECEIVE = "recvfrom,recvmsg,readv"
SEND = "sendto,sendmsg,writev"
WAIT = "select,pselect6,poll,ppoll,epoll_wait,epoll_pwait,io_uring_enter"
CREATE = "clone,clone3,fork,vfork"
FIRST, EVERY = "1", "1+"  # which calls fail; each thread counts its own


class Faults:
    """What strace has reported so far."""

    def __init__(self, log: Path):
        self._log = log

    def count(self) -> int:
        """Returns how many calls were made to fail, or delayed."""
        return self._log.read_text().count("(INJECTED)") + self._log.read_text().count("(DELAYED)")


@contextlib.contextmanager
def faults(server: ServerUnderTest, *injections: str) -> Iterator[Faults]:
    """While it lasts, strace treats the server as `injections` say: "recvfrom:error=EINTR:when=1".

    Skips the test where strace is missing or may not attach; fails it if nothing was hit.
    """
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    with tempfile.NamedTemporaryFile(suffix=".strace") as log:
        tracer = _attach(server, injections, log.name)
        try:
            yield (seen := Faults(Path(log.name)))
        finally:
            _detach(tracer)
        assert seen.count() > 0, "the fault was never met: the test has tested nothing"


def _attach(server: ServerUnderTest, injections: tuple[str, ...], log: str) -> subprocess.Popen:
    traced = ",".join(injection.partition(":")[0] for injection in injections)
    command = ["strace", "--follow-forks", "-qq", f"--output={log}", f"--trace={traced}"]
    command += [f"--inject={injection}" for injection in injections]
    pids = server.process.tree()
    server.note(f"strace injects {', '.join(injections)}")
    tracer = subprocess.Popen(
        [*command, *(f"--attach={pid}" for pid in pids)], stderr=subprocess.PIPE, text=True
    )
    attached = lambda: all(map(process_state.is_traced, pids))  # noqa: E731
    wait_until(lambda: attached() or tracer.poll() is not None, PATIENCE_SECONDS)
    if not attached():
        _detach(tracer)
        pytest.skip(f"strace cannot attach: {tracer.stderr.read().strip()}")
    return tracer


def _detach(tracer: subprocess.Popen) -> None:
    tracer.send_signal(signal.SIGTERM)
    try:
        tracer.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
