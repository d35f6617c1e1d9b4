"""CONC: several clients at the same time."""

import contextlib
import os
import select
import socket
import string
import time

from echolab.check import fault_injection, process_state, watching
from echolab.check.client import Client, Ending, Reply
from echolab.check.company import (
    SETTLE_SECONDS,
    can_serve_beside,
    connect_burst,
    connect_gently,
    require_rest_or_survival,
)
from echolab.check.outcomes import Failed, Inconclusive, Info, Skipped
from echolab.check.payloads import assert_same
from echolab.check.registry import check
from echolab.check.specimen import HOST, Holdings, Specimen
from echolab.check.trial import Trial

MANY_SILENT = 24
GROWTH_AT = 5  # silent clients: then it is looked at what the server has grown by
MORE_SILENT = (32, 48, 66, 102, 130)  # just beyond the sizes that arrays of clients have
MORE_PROCESSES = (32, 48)  # for each of which a process is started
NEWCOMER = b"newcomer"
HELD_UP = (
    "newcomer_ending",
    "newcomer_watched",
    "unheard_ending",
    "unheard_watched",
    "deaf_after_newcomers",
    "deaf_sits_in",
)
POOLS = ("pool", "prefork")  # models that serve as many at a time as they have workers
TURNS = 3  # clients that speak in turn
BURST = 24
BURST_ROUNDS = 3
WIDE_BURST = 64
FEW = 4
ACQUAINTANCES = 12
LEAVERS = 4
DELAYED_SENDS = "1..30"  # of each thread: a server that sends byte by byte must come to an end
CALL_DELAY_MICROSECONDS = 20_000
HERD = 4  # sleepers that deserve the name
WAITING_CALLS = f"{fault_injection.ACCEPT},{fault_injection.WAIT}".split(",")  # for newcomers
HERD_SHARE = 0.75
HERD_NEWCOMERS = 12
RECEIVE_DELAY_MICROSECONDS = 3000  # a backlog then lasts while a busy machine forgets the client
GREEDY_BYTES = 4 * 1024 * 1024  # more than any library takes from one client in one turn
CHUNK = 256 * 1024
PAYLOAD = bytes(CHUNK)
PATIENCE_SECONDS = 30.0


@check("CONC-1", "beside how many silent clients a newcomer is served", basic=True)
def beside_silent_clients(trial: Trial) -> None:
    """Opens silent clients one by one, up to 24, and has a newcomer served beside them each time.

    The first of them has been served before. It measures and does not judge: how far this goes, and
    whether the server has a thread or a process more for each client. If a newcomer is not served,
    it sees whether one is when a silent client has left.
    """
    specimen = trial.start()
    idle = specimen.holdings()
    trial.state(idle_tasks=idle.tasks, idle_processes=idle.processes)
    silent = [_first_client(trial, specimen)]
    grown = idle
    for count in range(1, MANY_SILENT + 1):
        [newcomer] = connect_gently(specimen, 1)
        reply = newcomer.ask(NEWCOMER)
        if count <= GROWTH_AT:
            grown = specimen.holdings()
        if reply.data != NEWCOMER:
            trial.state(serves_beside_silent=count - 1, growth=_growth(idle, grown, count))
            _state_what_holds_up(trial, specimen, silent, newcomer, reply)
            raise Info(f"beside {_silent(count)}, nobody else is served")
        newcomer.close()
        specimen.settle(SETTLE_SECONDS)
        silent += connect_gently(specimen, 1)
    trial.state(serves_beside_silent=None, growth=_growth(idle, grown, GROWTH_AT))
    if _is_unheard(trial, specimen, silent[0]):
        trial.state(serves_beside_silent=0, forgets_earlier=True)
        raise Info("the first client is not heard any more since others have come")


def _first_client(trial: Trial, specimen: Specimen) -> Client:
    """Returns a client that was served. Where it is not, states who looks after it, and skips."""
    first = specimen.connect()
    if first.ask(NEWCOMER).data == NEWCOMER:
        return first
    place = watching.place_of(specimen, first)
    trial.state(first_client_accepted=place is not None)
    if place:
        trial.state(
            first_client_descriptor=place.descriptor,
            first_client_watched=watching.is_watched(place),
            select_looks_below=watching.limit_of_select(place.pid),
        )
    raise Skipped("even a single client is not served: see ECHO-3")


def _growth(idle: Holdings, grown: Holdings, clients: int) -> str:
    """Returns by what a server grows for each client: "thread", "fork" or, if nothing, "fixed"."""
    enough = max(1, clients - 1)  # not all may have come to their thread yet
    if grown.processes - idle.processes >= enough:
        return "fork"
    return "thread" if grown.tasks - idle.tasks >= enough else "fixed"


def _state_what_holds_up(
    trial: Trial, specimen: Specimen, silent: list[Client], newcomer: Client, reply: Reply
) -> None:
    """States where a newcomer who is not served is, and what helps it."""
    trial.state(newcomer_ending=reply.ending)
    if reply.is_disconnection or not specimen.is_running():
        return
    place = watching.place_of(specimen, newcomer)
    trial.state(
        newcomer_accepted=place is not None,
        newcomer_watched=watching.is_watched(place) if place else None,
        server_sits_in=_calls(specimen),
    )
    trial.state(freed_slot_helps=_is_helped_by_leavers(silent, newcomer))
    if len(silent) > 1:
        trial.state(earlier_are_served=silent[1].ask(NEWCOMER).data == NEWCOMER)


def _is_helped_by_leavers(silent: list[Client], newcomer: Client) -> bool:
    """Has the first silent client leave, and if that does not help, all but the second.

    In a queue other silent clients may stand before the newcomer.
    """
    for leavers in (silent[:1], silent[2:]):
        for client in leavers:
            client.close()
        if leavers and newcomer.read(len(NEWCOMER)).data == NEWCOMER:
            return True
    return False


def _silent(count: int) -> str:
    return "a client that says nothing" if count == 1 else f"{count} clients that say nothing"


@check("CONC-1b", "silent clients hold up nobody")
def silent_clients_hold_up_nobody(trial: Trial) -> None:
    """Looks whether a newcomer is served beside 1 to 24 silent clients, and then up to 130.

    A pool of threads or processes that is used up is reported, and is no failure; nor is a server
    that takes one client at a time if --model says so.
    """
    if "serves_beside_silent" not in trial.known:
        raise Skipped("it is not known how many silent clients there may be: see CONC-1")
    limit = trial.known["serves_beside_silent"]
    if limit is not None:
        _judge(trial, limit)
        return
    specimen = trial.start()
    silent: list[Client] = []
    steps = MORE_PROCESSES if trial.known["growth"] == "fork" else MORE_SILENT
    for step in steps:
        silent += connect_gently(specimen, step - len(silent))
        [newcomer] = connect_gently(specimen, 1)
        reply = newcomer.ask(NEWCOMER)
        if reply.is_disconnection and specimen.is_running():
            raise Info(f"it turns newcomers away beside {_silent(step)}")
        if reply.data != NEWCOMER:
            _state_what_holds_up(trial, specimen, silent, newcomer, reply)
            _judge(trial, step - 1, trial.facts["freed_slot_helps"])
        newcomer.close()


def _judge(trial: Trial, limit: int, freed_slot_helps: bool | None = None) -> None:
    """Fails, unless the model is one that serves so many clients at a time and no more."""
    trial.state(**{name: trial.known[name] for name in HELD_UP if name in trial.known})
    if trial.known["forgets_earlier"]:
        raise Failed("the first client is not heard any more since others have come")
    if freed_slot_helps is None:
        freed_slot_helps = trial.known["freed_slot_helps"]
    claimed = trial.known["claimed_model"]
    if freed_slot_helps and (claimed in POOLS and limit or claimed == "iterative" and not limit):
        raise Info(f"it serves {limit + 1} at a time, as is the nature of {claimed}")
    trial.state(silent_that_block=limit + 1)
    if freed_slot_helps and limit and claimed is None:
        raise Info(f"beside {_silent(limit + 1)} a newcomer waits until one of them leaves")
    raise Failed(f"beside {_silent(limit + 1)}, a newcomer is not served")


@check("CONC-1c", "clients that speak in turn are all heard")
def clients_in_turn(trial: Trial) -> None:
    """Connects three clients, each after the other has spoken; then all speak again, twice."""
    if not can_serve_beside(trial, TURNS):
        raise Skipped("the server does not serve as many clients at a time: see CONC-1")
    specimen = trial.start()
    clients: list[Client] = []
    for _ in range(TURNS):
        clients += connect_gently(specimen, 1)
        _hear(trial, specimen, clients, clients[-1])
    for speaker in clients * 2:
        _hear(trial, specimen, clients, speaker)


def _hear(trial: Trial, specimen: Specimen, clients: list[Client], speaker: Client) -> None:
    if _is_unheard(trial, specimen, speaker):
        require_rest_or_survival(trial, specimen, "death_in_turn", "clients that speak in turn")
        raise Failed(f"{speaker.name} of {len(clients)} was not heard")


def _is_unheard(trial: Trial, specimen: Specimen, speaker: Client) -> bool:
    """Asks a client that was served before; states, if it is not now, who looks after it."""
    reply = speaker.ask(b"my turn")
    if reply.ending is Ending.COMPLETE:
        return False  # whether it is its own answer: see CONC-2
    if reply.is_disconnection:
        return not specimen.is_running()
    place = watching.place_of(specimen, speaker)
    trial.state(
        unheard_client=speaker.name,
        unheard_ending=reply.ending,
        unheard_accepted=place is not None,
        unheard_watched=watching.is_watched(place) if place else None,
        unheard_server_sits_in=_calls(specimen),
        deaf_after_newcomers=speaker.name,
        deaf_sits_in=process_state.system_calls([place.pid]) if place else [],
    )
    return True


def _calls(specimen: Specimen) -> list[str]:
    """Returns the calls in which the server's threads sit, each once."""
    return sorted(set(process_state.system_calls(specimen.process.tree())))


@check("CONC-1d", "a process that waits for newcomers goes on serving its clients")
def waiting_for_newcomers(trial: Trial) -> None:
    """Several threads or processes wait for the same newcomers. One gets each; what do the others?

    strace delays accept, so that all have set out to take the newcomer before one has it. Then
    all earlier clients speak again. A server with a single thread passes without further ado.
    """
    if (trial.known["idle_tasks"] or 1) < 2 or not can_serve_beside(trial, 2):
        return
    specimen = trial.start()
    count = ACQUAINTANCES if can_serve_beside(trial, ACQUAINTANCES) else 2
    delay = f"{fault_injection.ACCEPT}:delay_enter={CALL_DELAY_MICROSECONDS}"
    clients: list[Client] = []
    with trial.faults(specimen, delay):
        for number in range(count):
            clients += connect_gently(specimen, 1)
            # Who is stuck depends on who was quicker, and so is asked for several times.
            for client in clients if number % FEW == FEW - 1 else clients[-1:]:
                _require_heard(trial, specimen, client)
    for client in clients:
        _require_heard(trial, specimen, client)


def _require_heard(trial: Trial, specimen: Specimen, client: Client) -> None:
    if client.ask(NEWCOMER).data == NEWCOMER:
        return
    place = watching.place_of(specimen, client)
    calls = process_state.system_calls([place.pid]) if place else []
    trial.state(deaf_after_newcomers=client.name, deaf_sits_in=calls)
    raise Failed(f"{client.name} is not heard, since others have connected")


@check("CONC-2", "the clients' bytes are kept apart")
def bytes_kept_apart(trial: Trial) -> None:
    """Has three clients speak in turn: nobody else may hear it. Then they send at the same moment,
    each a letter of its own, and get their own letter back.

    strace delays each send of the server, so that it has received all before it answers one. Where
    there is none, the server is kept in the midst of a send by a client that does not read.
    """
    specimen = trial.start()
    count = TURNS if can_serve_beside(trial, TURNS) else 1
    clients = connect_gently(specimen, count)
    for client in clients:
        _require_that_nobody_else_hears(trial, specimen, clients, client)
    if not fault_injection.is_available():
        _send_beside_a_full_window(trial, specimen, clients)
        return
    send = f"{fault_injection.ANY_SEND}:delay_enter={CALL_DELAY_MICROSECONDS}:when={DELAYED_SENDS}"
    with trial.faults(specimen, send):
        for _ in range(TURNS):
            _send_together(trial, specimen, clients)


def _require_that_nobody_else_hears(
    trial: Trial, specimen: Specimen, clients: list[Client], speaker: Client
) -> None:
    reply = speaker.ask(b"ready")
    specimen.settle(SETTLE_SECONDS)
    others = [client for client in clients if client is not speaker]
    hearers = [client for client in others if client.has_input() and client.read(1).data]
    if hearers:
        trial.state(overheard_by=len(hearers), overheard_of=len(others))
        trial.state(speaker_is_answered=reply.data == b"ready")
        raise Failed(f"what {speaker.name} said came to {hearers[0].name}")
    assert_same(reply.data, b"ready")


def _send_beside_a_full_window(trial: Trial, specimen: Specimen, clients: list[Client]) -> None:
    """One client does not read, so that the server is in the midst of sending to it; others send.

    What the server has received from them must not turn up in what it still owes to the first.
    """
    if len(clients) < TURNS:
        raise Skipped("without strace this takes a server that serves several clients at a time")
    slow = specimen.connect(small_buffer=True)
    answer = b""
    with contextlib.suppress(Failed, ConnectionError):  # what it does to this one is another matter
        owed = slow.send_until_stalled(lambda count, _start: b"a" * count)
        for client in clients:
            client.echo_while_sending(b"B" * CHUNK)
        answer = slow.read(owed).data
    if others := set(answer) - set(b"a"):
        trial.state(foreign_bytes=bytes(sorted(others)), of_clients=len(clients) + 1)
        assert_same(answer, b"a" * len(answer))


def _send_together(trial: Trial, specimen: Specimen, clients: list[Client]) -> None:
    messages = [letter.encode() * 1000 for letter in string.ascii_uppercase[: len(clients)]]
    with specimen.frozen():
        for client, message in zip(clients, messages):
            client.send(message)
    for client, message in zip(clients, messages):
        answer = client.receive(len(message))
        if len(answer) == len(message) and answer != message:
            others = {bytes([byte]) for byte in answer} - {message[:1]}
            trial.state(foreign_bytes=b"".join(sorted(others)), of_clients=len(clients))
        assert_same(answer, message)


@check("CONC-2b", "a newcomer is not taken for a client that has just left")
def newcomers_beside_leavers(trial: Trial) -> None:
    """While the server is stopped, some clients leave and as many connect: those must be served.

    They get the descriptors, or places, of those who left. First the old ones reset their
    connections, then they close them; and once the newcomers come first.
    """
    if not can_serve_beside(trial, 2 * LEAVERS):
        raise Skipped("the server does not serve as many clients at a time: see CONC-1")
    specimen = trial.start()
    for how, newcomers_first in (("reset", False), ("close", False), ("reset", True)):
        leavers = connect_gently(specimen, LEAVERS)
        for client in leavers:
            client.echo(b"here")
        with specimen.frozen():
            newcomers = _exchange(specimen, leavers, how, newcomers_first)
        replies = _answers(newcomers, len(NEWCOMER))
        unserved = [reply for reply in replies if reply.data != NEWCOMER]
        if unserved:
            ended = sum(reply.is_disconnection for reply in unserved)
            trial.state(newcomers_ended_beside=how, newcomers_ended=ended)
            require_rest_or_survival(trial, specimen, "death_beside_leavers", f"clients that {how}")
            raise Failed(f"{len(unserved)} newcomers were not served that came as others left")
        for client in newcomers:
            client.close()
        specimen.settle(SETTLE_SECONDS)


def _exchange(
    specimen: Specimen, leavers: list[Client], how: str, newcomers_first: bool
) -> list[Client]:
    """Has some clients leave and others come."""
    newcomers = connect_burst(specimen, LEAVERS) if newcomers_first else []
    for client in leavers:
        client.reset() if how == "reset" else client.close()
    newcomers = newcomers or connect_burst(specimen, LEAVERS)
    for client in newcomers:
        client.send(NEWCOMER)
    return newcomers


@check("CONC-3", "others are served while one client does not read")
def others_beside_a_slow_reader(trial: Trial) -> None:
    """Has one client send and never read, until the server takes no more; others are served still.

    If they are not, the client reads at last: does that release them?
    """
    if not can_serve_beside(trial, 2):
        raise Skipped("the server serves one client at a time: see CONC-1")
    specimen = trial.start()
    bystander = specimen.connect()
    bystander.echo(b"before")
    slow = specimen.connect(small_buffer=True)
    slow.echo(b"warm")
    with contextlib.suppress(Failed, ConnectionError):  # what it does to this one is another matter
        # On a busy machine bytes may be underway while all sleep: once more, until none are taken.
        while slow.send_until_stalled(lambda count, _start: bytes(count)):
            pass
    after = "a client that does not read"
    require_rest_or_survival(trial, specimen, "death_beside_slow_reader", after)
    for client in (bystander, *connect_gently(specimen, 1)):
        reply = client.ask(b"beside")
        if reply.data != b"beside":
            _state_slow_reader(trial, specimen, slow, client, reply)
            raise Failed(f"while one client does not read, {client.name} is not served")


def _state_slow_reader(
    trial: Trial, specimen: Specimen, slow: Client, waiting: Client, reply: Reply
) -> None:
    trial.state(
        beside_slow_reader=reply.ending,
        beside_slow_reader_sits_in=_calls(specimen),
    )
    deadline = time.monotonic() + 5.0
    slow.socket.setblocking(False)
    while not waiting.has_input() and time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            slow.socket.recv(CHUNK)
    trial.state(reading_releases_others=waiting.has_input())


@check("CONC-4", "all clients of a burst are served")
def burst_of_clients(trial: Trial) -> None:
    """Has many clients connect and send while the server is stopped; then all are served.

    It is kept on one processor, and so finds them all at once. It is done three times.
    """
    if not can_serve_beside(trial, 2):
        raise Skipped("the server serves one client at a time: see CONC-1")
    specimen = trial.start(core=_some_core())
    limit = trial.known["serves_beside_silent"]
    count = BURST if limit is None else limit + 1
    for _ in range(BURST_ROUNDS):
        with specimen.frozen():
            clients = connect_burst(specimen, count)
            messages = [b"%03d" % number for number in range(len(clients))]
            for client, message in zip(clients, messages):
                client.send(message)
        replies = _answers(clients, 3)
        if [reply.data for reply in replies] != messages:
            _state_burst(trial, specimen, clients, replies)
            require_rest_or_survival(trial, specimen, "death_in_burst", "a burst of clients")
            served = sum(reply.data == message for reply, message in zip(replies, messages))
            raise Failed(f"of {len(clients)} clients that connected at once, {served} were served")
        for client in clients:
            client.close()
        specimen.settle(SETTLE_SECONDS)


def _answers(clients: list[Client], size: int) -> list[Reply]:
    """Reads an answer each. Once the server sleeps, only those are read that have one already."""
    replies: list[Reply] = []
    sleeps = False
    for client in clients:
        if sleeps and not client.has_input():
            replies.append(Reply(b"", Ending.STUCK))
            continue
        replies.append(client.read(size))
        sleeps = sleeps or replies[-1].ending is Ending.STUCK
    return replies


def _state_burst(
    trial: Trial, specimen: Specimen, clients: list[Client], replies: list[Reply]
) -> None:
    """States where those are who were not served, and whether one more client brings them in."""
    unserved = [client for client, reply in zip(clients, replies) if not reply.data]
    places = [watching.place_of(specimen, client) for client in unserved]
    trial.state(
        crowd_size=len(clients),
        crowd_served=len(clients) - len(unserved),
        crowd_accepted_unserved=sum(place is not None for place in places),
        crowd_not_accepted=specimen.backlog_length(),
        crowd_endings=sorted({reply.ending.value for reply in replies}),
        crowd_sits_in=sorted(process_state.system_calls(specimen.process.tree())),
    )
    if specimen.backlog_length() and specimen.is_running():
        before = specimen.backlog_length()
        newcomer = connect_burst(specimen, 1)
        specimen.settle(SETTLE_SECONDS)
        trial.state(crowd_one_more_brings=before + len(newcomer) - specimen.backlog_length())


def _some_core() -> int:
    return sorted(os.sched_getaffinity(0))[-1]


@check("CONC-5", "clients that wait in the backlog are served when their turn comes")
def turn_comes(trial: Trial) -> None:
    """Has more clients than the server takes at a time, or its backlog holds: each has its turn.

    Those before them leave one by one. A server that takes all at once is stopped meanwhile, and
    gets 65 connections: one that finds its backlog full is tried again by the client's kernel.
    """
    limit = trial.known["serves_beside_silent"]
    if trial.known["freed_slot_helps"] is False or trial.known["forgets_earlier"]:
        raise Skipped("a newcomer is not served even when there is room: see CONC-1")
    specimen = trial.start()
    if limit is not None:
        _wait_for_their_turn(trial, specimen, limit + 1)
        return
    with socket.socket() as latecomer:
        with specimen.frozen():
            queued = connect_burst(specimen, WIDE_BURST)
            for client in queued:
                client.send(b"queued")
            latecomer.setblocking(False)
            latecomer.connect_ex((HOST, specimen.port))
        for number, reply in enumerate(_answers(queued, 6), 1):
            if reply.data != b"queued":
                trial.state(queued_unserved_of=len(queued), queued_ending=reply.ending)
                of = f"of {len(queued)} clients in the backlog"
                raise Failed(f"{of}, number {number} got nothing")
        _require_let_in(specimen, latecomer)


def _require_let_in(specimen: Specimen, latecomer: socket.socket) -> None:
    """Fails unless somebody who found the backlog full, and whose kernel tries again, is served."""
    if not select.select([], [latecomer], [], PATIENCE_SECONDS)[1]:
        raise Inconclusive("a client that found the backlog full has not come in")
    specimen.note("takes in the client that had found its backlog full")
    latecomer.sendall(b"late")
    if not select.select([latecomer], [], [], PATIENCE_SECONDS)[0]:
        raise Inconclusive("a client that found the backlog full has no answer")
    if latecomer.recv(4) == b"":
        raise Failed("a client that had found the backlog full was turned away")


def _wait_for_their_turn(trial: Trial, specimen: Specimen, at_a_time: int) -> None:
    served = connect_gently(specimen, at_a_time)
    for client in served:
        client.echo(b"first")
    waiting = [specimen.connect() for _ in range(TURNS)]
    for client in waiting:
        client.send(b"turn")
    for number, client in enumerate(waiting):
        served[number % at_a_time].close()
        reply = client.read(4)
        trial.state(turn_ending=reply.ending)
        trial.require(reply.data == b"turn", f"{client.name} waited, and its turn did not come")
        served[number % at_a_time] = client


@check("CONC-6", "others are served while one client sends without pause")
def others_beside_a_greedy_client(trial: Trial) -> None:
    """One client sends and reads as fast as it can; another's single byte is answered meanwhile.

    Both find the server stopped. strace delays each of its receiving calls by three milliseconds,
    so that the greedy one never falls behind. It may have 4 MiB echoed before the byte.
    """
    if not can_serve_beside(trial, 2):
        raise Skipped("the server serves one client at a time: see CONC-1")
    specimen = trial.start()
    greedy, modest = connect_gently(specimen, 2)
    greedy.echo(b"greedy")
    modest.echo(b"modest")
    receive = f"{fault_injection.ANY_RECEIVE}:delay_exit={RECEIVE_DELAY_MICROSECONDS}"
    with trial.faults(specimen, receive):
        greedy.socket.setblocking(False)
        with specimen.frozen():
            _pump(greedy)
            modest.send(b"?")
        echoed = _echoed_before(specimen, greedy, modest)
        answered = modest.has_input()
        trial.state(echoed_before_modest=echoed, modest_answered=answered)
    trial.require(answered, f"{echoed} bytes of one client were echoed before one of another's")


def _echoed_before(specimen: Specimen, greedy: Client, modest: Client) -> int:
    """Keeps the greedy client busy until the modest one is answered; returns what it got."""
    echoed = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not modest.has_input() and echoed < GREEDY_BYTES:
        _pump(greedy)
        with contextlib.suppress(BlockingIOError):
            echoed += len(greedy.socket.recv(CHUNK))
        if time.monotonic() > deadline:
            raise Inconclusive(f"neither client was served for {PATIENCE_SECONDS:g} s")
    specimen.note(f"had echoed {echoed} bytes of {greedy.name} until then")
    return echoed


def _pump(client: Client) -> None:
    """Sends as much as the kernel takes now."""
    with contextlib.suppress(BlockingIOError):
        while client.socket.send(PAYLOAD):
            pass


@check("CONC-8", "a newcomer wakes whom it takes, and not everybody")
def who_wakes(trial: Trial) -> None:
    """Counts how many of the threads and processes that wait for a newcomer, in accept or poll and
    its relatives, each of twelve newcomers wakes. It does not judge.

    A server with fewer than four of them passes without further ado.
    """
    if (trial.known["idle_tasks"] or 1) < HERD or not can_serve_beside(trial, 2):
        return
    specimen = trial.start()
    with specimen.connect() as first:
        first.echo(NEWCOMER)
    woken, most = 0, 0
    for _ in range(HERD_NEWCOMERS):
        specimen.settle(SETTLE_SECONDS)
        pids = specimen.process.tree()
        waiting = process_state.tasks_in(pids, WAITING_CALLS)
        before = process_state.voluntary_switches(pids)
        [newcomer] = connect_gently(specimen, 1)
        after = process_state.voluntary_switches(specimen.process.tree())
        woken += sum(after[task] > before[task] for task in waiting if task in after)
        most = max(most, len(waiting))
        newcomer.close()
    share = woken / HERD_NEWCOMERS
    trial.state(woken_by_newcomer=share, idle_sleepers=most)
    if share >= max(HERD - 1, HERD_SHARE * (most - 1)):
        raise Info(f"each newcomer wakes {share:.1f} of {most} threads and processes that wait")
