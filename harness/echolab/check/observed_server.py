"""A running server, seen from outside: whether it rests, what it holds, and how it is stopped."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from echolab.check import process_state
from echolab.check.client import SMALL_BUFFER, Activity, Client
from echolab.check.outcomes import Inconclusive
from echolab.check.spin_watch import SpinWatch
from echolab.check.transcript import Action, Transcript
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until

PATIENCE_SECONDS = 20.0
QUIET_SAMPLES = 4
QUIET_INTERVAL_SECONDS = 0.04
CLOCK_TICK_SECONDS = 0.01
SLEEPER_SECONDS = 2.0  # how long a server that sleeps on purpose is waited for
SPIN_CPU_SECONDS = 1.5  # of CPU time without an answer: no honest work takes as long
SPINNER_CPU_SECONDS = 0.5  # the same for one that was at it before: a turn of its loop takes little
WAIT_GAP_SECONDS = 1.0  # between two looks, when somebody waits; after more, it is another wait
SPIN_SHARE = 0.25  # of the time that it was given; a server at rest uses none, one that spins all
SPIN_WINDOW_SECONDS = 0.6


class ObservedServer:
    """What can be seen of a server, and done to it, whatever it is written in."""

    def __init__(self, greets: bool = False) -> None:
        self.greets = greets  # it says a line to whoever connects, which clients pass over
        self.transcript = Transcript()
        self.clients: list[Client] = []
        self._process: ServerProcess | None = None
        self._wait_began = (0.0, 0.0)  # when, and the server's CPU time then
        self._last_look = 0.0
        self._spun_before = False  # it was known to spin when the wait began
        self._spin_watch = SpinWatch(lambda: self.process.tree())

    @property
    def process(self) -> ServerProcess:
        """The process that runs the server."""
        assert self._process, "the server was not started"
        return self._process

    @property
    def was_started(self) -> bool:
        """Whether there was a program to start."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Its process id: the parent's, where the server has several."""
        return self.process.pid

    def is_running(self) -> bool:
        """Tells whether the server's first process has not ended."""
        return self.process.is_running()

    def note(self, step: str) -> None:
        """Records a step that is no client's."""
        self.transcript.add("the server", step)

    def connect(
        self,
        *,
        small_buffer: bool = False,
        send_buffer: int | None = None,
        connect_seconds: float = PATIENCE_SECONDS,
    ) -> Client:
        """Opens a client; one with a small receive buffer is soon unable to take more."""
        client = Client(
            f"client {len(self.clients) + 1}",
            (self.process.host, self.process.port),
            self.transcript,
            self.activity,
            receive_buffer=SMALL_BUFFER if small_buffer else None,
            send_buffer=send_buffer,
            connect_seconds=connect_seconds,
            is_greeted=self.greets,
        )
        self.clients.append(client)
        return client

    def close_clients(self) -> None:
        """Closes all clients."""
        for client in self.clients:
            client.close()

    def is_quiet(self) -> bool:
        """Tells whether the server has nothing left to do, dead servers included.

        All its threads sleep, at several moments, and use no CPU time between them. A server that
        a loaded machine does not let run is not asleep: its state is R.
        """
        pids = self.process.tree()
        used_before = process_state.cpu_seconds(pids)
        for _ in range(QUIET_SAMPLES):
            if not self._is_asleep():
                return False
            time.sleep(QUIET_INTERVAL_SECONDS)
        return process_state.cpu_seconds(pids) - used_before < CLOCK_TICK_SECONDS

    def wait_until_quiet(self) -> None:
        """Waits until the server has nothing left to do."""
        if not self.comes_to_rest(PATIENCE_SECONDS):
            raise Inconclusive("the server does not come to rest")

    def comes_to_rest(self, seconds: float) -> bool:
        """Waits, at most for so long, until the server has nothing left to do; tells if it came.

        One that spins is not waited for any longer than it takes to be sure of that.
        """
        return self._comes_to(self.is_quiet, seconds)

    def surely_spins(self) -> bool:
        """Tells whether it was found awake at every look of late, and has run all the time."""
        return self._spin_watch.is_certain()

    def settle(self, seconds: float) -> bool:
        """Waits, at most for so long, for a moment in which all threads sleep; tells if it came.

        They may go on afterwards: is_quiet looks for longer. There is no wait for one that spins.
        """
        return self._comes_to(self._is_asleep, seconds)

    def activity(self, owed_since: float | None = None) -> Activity:
        """Tells somebody who waits for the server what it does.

        One that sleeps for a time, rather than until something happens, is given that time. If it
        owes an answer since a moment, of time.monotonic, that time counts from then; and a loop
        that waits for events, but not for long, may be one that sleeps: so do the timers of
        asyncio, Node and Go.
        """
        waited, used = self._since_wait_began()
        is_owed = owed_since is not None
        for_a_sleeper = time.monotonic() - owed_since if is_owed else waited
        if self.is_quiet() and (
            for_a_sleeper > SLEEPER_SECONDS or not self._may_wake_by_itself(is_owed)
        ):
            return Activity.ASLEEP
        enough = SPINNER_CPU_SECONDS if self._spun_before else SPIN_CPU_SECONDS
        return Activity.SPINNING if used > enough else Activity.ACTIVE

    def naps(self) -> bool:
        """Tells whether some thread waits at this moment for a time, and for no event."""
        calls = process_state.system_calls(self.process.tree())
        return any(call in process_state.TIMED_SLEEPS for call in calls)

    def _may_wake_by_itself(self, owes: bool) -> bool:
        limits = process_state.time_limits(self.process.tree()) if owes else ()
        return self.naps() or any(0 < limit <= SLEEPER_SECONDS for limit in limits)

    def cpu_share(self, seconds: float) -> float:
        """Observes the server for so long; returns the share of one processor that it used."""
        pids = self.process.tree()
        used_before, started = process_state.cpu_seconds(pids), time.monotonic()
        time.sleep(seconds)
        used = process_state.cpu_seconds(pids) - used_before
        return used / (time.monotonic() - started)

    def spins(self) -> bool:
        """Tells whether the server, with nothing to do, uses a processor all the same.

        It is watched until it rests. The time for which it waits for a processor does not count,
        so that a loaded machine neither hides a busy server nor makes one of a server that naps.
        """
        pids = self.process.tree()
        started, used = time.monotonic(), process_state.cpu_seconds(pids)
        waited = process_state.processor_wait_seconds(pids)
        while not self.is_quiet():
            elapsed = time.monotonic() - started
            cpu = process_state.cpu_seconds(pids) - used
            given = elapsed - (process_state.processor_wait_seconds(pids) - waited)
            if elapsed > SPIN_WINDOW_SECONDS and cpu > SPIN_SHARE * SPIN_WINDOW_SECONDS:
                return cpu > SPIN_SHARE * given
            if elapsed > PATIENCE_SECONDS / 2:
                return False
            time.sleep(QUIET_INTERVAL_SECONDS)
        return False

    def comes_to(self, condition: Callable[[], bool]) -> bool:
        """Waits until the condition holds, or the server has no work left; returns whether it does.

        That no work is left is a server at rest, or one that spins.
        """
        wait_until(
            lambda: condition() or self.activity() is not Activity.ACTIVE, PATIENCE_SECONDS
        )
        return condition()

    @contextlib.contextmanager
    def frozen(self, pids: Sequence[int] | None = None) -> Iterator[None]:
        """Stops the server (or only `pids`): what happens meanwhile, it then finds all at once."""
        pids = self.process.tree() if pids is None else pids
        self.note(Action.STOP)
        self._signal(pids, signal.SIGSTOP)
        try:
            if not wait_until(lambda: self._is_stopped(pids), PATIENCE_SECONDS):
                raise Inconclusive("the server cannot be stopped")
            yield
        finally:
            self.note(Action.CONTINUE)
            self._signal(pids, signal.SIGCONT)

    def destroy(self) -> None:
        """Ends whatever is left of the server and its clients."""
        self.close_clients()
        self.clients.clear()  # they refer to this object: so both can go at once
        if self._process:
            self._process.stop(grace=0)

    def _since_wait_began(self) -> tuple[float, float]:
        """Returns for how long somebody waits, and the CPU time that the server used meanwhile."""
        now, used = time.monotonic(), process_state.cpu_seconds(self.process.tree())
        if now - self._last_look > WAIT_GAP_SECONDS:
            self._wait_began = (now, used)
            self._spun_before = self.surely_spins()
        self._last_look = now
        return now - self._wait_began[0], used - self._wait_began[1]

    def _signal(self, pids: Sequence[int], number: signal.Signals) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _is_asleep(self) -> bool:
        pids = self.process.tree()
        states = process_state.task_states(pids)
        # A process forked meanwhile may not have come to rest yet.
        sleeps = all(state in "SZ" for state in states) and self.process.tree() == pids
        self._spin_watch.look(sleeps)
        return sleeps

    def _comes_to(self, sleep: Callable[[], bool], seconds: float) -> bool:
        """Waits until `sleep()`, at most for so long, and not once it surely spins."""
        over = wait_until(lambda: sleep() or self.surely_spins(), seconds)
        return over and not self.surely_spins()

    def _is_stopped(self, pids: Sequence[int]) -> bool:
        # T: stopped, t: stopped under a tracer.
        return all(state in "TtZ" for state in process_state.task_states(pids))
