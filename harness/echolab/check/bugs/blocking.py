"""Bugs by which one client holds up the others."""

from echolab.check.client import Ending
from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts

SENDING_CALLS = {"sendto", "sendmsg", "write", "writev"}
RECEIVING_CALLS = {"recvfrom", "recvmsg", "read", "readv"}  # of threads that have a client each
ACCEPTING_CALLS = {"accept", "accept4"}
MUCH_BYTES = 4 * 1024 * 1024


@bug(
    "one-client-at-a-time",
    "serves one client to its end before it takes the next",
    tier=Tier.HARMS_OTHERS,
    question="While your server waits in recv for one client, who accepts the next?",
    pointer="accept(2), poll(2); CONC-1 in docs/protocol.md; 01_iterative and then 02_threads",
    remedy="Give each client a thread or a process, or wait for all of them at once with poll. "
    "If one at a time is what you want, say so: --model iterative.",
    hides=("slow-reader-blocks-others", "starvation", "arg-race", "lost-wakeup"),
)
def one_client_at_a_time(facts: Facts) -> Finding | None:
    """A newcomer beside one silent client is served when that one leaves, and not before."""
    if facts["silent_that_block"] == 1 and facts["freed_slot_helps"]:
        return certain("a second client was not heard before the first, which was silent, had left")
    return None


@bug(
    "pool-exhausted-by-idle",
    "has a fixed number of workers, and each belongs to its client even while that is silent",
    tier=Tier.ADVISORY,
    question="What do your workers do while their clients say nothing?",
    pointer="CONC-1 and LIMIT-7 in docs/protocol.md; 02_threads/thread_pool_server.cpp",
    remedy="Disconnect clients that are silent for long, or let poll watch the silent ones and "
    "give a worker a client only while there is something to read.",
)
def pool_exhausted_by_idle(facts: Facts) -> Finding | None:
    """A number of silent clients keep a newcomer waiting; one that leaves lets it in."""
    count = facts["silent_that_block"] or 0
    if count > 1 and facts["freed_slot_helps"]:
        return certain(f"beside {count} silent clients a newcomer waited until one of them left")
    return None


@bug(
    "slow-reader-blocks-others",
    "stops everybody in a send to one client that does not read",
    tier=Tier.HARMS_OTHERS,
    question="What does send do when the client's window is full, and who waits meanwhile?",
    pointer="send(2), EAGAIN; fcntl(2), O_NONBLOCK; CONC-3 in docs/protocol.md; 03_select",
    remedy="Make each client's socket non-blocking (accepted sockets do not inherit that on "
    "Linux), keep what send did not take, and send it when poll reports POLLOUT.",
)
def slow_reader_blocks_others(facts: Facts) -> Finding | None:
    """Others are stuck while one client does not read, and are served when it does."""
    if facts["beside_slow_reader"] is not Ending.STUCK:
        return None
    evidence = "while one client did not read, the others were not served"
    if SENDING_CALLS.intersection(facts["beside_slow_reader_sits_in"]):
        return certain(f"{evidence}: the server sat in a send that waits for it")
    if facts["reading_releases_others"]:
        return certain(f"{evidence}; when it read, they were")
    return likely(evidence)


@bug(
    "blocking-listener",
    "several processes or threads wait for the same newcomer, and the losers block in accept",
    tier=Tier.HARMS_OTHERS,
    question="poll said that somebody waits to be accepted. Is it still true when you call accept?",
    pointer="accept(2), EAGAIN; UNP 16.6; CONC-1 in docs/protocol.md; 06_multiprocess",
    remedy="Make the listener non-blocking, and take EAGAIN from accept for what it is: another "
    "one was faster.",
    hides=("thundering-herd",),
)
def blocking_listener(facts: Facts) -> Finding | None:
    """The process of a client that is not heard any more sits in accept, or several threads do.

    One thread of several is no sign: it is there to accept.
    """
    who, calls = facts["deaf_after_newcomers"], facts["deaf_sits_in"] or ()
    accepting = sum(call in ACCEPTING_CALLS for call in calls)
    has_rivals = facts["idle_tasks"] != 1  # a single thread has none: nobody else accepts
    is_loop = has_rivals and RECEIVING_CALLS.isdisjoint(calls)
    if who and is_loop and (accepting >= 2 or 1 == accepting == len(calls)):
        return certain(f"{who} was not heard any more: its process sat in accept")
    return None


@bug(
    "starvation",
    "reads one client until nothing is left, however long that takes",
    tier=Tier.HARMS_OTHERS,
    question="If a client sends faster than you read, when does your loop come to the next client?",
    pointer="epoll(7), on starvation; CONC-6 in docs/protocol.md; 04_poll/epoll_server.cpp",
    remedy="Read a bounded amount in each turn, and then let the others come first; with edge "
    "trigger, remember who has more, or re-arm it with EPOLL_CTL_MOD.",
)
def starvation(facts: Facts) -> Finding | None:
    """Megabytes of one client are echoed before a byte of another that was there first."""
    echoed = facts["echoed_before_modest"] or 0
    if facts["modest_answered"] is False and echoed >= MUCH_BYTES:
        return certain(f"{echoed} bytes of one client were echoed before one byte of another")
    return None
