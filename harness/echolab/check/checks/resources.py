"""RES: what clients cost, and that it is given back."""

import time

from echolab.check import process_state
from echolab.check.client import PATIENCE_SECONDS, Client
from echolab.check.company import DEATH_SECONDS, require_survival
from echolab.check.outcomes import Failed, Inconclusive, Info, Skipped
from echolab.check.payloads import assert_same, numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.transcript import Transcript
from echolab.check.trial import Trial
from echolab.waiting import wait_until

MEBIBYTE = 1024 * 1024
ENDLESS = 32 * MEBIBYTE  # what a client sends at most: more than the kernel's buffers take
HOARD = 16 * MEBIBYTE  # far beyond what a buffer, or a runtime that collects garbage, takes
CAME_AND_LEFT = 20  # clients; of what leaks, each leaves one
SPARE = 4  # sockets, threads and processes that a runtime keeps for itself
WARMING_UP = 10  # clients; then a server has all that it ever needs for one at a time
CHILDREN = 12  # that end at one moment
REAPED_SECONDS = 3.0  # in which even servers that look after their children by the clock do so
SEGMENT = 300  # clients between two looks at the memory
SEGMENTS = 5  # of those that grow; collectors of garbage need a few to come to rest
GROWTH_PER_CLIENT = 1024  # bytes
RESERVE = 512 * MEBIBYTE  # address space that only runtimes with a collector of garbage set aside
GARBAGE_PER_CLIENT = 32 * 1024  # bytes that these may let lie about for thousands of clients
IDLY_SPENT = 0.2  # seconds of CPU time, in which even who sends byte by byte moves many
REST_SECONDS = 10.0
STACKS_AFTER = 40  # clients
STACK = 512 * 1024  # bytes of address space; the usual is 8 MiB for each thread


@check("RES-1", "a client that never reads costs little memory")
def stalled_client_memory(trial: Trial) -> None:
    """Sends without reading, until the server takes no more or has taken 32 MiB.

    It then looks by how much the server's memory has grown. What the kernel's buffers hold is not
    counted: only the server's own.
    """
    specimen = trial.start()
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    before = process_state.resident_bytes(specimen.process.tree())
    taken = client.send_without_reading(numbered_blocks, ENDLESS)
    grown = process_state.resident_bytes(specimen.process.tree()) - before
    trial.state(hoarded_bytes=grown, took_without_end=taken >= ENDLESS)
    if grown > HOARD:
        raise Failed(f"for a client that does not read it keeps {grown // MEBIBYTE} MiB")


@check("RES-2", "a client that reads by fits and starts gets every byte")
def fitful_reader(trial: Trial) -> None:
    """Sends without reading until the server takes no more; reads half, rests, reads the other
    half, and goes on. Each block of eight bytes names its own place, so that a gap shows.
    """
    specimen = trial.start()
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    sent = client.send_without_reading(numbered_blocks, ENDLESS)
    first = client.read(sent // 2).data
    specimen.comes_to(lambda: False)
    assert_same(first + client.read(sent - len(first)).data, numbered_blocks(sent))
    client.echo(b"and on")


@check("RES-3", "descriptors, threads and processes of clients that have left are given back")
def everything_given_back(trial: Trial) -> None:
    """Has twenty clients served, one after the other; each closes when it has its answer.

    Sockets, threads and processes are counted before and afterwards. Clients that reset are the
    affair of RUDE-1.
    """
    specimen = trial.start()
    _serve_in_turn(trial, specimen, 3)
    specimen.comes_to(lambda: False)
    before = specimen.holdings()
    before_in_first = len(process_state.socket_inodes(specimen.pid))
    _serve_in_turn(trial, specimen, CAME_AND_LEFT)

    def kept() -> dict[str, int]:
        after = specimen.holdings()
        return {
            "sockets": after.sockets - before.sockets,
            "threads": after.tasks - before.tasks,
            "processes": after.processes - before.processes,
        }

    specimen.comes_to(lambda: max(kept().values()) <= SPARE)
    left = kept()
    in_first = len(process_state.socket_inodes(specimen.pid)) - before_in_first
    trial.state(
        sockets_kept=left["sockets"],
        sockets_kept_by_first_process=in_first,
        tasks_kept=left["threads"],
        processes_kept=left["processes"],
        came_and_left=CAME_AND_LEFT,
    )
    for what, count in left.items():
        leaks = count > CAME_AND_LEFT / 2
        trial.require(not leaks, f"{CAME_AND_LEFT} clients have left, and {count} {what} are kept")


def _serve_in_turn(trial: Trial, specimen: Specimen, count: int) -> None:
    for number in range(count):
        with specimen.connect() as client:
            if client.ask(b"hello").data != b"hello":
                require_survival(
                    trial, specimen, "died_of_leaving", "a client had left", DEATH_SECONDS
                )
                raise Failed(f"client {number + 1}, one after the other, was not served")


@check("RES-4", "no zombies are left")
def no_zombies(trial: Trial) -> None:
    """Has twelve clients served that leave one by one, and looks for zombies a little later.

    Then twelve more, who leave while the server's first process is stopped: so their children end
    at one moment, and one signal tells of all of them.
    """
    if trial.known["growth"] != "fork":
        raise Skipped("it starts no process for a client")
    specimen = trial.start()
    _serve_in_turn(trial, specimen, CHILDREN)
    left = _zombies_that_stay(trial, specimen)
    trial.state(children=CHILDREN, zombies_after_turns=left)
    trial.require(
        left <= SPARE, f"{CHILDREN} children ended one by one, and {left} zombies are left"
    )
    _let_children_end_at_once(specimen)
    left = _zombies_that_stay(trial, specimen)
    trial.state(zombies_after_crowd=left)
    trial.require(
        left <= SPARE, f"{CHILDREN} children ended at one moment, and {left} zombies are left"
    )


def _let_children_end_at_once(specimen: Specimen) -> None:
    clients = [specimen.connect() for _ in range(CHILDREN)]
    for client in clients:
        client.echo(b"hello")
    others = [pid for pid in specimen.process.tree() if pid != specimen.pid]
    with specimen.frozen([specimen.pid]):
        for client in clients:
            client.close()
        wait_until(lambda: len(_alive(others)) == 0, PATIENCE_SECONDS / 3)


def _alive(pids: list[int]) -> list[int]:
    dead = process_state.zombies(pids)
    return [pid for pid in pids if pid not in dead and process_state.task_states([pid])]


def _zombies_that_stay(trial: Trial, specimen: Specimen) -> int:
    """Counts zombies, after one more client: some servers look for them when one comes."""
    after = "the process of a client had ended"
    require_survival(trial, specimen, "died_of_child", after, 0.2)
    _serve_in_turn(trial, specimen, 1)
    wait_until(lambda: specimen.holdings().zombies <= 1, REAPED_SECONDS)
    return specimen.holdings().zombies


@check("RES-5", "no processor is used while there is nothing to do", basic=True)
def idle_costs_nothing(trial: Trial) -> None:
    """Watches the server before any client has come, with a silent one, and when that has left.

    All other checks rest on this: they tell by it whether a server has anything left to do.
    """
    specimen = trial.start()
    _require_rest(trial, specimen, "no client")
    client = specimen.connect()
    client.ask(b"hello")
    _require_rest(trial, specimen, "an idle client")
    client.close()
    _require_rest(trial, specimen, "a client that has left")


@check("RES-5b", "no processor is used for a client that has reset its connection")
def reset_costs_nothing(trial: Trial) -> None:
    """Watches the server after a client has gone by a reset (RST), and not by an orderly end."""
    specimen = trial.start()
    client = specimen.connect()
    client.echo(b"hello")
    client.reset()
    _require_rest(trial, specimen, "a client that has reset")


@check("RES-5c", "no processor is used for a client that does not read")
def stalled_client_costs_nothing(trial: Trial) -> None:
    """Watches the server with a client that sends and does not read, until nothing goes on; and
    when that client has finished sending, too.
    """
    specimen = trial.start()
    client = specimen.connect(small_buffer=True)
    client.echo(b"hello")
    if client.send_without_reading(numbered_blocks, ENDLESS) >= ENDLESS:
        return  # RES-1's affair: it takes all, and so is never in that situation
    fact = "spins_with_stalled"
    _let_it_finish(specimen, client)
    _require_rest(trial, specimen, "a client that does not read", fact)
    client.finish_sending()
    _require_rest(trial, specimen, "a client that does not read and sends no more", fact)


def _let_it_finish(specimen: Specimen, client: Client) -> None:
    """Waits until the server rests, or uses CPU time without moving a byte of that client's."""

    def moves_nothing() -> bool:
        before, used = client.end_at_server(), _used(specimen)
        wait_until(lambda: specimen.is_quiet() or _used(specimen) > used + IDLY_SPENT, REST_SECONDS)
        return client.end_at_server() == before

    wait_until(moves_nothing, PATIENCE_SECONDS)


def _used(specimen: Specimen) -> float:
    return process_state.cpu_seconds(specimen.process.tree())


def _require_rest(
    trial: Trial, specimen: Specimen, with_: str, fact: str = "spins_with"
) -> None:
    if specimen.is_running() and specimen.spins():
        trial.state(**{fact: with_})
        raise Failed(f"it keeps a processor busy with {with_}")


@check("RES-6", "it does not grow with the number of clients that it has served")
def no_growth(trial: Trial) -> None:
    """Has hundreds of clients served, one after the other, and looks at the memory in between.

    Only a server that seems to grow is given more of them: what collects garbage comes to rest.
    """
    # One heap for all threads: glibc would give a new one to whatever thread meets a busy one.
    specimen = trial.start(environment={"MALLOC_ARENA_MAX": "1"})
    _serve_many(specimen, WARMING_UP)
    before = process_state.address_space_bytes(specimen.pid)
    _serve_many(specimen, STACKS_AFTER)
    grown = process_state.address_space_bytes(specimen.pid) - before
    trial.state(address_space_per_client=grown // STACKS_AFTER)
    if trial.known["growth"] == "thread" and grown > STACKS_AFTER * STACK:
        raise Failed(f"{STACKS_AFTER} clients have left, and {grown // MEBIBYTE} MiB are kept")
    least = min(_growth_in_segments(specimen)) // SEGMENT
    if before > RESERVE and GROWTH_PER_CLIENT <= least < GARBAGE_PER_CLIENT:
        raise Info(f"each client leaves {least} bytes, which may be collected as garbage one day")
    trial.state(bytes_per_client=least)
    trial.require(
        least < GROWTH_PER_CLIENT, f"each client leaves {least} bytes of memory that stay in use"
    )


def _growth_in_segments(specimen: Specimen) -> list[int]:
    """Returns by how many bytes the memory grows from look to look, until it does not."""
    growth = []
    before = process_state.resident_bytes(specimen.process.tree())
    for _ in range(SEGMENTS):
        _serve_many(specimen, SEGMENT)
        specimen.comes_to(lambda: not specimen.holdings().zombies)
        now = process_state.resident_bytes(specimen.process.tree())
        growth.append(now - before)
        before = now
        if growth[-1] < SEGMENT * GROWTH_PER_CLIENT:
            break
    return growth


def _serve_many(specimen: Specimen, count: int) -> None:
    """Has clients served without a step for each in the transcript."""
    specimen.note(f"serves {count} clients, one after the other")
    began = time.monotonic()
    for number in range(count):
        address = (specimen.process.host, specimen.port)
        with Client(
            "a client", address, Transcript(), specimen.activity, is_greeted=specimen.greets
        ) as client:
            reply = client.ask(b"hello")
        if reply.data != b"hello":
            raise Failed(f"client {number + 1} of {count}, one after the other, was not served")
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise Inconclusive(f"{count} clients take longer than {PATIENCE_SECONDS:g} s")
