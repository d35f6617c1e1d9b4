"""Waiting for a condition, instead of for a time."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.005


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Asks until `condition()` holds, at most for `seconds`; returns whether it came to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
