"""MODEL: whether the server is what it is said to be."""

import contextlib
from collections import Counter
from dataclasses import dataclass

from echolab.check import fault_injection, process_state, watching
from echolab.check.client import Client
from echolab.check.company import SETTLE_SECONDS, connect_gently
from echolab.check.outcomes import Failed, Info, Skipped
from echolab.check.registry import check
from echolab.check.specimen import Holdings, Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

CLIENTS = 5
MULTIPLEXERS = {
    "select": "select",
    "pselect6": "select",
    "poll": "poll",
    "ppoll": "poll",
    "epoll_wait": "epoll",
    "epoll_pwait": "epoll",
    "io_uring_enter": "io-uring",
}
WAITING_CALLS = ",".join((fault_injection.WAIT, fault_injection.ACCEPT))
TRACED = ",".join((WAITING_CALLS, fault_injection.ANY_RECEIVE, fault_injection.ANY_SEND))
SHOWN_CALLS = 5
MODELS = (
    "iterative", "threads", "pool", "busy-poll", "select", "poll", "epoll", "io-uring", "fork",
    "prefork",
)  # fmt: skip
NAP_SECONDS = 0.5  # in which one is caught napping that looks at its clients in turn


@dataclass(frozen=True)
class Sight:
    """What was seen of a server that has clients."""

    idle: Holdings
    served: Holdings
    clients: int
    sits_in: Counter[str]  # calls, and how many tasks
    watched_by: str | None  # the multiplexing call that waits for a client's bytes
    naps: bool  # it waits for a time to be over, or for something else than that client
    made: Counter[str]  # calls, if strace could look

    def __str__(self) -> str:
        counted = ", ".join(f"{count} in {call}" for call, count in self.sits_in.most_common())
        made = ", ".join(call for call, _ in self.made.most_common(SHOWN_CALLS))
        return (
            f"{_holds(self.idle)} without clients, {_holds(self.served)} with {self.clients}; "
            f"threads sit: {counted}" + (f"; the calls made are {made}" if made else "")
        )


@check("MODEL-1", "the server is of the model that it is said to be")
def model(trial: Trial) -> None:
    """Looks at the server's threads and processes without clients and with five, and at the calls
    in which they sit and which they make; compares that with --model, if that is given.
    """
    if "growth" not in trial.known:
        raise Skipped("it is not known how the server grows: see CONC-1")
    sight = _look(trial)
    fitting = _models_that_fit(trial, sight)
    trial.state(model_fits=sorted(fitting), model_seen=str(sight))
    claimed = trial.known["claimed_model"]
    seen = f"it looks like {' or '.join(sorted(fitting)) or 'none of the usual models'}: {sight}"
    if claimed is None:
        raise Info(seen)
    if claimed not in MODELS:
        raise Skipped(f"nothing is known of a model '{claimed}': there are {', '.join(MODELS)}")
    if claimed not in fitting:
        raise Failed(f"it was said to be {claimed}, and {seen}")


def _look(trial: Trial) -> Sight:
    specimen = trial.start()
    idle = specimen.holdings()
    limit = trial.known["serves_beside_silent"]
    clients = connect_gently(specimen, CLIENTS if limit is None else min(CLIENTS, limit + 1))
    _speak(clients)
    specimen.settle(SETTLE_SECONDS)
    calls = process_state.system_calls(specimen.process.tree())
    watched_by = _watcher(specimen, clients[0])
    is_asleep = lambda: _naps(specimen, clients[0])  # noqa: E731
    naps = watched_by is None and wait_until(is_asleep, NAP_SECONDS)
    made: Counter[str] = Counter()
    with contextlib.suppress(Skipped):  # without strace it is not known which calls are made
        with trial.faults(specimen, TRACED) as traced:  # afterwards calls go by another name:
            _speak(clients)  # restart_syscall(2)
        made = traced.calls()
    return Sight(
        idle=idle,
        served=specimen.holdings(),
        clients=len(clients),
        sits_in=Counter(call or "no call" for call in calls),
        watched_by=watched_by,
        naps=naps,
        made=made,
    )


def _speak(clients: list[Client]) -> None:
    for client in clients:
        if client.ask(b"hello").data != b"hello":
            raise Skipped(f"{client.name} is not served")


def _watcher(specimen: Specimen, client: Client) -> str | None:
    """Returns the call by which the client's process waits for it, among others."""
    place = watching.place_of(specimen, client)
    if place is None:
        return None
    watches = watching.watches_of(place.pid) or ()
    for watch in watches:
        if place.descriptor in watch.descriptors:
            return watch.call
    # io_uring tells nobody what it waits for, nor does a server that may not be looked into.
    calls = process_state.system_calls([place.pid])
    return next((call for call in calls if MULTIPLEXERS.get(call) == "io-uring"), None)


def _naps(specimen: Specimen, client: Client) -> bool:
    """Tells whether the server, at this moment, waits for a time or something else than a client.

    If it serves its clients all the same, it tries them in turn.
    """
    place = watching.place_of(specimen, client)
    return specimen.naps() or (place is not None and watching.is_watched(place) is False)


def _models_that_fit(trial: Trial, sight: Sight) -> set[str]:
    """Returns the models of which one would see that."""
    limit = trial.known["serves_beside_silent"]
    if trial.known["growth"] == "fork":
        return {"fork"}
    if trial.known["growth"] == "thread":
        return {"threads"} if limit is None else {"pool"}
    has_workers = sight.idle.processes > 1
    if limit == 0:
        return {"iterative"}
    if limit is not None:
        return {"prefork"} if has_workers else {"pool"}
    if sight.naps and sight.idle.tasks == 1:
        return {"busy-poll"}
    if sight.watched_by not in MULTIPLEXERS and not has_workers and sight.idle.tasks > CLIENTS:
        return {"pool"}  # a large one
    fitting = {MULTIPLEXERS[sight.watched_by]} if sight.watched_by in MULTIPLEXERS else set()
    return fitting | ({"prefork"} if has_workers else set())


def _holds(holdings: Holdings) -> str:
    threads = f"{holdings.tasks} thread{'s' if holdings.tasks > 1 else ''}"
    return threads if holdings.processes == 1 else f"{threads} in {holdings.processes} processes"
