"""Injected faults for the tests: what is missing skips a test, a fault that is not met fails it."""

import contextlib
from collections.abc import Iterator

import pytest
from echolab.check import fault_injection
from echolab.check.fault_injection import Faults
from echolab.check.outcomes import Skipped
from server_under_test import ServerUnderTest


@contextlib.contextmanager
def faults(server: ServerUnderTest, *injections: str) -> Iterator[Faults]:
    """While it lasts, strace treats the server as `injections` say: "recvfrom:error=EINTR"."""
    with contextlib.ExitStack() as stack:
        try:
            injected = fault_injection.faults(server.process.tree(), server.note, *injections)
            seen = stack.enter_context(injected)
        except Skipped as missing:
            pytest.skip(str(missing))
        yield seen
    assert seen.count() > 0, "the fault was never met: the test has tested nothing"
