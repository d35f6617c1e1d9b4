"""Other clients beside the one under examination, and what is as before when it has gone."""

import contextlib
from collections.abc import Iterator

from echolab.check import process_state
from echolab.check.client import Client
from echolab.check.outcomes import Failed
from echolab.check.specimen import Holdings, Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

AT_ONCE_SECONDS = 0.2  # in which the kernel answers a connect, if the backlog has room
DEATH_SECONDS = 0.7  # in which a server that has had a shock dies of it: a core dump takes its time
SETTLE_SECONDS = 0.3
GIVE_BACK_SECONDS = 8.0
LATER_SECONDS = 1.0
SPARE_SOCKETS = 2  # that a runtime may have made for itself meanwhile
SPARE_TASKS = 6
SPARE_PROCESSES = 2  # socat's PIPE deadlocks now and then with itself when a client is reset
REST_SECONDS = 1.0


def can_serve_beside(trial: Trial, clients: int) -> bool:
    """Tells whether the server serves so many clients at the same time, as far as is known."""
    if "serves_beside_silent" not in trial.known:
        return False
    limit = trial.known["serves_beside_silent"]
    return limit is None or limit >= clients - 1


def connect_burst(specimen: Specimen, count: int) -> list[Client]:
    """Opens up to `count` clients; fewer, if the server is stopped and its backlog is full."""
    clients: list[Client] = []
    for _ in range(count):
        try:
            clients.append(specimen.connect(connect_seconds=AT_ONCE_SECONDS))
        except TimeoutError:
            specimen.note(f"has a backlog that is full after {len(clients)} connections")
            break
    return clients


def connect_gently(specimen: Specimen, count: int) -> list[Client]:
    """Opens `count` clients one by one, and lets the server take in each before the next.

    So neither a short backlog nor a race between newcomers has a part in what follows.
    """
    clients: list[Client] = []
    patience = SETTLE_SECONDS
    for _ in range(count):
        clients.append(specimen.connect())
        if not specimen.settle(patience):
            patience = 0.0  # it never sleeps, as busy servers do
            wait_until(lambda: specimen.backlog_length() == 0, SETTLE_SECONDS)
    return clients


def require_survival(
    trial: Trial, specimen: Specimen, fact: str, after: str, seconds: float = 0.0
) -> None:
    """Fails the check if the server has died, and states how under the name `fact`."""
    if specimen.dies_within(seconds):
        trial.state(**{fact: specimen.how_it_ended()})
        raise Failed(f"the server died ({specimen.how_it_ended()}) after {after}")


def require_rest_or_survival(trial: Trial, specimen: Specimen, fact: str, after: str) -> None:
    """Waits until the server rests, or has shown that it does not; fails if it has died."""
    if not specimen.comes_to_rest(REST_SECONDS) and not specimen.surely_spins():
        specimen.dies_within(DEATH_SECONDS)
    require_survival(trial, specimen, fact, after)


@contextlib.contextmanager
def survival(trial: Trial, specimen: Specimen, fact: str, after: str) -> Iterator[None]:
    """Around what may kill the server: whatever fails then, fails for its death if it has died."""
    try:
        yield
    except (Failed, OSError):
        require_rest_or_survival(trial, specimen, fact, after)
        raise
    require_rest_or_survival(trial, specimen, fact, after)


class Aftermath:
    """What a server held before something was done to it, to be compared with afterwards."""

    def __init__(self, trial: Trial, specimen: Specimen):
        """Has a few clients served beforehand: runtimes then open what they need anyway."""
        self._trial = trial
        self._specimen = specimen
        self.bystander: Client | None = None
        beside = connect_gently(specimen, 4 if can_serve_beside(trial, 5) else 1)
        for client in beside:
            client.echo(b"warm")
        for client in beside:
            client.close()
        if can_serve_beside(trial, 3):
            self.bystander = connect_gently(specimen, 1)[0]
            self.bystander.echo(b"bystander")
        specimen.comes_to_rest(REST_SECONDS)
        self.before = specimen.holdings()
        self._pids = specimen.process.tree()
        self._sockets_before = self._sockets()

    def others_are_served(self, while_: str) -> None:
        """Fails if the bystander, where the server can serve one, is not served."""
        if self.bystander and self.bystander.ask(b"still there?").data != b"still there?":
            raise Failed(f"another client was not served {while_}")

    def surplus(self) -> Holdings:
        """Returns what the server holds now beyond what it held; waits for it to give that back."""
        over = lambda: self._specimen.is_quiet() or self._specimen.surely_spins()  # noqa: E731
        wait_until(lambda: self._is_as_before() or over(), GIVE_BACK_SECONDS)
        wait_until(self._is_as_before, LATER_SECONDS)  # some give back a little later, by a timer
        return self._difference()

    def require_as_before(self, after: str, visitors: int = 0) -> None:
        """Fails if the server has kept something, or does not come to rest, or serves nobody.

        A pool of threads may have grown with `visitors`: as many as came at once, not as came.
        """
        surplus = self.surplus()
        kept = {
            "sockets": surplus.sockets > SPARE_SOCKETS,
            "threads": surplus.tasks > max(SPARE_TASKS, visitors // 4),
            "processes": surplus.processes > SPARE_PROCESSES,
        }
        for what, is_kept in kept.items():
            number = getattr(surplus, "tasks" if what == "threads" else what)
            self._trial.require(not is_kept, f"it holds {number} more {what} after {after}")
        spins = self._specimen.spins()
        self._trial.require(not spins, f"it uses a processor though idle, after {after}")
        self.others_are_served(f"after {after}")
        newcomer_is_served = self.bystander is None or self._specimen.serves_a_newcomer()
        self._trial.require(newcomer_is_served, f"a newcomer is not served after {after}")

    def _is_as_before(self) -> bool:
        surplus = self._difference()
        return surplus.sockets <= 0 and surplus.tasks <= 0 and surplus.processes <= 0

    def _sockets(self) -> int:
        """Returns the sockets of the processes that there were; of others the number tells."""
        return sum(len(process_state.socket_inodes(pid)) for pid in self._pids)

    def _difference(self) -> Holdings:
        now = self._specimen.holdings()
        return Holdings(
            sockets=self._sockets() - self._sockets_before,
            tasks=now.tasks - self.before.tasks,
            processes=now.processes - self.before.processes,
            zombies=now.zombies - self.before.zombies,
        )
