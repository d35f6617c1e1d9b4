"""The topics of a comparison's findings: what each looks for, and how it says it.

A sentence gives a reason only where the kit knows how the server works: never for a stranger's.
"""

from collections.abc import Collection, Iterator, Mapping

from echolab import quantities
from echolab.bootstrap import Interval
from echolab.evidence import RUDE, Evidence, Finding, Point, Topic, certain
from echolab.ranking import CPU, HELD, TAIL, THROUGHPUT, Metric, ratio

REFERENCE = "epoll"  # where it takes part; else the best of the kit's models
MEMORY = Metric("peak_pss_bytes", "peak PSS")
TAIL_FROM_SEND = Metric("from_send_p99_us", "p99 from the actual send")

# What the kit knows of its models, by kind (models.kind_of), and for each question.
ASKS_EACH = "it looks at each of them in every turn"
TRIES_EACH = "it tries each of them in every turn"
SILENT = {"select": ASKS_EACH, "poll": ASKS_EACH, "busy-poll": TRIES_EACH}
COMING = {"fork": "it forks a process for each client", "threads": "it starts a thread for each"}
SWITCH = {
    "threads": "each echo wakes another thread",
    "fork": "each echo wakes another process",
    "pool": "each echo wakes another thread",
    "prefork": "each echo wakes another process",
}
SIZE = {"threads": "each client has a thread", "fork": "each client has a process"}
TURNS = {
    "iterative": "it serves one client to its end before it takes the next",
    "pool": "each of its threads serves one client to its end",
    "prefork": "each of its processes serves one client to its end",
}
ONE_THREAD = "one thread does all the service, a message at a time"
QUEUEING = dict.fromkeys(("select", "poll", "epoll", "busy-poll", "io-uring"), ONE_THREAD)


def times(ratio_: Interval) -> str:
    """Returns a ratio for a sentence: "5.5 times"."""
    return f"{ratio_.median:.1f} times" if ratio_.median < 9.95 else f"{ratio_.median:.0f} times"


def _because(evidence: Evidence, server: str, reasons: Mapping[str, str]) -> str:
    reason = reasons.get(evidence.kind(server) or "")
    return f", because {reason}" if reason else ""


def _reference(evidence: Evidence, point: Point, metric: Metric) -> str | None:
    ordered = evidence.ordered(point, metric, evidence.models)
    return REFERENCE if REFERENCE in ordered else next(iter(ordered), None)


def _beyond_reference(
    evidence: Evidence, point: Point, metric: Metric, servers: Collection[str]
) -> Iterator[tuple[str, str, Interval]]:
    """Yields the servers that certainly cost more than the reference, with it and the ratio."""
    reference = _reference(evidence, point, metric)
    for server in servers:
        if reference and (found := evidence.ratio(server, reference, point, metric)):
            yield server, reference, found


def _of_kinds(evidence: Evidence, reasons: Mapping[str, str]) -> list[str]:
    return [server for server in evidence.servers if evidence.kind(server) in reasons]


def silent_clients(evidence: Evidence) -> Iterator[Finding]:
    """What connections cost that ask for nothing."""
    for point in evidence.points:
        if not point.workload["idle"]:
            continue
        silent = f"{point.workload['idle']} silent clients"
        for server, reference, found in _beyond_reference(
            evidence, point, CPU, _of_kinds(evidence, SILENT)
        ):
            because = _because(evidence, server, SILENT)
            text = f"With {silent} {server} costs {times(found)} {reference} an echo{because}."
            yield Finding(text, point, (server, reference), found)
        yield from _strangers_with_silent_clients(evidence, point, silent)


def _strangers_with_silent_clients(
    evidence: Evidence, point: Point, silent: str
) -> Iterator[Finding]:
    without = evidence.twin(point, ["idle"])
    for server in evidence.servers:
        if without and server not in evidence.models:
            if found := evidence.change(server, point, without, CPU):
                text = f"{silent} make an echo of {server} cost {times(found)} as much."
                yield Finding(text, point, (server,), found)


def taking_turns(evidence: Evidence) -> Iterator[Finding]:
    """Who makes clients wait until others have left."""
    for point in evidence.points:
        workload = point.workload
        if not (workload["churn"] and workload["think"] > 0):
            continue
        for server, best, found in _behind_best(evidence, point, HELD):
            ours, theirs = (_held(evidence, one, point) for one in (server, best))
            text = (
                f"{server} holds {ours} of {point.clients} clients at a time, {best} {theirs}"
                f"{_because(evidence, server, TURNS)}."
            )
            yield Finding(text, point, (server, best), found)


def _held(evidence: Evidence, server: str, point: Point) -> str:
    return quantities.digits(HELD.median(evidence.series(server, point, HELD).values()))


def _behind_best(
    evidence: Evidence, point: Point, metric: Metric
) -> Iterator[tuple[str, str, Interval]]:
    """Yields the servers that are certainly behind the best, with it and the ratio."""
    ordered = evidence.ordered(point, metric, evidence.servers)
    best = next(iter(ordered), None)
    # Of many that are equally good, the one that readers know.
    if REFERENCE in ordered and not evidence.ratio(REFERENCE, best, point, metric):
        best = REFERENCE
    for server in ordered:
        if found := evidence.ratio(server, best, point, metric):
            yield server, best, found


def service_time(evidence: Evidence) -> Iterator[Finding]:
    """Who makes clients wait for one another's service."""
    if "--service-time" not in evidence.options:
        return
    duration = evidence.options[evidence.options.index("--service-time") + 1]
    for point in evidence.points:
        if not (point.is_busy and point.clients > 1):
            continue
        for server, best, found in _behind_best(evidence, point, THROUGHPUT):
            if evidence.kind(server) in QUEUEING:
                text = (
                    f"When each message takes {duration}, {best} serves {point.clients} clients"
                    f" {times(found)} as fast as {server}, because in {server} {ONE_THREAD}."
                )
                yield Finding(text, point, (server, best), found)


def coming_and_going(evidence: Evidence) -> Iterator[Finding]:
    """What a client costs that connects, asks once and leaves."""
    for point in evidence.points:
        if not point.workload["churn"] or point.workload["think"] > 0:
            continue
        for server, reference, found in _beyond_reference(
            evidence, point, CPU, _of_kinds(evidence, COMING)
        ):
            text = (
                f"A client that connects, sends one message and leaves costs {server}"
                f" {times(found)} {reference}{_because(evidence, server, COMING)}."
            )
            yield Finding(text, point, (server, reference), found)


def switching(evidence: Evidence) -> Iterator[Finding]:
    """What it costs to wake somebody else for each echo."""
    for point in evidence.points:
        if not (point.is_busy and point.clients > 1) or "--service-time" in evidence.options:
            continue
        for server, reference, found in _beyond_reference(
            evidence, point, CPU, _of_kinds(evidence, SWITCH)
        ):
            text = (
                f"With {point.clients} busy clients {server} costs {times(found)} {reference}"
                f" an echo{_because(evidence, server, SWITCH)}."
            )
            yield Finding(text, point, (server, reference), found)


def strangers(evidence: Evidence) -> Iterator[Finding]:
    """Where a server that is not the kit's stands beside the cheapest model."""
    for point in evidence.points:
        if not (point.is_busy and point.clients > 1):
            continue
        best = next(iter(evidence.ordered(point, CPU, evidence.models)), None)
        for server in evidence.servers:
            if best is None or server in evidence.models:
                continue
            for dear, cheap in ((server, best), (best, server)):
                if found := evidence.ratio(dear, cheap, point, CPU):
                    text = (
                        f"With {point.clients} busy clients {dear} costs {times(found)} {cheap}"
                        " an echo."
                    )
                    yield Finding(text, point, (server, best), found)


def memory(evidence: Evidence) -> Iterator[Finding]:
    """What a thread or a process for each client weighs, where most connections are open."""
    if not evidence.points:
        return
    point = max(evidence.points, key=lambda one: one.connections)
    for server, reference, found in _beyond_reference(
        evidence, point, MEMORY, _of_kinds(evidence, SIZE)
    ):
        held = quantities.size(MEMORY.median(evidence.series(server, point, MEMORY).values()))
        text = (
            f"For {point.connections} connections {server} needs {held} of memory, {times(found)}"
            f" {reference}{_because(evidence, server, SIZE)}."
        )
        yield Finding(text, point, (server, reference), found)


def rude_company(evidence: Evidence) -> Iterator[Finding]:
    """How much longer the well-behaved wait beside rude clients: isolation."""
    for point in evidence.points:
        rude = [key for key in RUDE if point.workload.get(key)]
        without = evidence.twin(point, RUDE) if rude else None
        for server in evidence.servers:
            if without and (found := evidence.change(server, point, without, TAIL)):
                company = _listed([_rude_words(key, point.workload[key]) for key in rude])
                text = (
                    f"Beside {company}, the p99 of {server}'s other clients is {times(found)} as"
                    " long."
                )
                yield Finding(text, point, (server,), found)


def _listed(parts: list[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _rude_words(key: str, number: float) -> str:
    words = {
        "slow_readers": "clients that never read",
        "dribble": "clients that send a byte at a time",
        "resets_per_second": "resets a second",
    }
    return f"{number:g} {words[key]}"


def omission(evidence: Evidence) -> Iterator[Finding]:
    """What a latency that counts from the actual send leaves out: coordinated omission."""
    for point in evidence.points:
        for server in evidence.servers if point.workload.get("rate") else ():
            due = evidence.series(server, point, TAIL)
            sent = evidence.series(server, point, TAIL_FROM_SEND)
            if found := certain(ratio(due, sent)):
                text = (
                    f"At {point.workload['rate']:g} requests a second {server}'s p99 is"
                    f" {times(found)} as long from when requests were due as from when they"
                    " could be sent."
                )
                yield Finding(text, point, (server,), found)


# The order of telling.
TOPICS: tuple[Topic, ...] = (
    strangers,
    silent_clients,
    taking_turns,
    service_time,
    rude_company,
    omission,
    coming_and_going,
    memory,
    switching,
)
