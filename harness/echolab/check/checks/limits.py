"""LIMIT: when there is no more of something, and when calls fail."""

import contextlib
import itertools
import re
import time
from collections.abc import Iterator

from echolab.check import process_state
from echolab.check.client import Client, Ending, Reply
from echolab.check.company import (
    DEATH_SECONDS,
    can_serve_beside,
    connect_burst,
    require_survival,
)
from echolab.check.fault_injection import (
    ACCEPT,
    ANY_RECEIVE,
    ANY_SEND,
    CREATE,
    EVERY,
    FIRST,
    WAIT,
    Faults,
)
from echolab.check.outcomes import Failed, Info, Skipped
from echolab.check.process_limits import (
    descriptors_of,
    few_descriptors,
    hoarding,
    little_memory,
)
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial
from echolab.check.watching import place_of
from echolab.waiting import wait_until

FREE = 6  # descriptors that are left: what serves a client may need some for a moment
BEYOND = 10  # clients more than there are descriptors for
LARGEST_CROWD = 80  # of clients
RECOVERY_SECONDS = 6.0  # asyncio, for one, looks again after a second
HIT_SECONDS = 3.0
LOOK_SECONDS = 0.4
MANY_CALLS = 100  # in that time; a server that rests between two attempts makes some ten
SPARE_MEMORY = 64 * 1024  # bytes that are left, so that it is newcomers who find none
CROWD_WITHOUT_MEMORY = 60  # clients,
SAID_WITHOUT_MEMORY = 3000  # and bytes of each, for which a server needs some memory
ANY_ADDRESS_SPACE = 1 << 40  # bytes; only sanitizers set aside more
NOT_SERVED = "a client that had been connected before was not served {}"
FD_SETSIZE = 1024  # select(2)
LAST_INHERITED = FD_SETSIZE - 8  # the last descriptor that a server finds open when it starts
ENOUGH = 4096
HIGHEST_CLIENTS = 18  # fewer than CONC-1 has tried
TELLS_OF_EPOLL = re.compile(r"epoll_ctl|ENOSPC|no space left|errno 28", re.IGNORECASE)
INTERRUPTED = {  # what may be interrupted: first that in which a tracer's coming is felt, too
    "the wait for events": WAIT,
    "accept": ACCEPT,
    "recv": ANY_RECEIVE,
    "send": ANY_SEND,
}


@check("LIMIT-1", "out of descriptors, it lives on, rests, and serves those connected")
def out_of_descriptors(trial: Trial) -> None:
    """Lowers the server's limit of descriptors (prlimit) to a few more than it has open, and
    connects more clients than that. A client that was connected before must still be served, and
    while nobody says anything the server must be at rest.
    """
    specimen = trial.start()
    bystander = _bystander(trial, specimen)
    is_busy_anyway = specimen.spins()
    with _too_many_clients(trial, specimen) as crowd:
        trial.state(newcomers_turned_away=sum(client.has_input() for client in crowd))
        spins = not is_busy_anyway and specimen.spins()
        trial.state(spins_out_of_descriptors=spins)
        trial.require(not spins, "out of descriptors, it keeps a processor busy")
        _require_served(bystander, "while descriptors have run out")


def _bystander(trial: Trial, specimen: Specimen) -> Client | None:
    """Returns a client that is served, if the server can serve another one beside it."""
    if not can_serve_beside(trial, 2):
        return None
    client = specimen.connect()
    client.echo(b"hello")
    return client


def _require_served(bystander: Client | None, when: str) -> None:
    if bystander and bystander.ask(b"still here").data != b"still here":
        raise Failed(NOT_SERVED.format(when))


@contextlib.contextmanager
def _too_many_clients(trial: Trial, specimen: Specimen) -> Iterator[list[Client]]:
    """While it lasts, more clients are connected than the server has descriptors for."""
    accepting = _accepting(specimen)
    with few_descriptors(accepting, FREE):
        specimen.note(f"may open {FREE} more descriptors, and no more (prlimit)")
        count = min(FREE * len(accepting) + BEYOND, LARGEST_CROWD)
        crowd: list[Client] = []
        with contextlib.suppress(ConnectionError):  # the server may die meanwhile
            crowd += connect_burst(specimen, count)
        specimen.comes_to(lambda: not specimen.is_running())
        require_survival(
            trial, specimen, "died_out_of_descriptors", "it had run out of descriptors", 0.1
        )
        yield crowd


def _accepting(specimen: Specimen) -> list[int]:
    """Returns the processes that have the listening socket."""
    pids = specimen.process.tree()
    return [pid for pid in pids if specimen.port in process_state.listening_ports([pid])]


@check("LIMIT-1b", "with the whole system out of descriptors, it goes on")
def system_out_of_descriptors(trial: Trial) -> None:
    """Has every accept fail with ENFILE (strace): then no descriptor in reserve helps.

    The server must serve who was connected before, and take newcomers again afterwards. Whether it
    ends, or tries again without pause, as many do, is noted and not judged.
    """
    specimen = trial.start()
    bystander = _bystander(trial, specimen)
    with trial.faults(specimen, f"{ACCEPT}:error=ENFILE:when={EVERY}") as seen:
        with contextlib.suppress(ConnectionError):  # it may have ended already
            specimen.connect()
        _require_hit(seen, "it does not call accept for each client")
        calls = _calls_within_a_moment(seen)
        if not specimen.is_running():
            raise Info(f"it ends ({specimen.how_it_ended()}) when the system has no descriptors")
        _require_served(bystander, "while accept failed")
    specimen.close_clients()
    _require_recovery(trial, specimen)
    if calls > MANY_CALLS:
        rate = calls / LOOK_SECONDS
        raise Info(f"when the system has no descriptors, it tries {rate:.0f} times a second")


def _require_hit(seen: Faults, otherwise: str) -> None:
    """Raises Skipped if the fault has met nobody: this server does things in another way."""
    if not wait_until(lambda: seen.count() > 0, HIT_SECONDS):
        raise Skipped(otherwise)


def _calls_within_a_moment(seen: Faults) -> int:
    """Counts calls, not time: strace slows down a server that spins, which hides it."""
    before = seen.count()
    time.sleep(LOOK_SECONDS)
    return seen.count() - before


def _require_recovery(trial: Trial, specimen: Specimen) -> None:
    """Fails if newcomers are not served although there is room again."""
    recovers = wait_until(specimen.serves_a_newcomer, RECOVERY_SECONDS)
    if not recovers and specimen.is_running():
        trial.state(serves_after_shortage=False)
    trial.require(recovers, "there are descriptors again, and newcomers are still not served")


@check("LIMIT-2", "once there are descriptors again, newcomers are served")
def descriptors_again(trial: Trial) -> None:
    """Lets the server run out of descriptors as LIMIT-1 does; then all those clients leave, and the
    limit is lifted. A newcomer must be served.
    """
    specimen = trial.start()
    with _too_many_clients(trial, specimen) as crowd:
        for client in crowd:
            client.close()
    _require_recovery(trial, specimen)


@check("LIMIT-3", "out of threads or processes, the newcomer is turned away")
def out_of_threads(trial: Trial) -> None:
    """Has every attempt to start a thread or process fail with EAGAIN (strace), and connects.

    The newcomer must be turned away, not left waiting; who was connected before must be served,
    and newcomers, too, afterwards.
    """
    if trial.known["growth"] not in ("thread", "fork"):
        raise Skipped("it starts neither a thread nor a process for a client")
    specimen = trial.start()
    bystander = _bystander(trial, specimen)
    with trial.faults(specimen, f"{CREATE}:error=EAGAIN:when={EVERY}") as seen:
        newcomer = specimen.connect()
        reply = newcomer.ask(b"hello")
        patience = 0.0 if reply.ending is Ending.COMPLETE else DEATH_SECONDS
        after = f"a {_worker(trial)} could not be started"
        require_survival(trial, specimen, "died_of_failed_spawn", after, patience)
        _require_hit(seen, "it does not start one for each client")
        _require_served(bystander, f"while no {_worker(trial)} could be started")
    is_waiting = reply.ending is Ending.STUCK and not specimen.comes_to(newcomer.has_input)
    left_open = is_waiting and place_of(specimen, newcomer) is not None
    trial.state(left_open_after_failed_spawn=left_open)
    trial.require(
        not is_waiting, f"a client for which no {_worker(trial)} could be started waits for ever"
    )
    trial.require(specimen.serves_a_newcomer(), "afterwards, newcomers are not served")


def _worker(trial: Trial) -> str:
    return "process" if trial.known["growth"] == "fork" else "thread"


@check("LIMIT-5", "descriptors beyond 1023 are served or turned away")
def high_descriptors(trial: Trial) -> None:
    """Starts the server with a thousand descriptors open already, and connects until the clients'
    descriptors are beyond 1023, where a select's set ends (FD_SETSIZE).

    Each client must be served or turned away, and the server live on.
    """
    specimen = trial.start(prefix=hoarding(LAST_INHERITED, ENOUGH))
    first = specimen.connect()
    is_served = first.ask(b"hello").ending is Ending.COMPLETE
    count = 1
    while is_served and count < HIGHEST_CLIENTS and can_serve_beside(trial, count + 1):
        count += 1
        reply = specimen.connect().ask(b"hello")
        is_served = reply.ending is Ending.COMPLETE
        _require_served_or_turned_away(trial, specimen, reply)
    _require_served_or_turned_away(trial, specimen, first.ask(b"still here"))


def _require_served_or_turned_away(trial: Trial, specimen: Specimen, reply: Reply) -> None:
    all_descriptors = map(descriptors_of, specimen.process.tree())
    highest = max(itertools.chain.from_iterable(all_descriptors), default=0)
    patience = 0.0 if reply.ending is Ending.COMPLETE else DEATH_SECONDS
    after = "a client had a descriptor beyond 1023"
    require_survival(trial, specimen, "died_of_high_descriptor", after, patience)
    if reply.ending in (Ending.STUCK, Ending.SPINNING):
        trial.state(ignored_high_descriptor=highest)
        raise Failed(f"a client was neither served nor turned away: descriptors reach {highest}")


@check("LIMIT-8", "calls that a signal interrupts (EINTR) end nothing")
def interrupted_calls(trial: Trial) -> None:
    """Interrupts accept, recv, send and the wait for events once each (strace), while two clients
    come and are served. If the server dies of it, each call is tried by itself.
    """
    specimen = trial.start()
    served = _served_while(trial, specimen, *INTERRUPTED.values())
    if specimen.is_running():
        trial.require(specimen.serves_a_newcomer(), "afterwards, newcomers are not served")
        if not served:
            raise Info("a client is dropped when a call for it is interrupted (EINTR)")
        return
    for name, calls in INTERRUPTED.items():
        specimen = trial.start()
        _served_while(trial, specimen, calls)
        if not specimen.is_running():
            trial.state(died_interrupted_in=name, interruption_end=specimen.how_it_ended())
            raise Failed(f"the server died ({specimen.how_it_ended()}) when {name} was interrupted")
    raise Failed("the server died when its calls were interrupted (EINTR)")


def _served_while(trial: Trial, specimen: Specimen, *calls: str) -> bool:
    """Returns whether two newcomers are served while each of the calls fails with EINTR, once."""
    injections = [f"{names}:error=EINTR:when={FIRST}" for names in calls]
    with trial.faults(specimen, *injections):
        served = [specimen.serves_a_newcomer() for _ in range(2)]
        specimen.dies_within(0.0 if all(served) else DEATH_SECONDS)
    return all(served)


@check("LIMIT-8b", "a client that is gone before accept returns it harms nobody")
def aborted_connection(trial: Trial) -> None:
    """Has accept fail once with ECONNABORTED (strace), as it does when a client is gone already.

    Newcomers must be served as if nothing had been.
    """
    specimen = trial.start()
    with trial.faults(specimen, f"{ACCEPT}:error=ECONNABORTED:when={FIRST}") as seen:
        with contextlib.suppress(ConnectionError):  # it may have ended already
            specimen.connect().close()
        _require_hit(seen, "it does not call accept for each client")
        # In truth such an error consumes a connection. This one does not: a second connection
        # makes a new event, for a server that rightly waits for one (edge-triggered epoll).
        served = wait_until(
            lambda: specimen.serves_a_newcomer() or not specimen.is_running(), RECOVERY_SECONDS
        )
        after = "accept had failed with ECONNABORTED"
        require_survival(trial, specimen, "died_of_accept_error", after, 0.1)
    trial.require(served, f"after {after}, once, newcomers were not served")


@check("LIMIT-9", "a client that cannot be watched is turned away")
def unwatched_client(trial: Trial) -> None:
    """Has epoll_ctl fail once with ENOSPC (strace) when a client connects.

    It must not be left waiting in silence. A server that says something about it, or ends, knows
    of the failure: that is noted, and not judged.
    """
    specimen = trial.start()
    with trial.faults(specimen, f"epoll_ctl:error=ENOSPC:when={FIRST}") as seen:
        if not specimen.is_running():
            raise Skipped("it has ended already: see LIMIT-8")
        newcomer = specimen.connect()
        reply = newcomer.ask(b"hello")
        if not seen.count():
            raise Skipped("it does not watch clients by epoll")
    if specimen.dies_within(0.0 if reply.ending is Ending.COMPLETE else DEATH_SECONDS):
        raise Info(f"it ends ({specimen.how_it_ended()}) when epoll_ctl fails for a client")
    is_waiting = reply.ending is Ending.STUCK and place_of(specimen, newcomer) is not None
    if is_waiting and TELLS_OF_EPOLL.search(specimen.process.stderr + specimen.process.stdout):
        raise Info("a client that it cannot watch waits for ever")
    trial.state(unwatched_client_left_open=is_waiting)
    trial.require(not is_waiting, "a client that it cannot watch waits for ever")


@check("LIMIT-10", "out of memory, it neither spins nor forgets a client")
def out_of_memory(trial: Trial) -> None:
    """Lets the server's address space grow by 64 KiB only (prlimit), and connects sixty clients.

    Who was connected before must be served, the server be at rest, and nobody be left waiting: a
    newcomer is served or turned away. When there is memory again, newcomers must be served. A
    server that ends, or ends connections, as some runtimes do by design, is not judged.
    """
    specimen = trial.start()
    bystander = _bystander(trial, specimen)
    pids = specimen.process.tree()
    if max(map(process_state.address_space_bytes, pids)) > ANY_ADDRESS_SPACE:
        raise Skipped("it was built with a sanitizer, which cannot do with less memory")
    with little_memory(pids, SPARE_MEMORY):
        specimen.note(f"may use {SPARE_MEMORY} bytes of memory more, and no more (prlimit)")
        crowd = _crowd_that_speaks(specimen)
        specimen.comes_to(lambda: not specimen.is_running())
        if specimen.dies_within(0.1 if specimen.is_quiet() else DEATH_SECONDS):
            end = specimen.how_it_ended()
            raise Info(f"it ends ({end}) when there is no memory for a newcomer")
        trial.require(not specimen.spins(), "out of memory, it keeps a processor busy")
        is_cut_off = _is_cut_off(bystander, "while there was no memory")
    _require_nobody_forgotten(trial, specimen, crowd)
    specimen.close_clients()
    recovers = wait_until(specimen.serves_a_newcomer, RECOVERY_SECONDS)
    trial.require(recovers, "there is memory again, and newcomers are still not served")
    if is_cut_off:
        raise Info("it ends a client's connection when there is no memory to receive")


def _is_cut_off(bystander: Client | None, when: str) -> bool:
    """Tells whether the connection has been ended; fails if it has not, and is not served."""
    reply = bystander and bystander.ask(b"still here")
    if reply and not reply.is_disconnection and reply.data != b"still here":
        raise Failed(NOT_SERVED.format(when))
    return bool(reply and reply.is_disconnection)


def _crowd_that_speaks(specimen: Specimen) -> list[Client]:
    crowd: list[Client] = []
    with contextlib.suppress(ConnectionError):  # the server may die meanwhile
        crowd += connect_burst(specimen, CROWD_WITHOUT_MEMORY)
        for client in crowd:
            with contextlib.suppress(ConnectionError):  # it has been turned away
                client.send(bytes(SAID_WITHOUT_MEMORY))
    return crowd


def _require_nobody_forgotten(trial: Trial, specimen: Specimen, crowd: list[Client]) -> None:
    """Fails if somebody was accepted, and waits although there is memory again."""
    waiting = _left_waiting(specimen, crowd)
    forgotten = [client for client in waiting if place_of(specimen, client) is not None]
    trial.state(forgotten_out_of_memory=len(forgotten))
    trial.require(
        not forgotten, f"{len(forgotten)} clients for which there was no memory wait for ever"
    )


def _left_waiting(specimen: Specimen, crowd: list[Client]) -> list[Client]:
    """Has all leave who have an answer: others may wait for their places. Returns who gets none."""
    waiting = list(crowd)
    for client in specimen.clients:
        if client not in crowd:
            client.close()
    while specimen.comes_to(lambda: any(client.has_input() for client in waiting)):
        for client in [client for client in waiting if client.has_input()]:
            client.close()
            waiting.remove(client)
    return waiting
