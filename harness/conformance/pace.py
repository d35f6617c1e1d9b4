"""Tests of time-outs, on a machine that may keep the test itself from its turn."""

import time
from collections.abc import Callable

from echolab.check.client import Client
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

TIMEOUTS = (0.25, 1.0, 4.0, 16.0)  # seconds


class Pace:
    """How promptly a client acts."""

    def __init__(self):
        self.longest = 0.0  # seconds between a step and the one before
        self.begin()

    def begin(self) -> None:
        """Counts from now on: what was before needed not be prompt."""
        self._last = time.monotonic()

    def step(self) -> None:
        """Notes that the client has acted."""
        self.longest = max(self.longest, time.monotonic() - self._last)
        self.begin()


def play_in_time(
    start_server: Callable[..., ServerUnderTest],
    play: Callable[[ServerUnderTest, float, Pace], None],
) -> None:
    """Calls play(server, timeout, pace) with a server that has this --idle-timeout, in seconds.

    A client that was late itself is rightly disconnected: then all is played again, with a longer
    time-out.
    """
    for timeout in TIMEOUTS:
        server = start_server("--idle-timeout", str(timeout))
        pace = Pace()
        try:
            play(server, timeout, pace)
        except (AssertionError, ConnectionError):
            pace.step()
            if pace.longest < timeout / 2 or timeout == TIMEOUTS[-1]:
                raise
            server.terminate()
        else:
            end_before_a_newcomer(server)
            return


def end_before_a_newcomer(server: ServerUnderTest) -> None:
    """Looks at the server at the end of a test, but for a newcomer: he might be late himself."""
    server.close_clients()
    server.assert_gave_everything_back()
    assert server.terminate() == 0


def is_disconnected_in_the_end(client: Client) -> bool:
    """Waits for the end of the stream, although the server sleeps: it does so for a time."""
    return wait_until(client.has_input, PATIENCE_SECONDS) and client.is_disconnected()
