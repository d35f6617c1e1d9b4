"""Bugs of threads and of processes that share something."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts

SLEEPS_FOR_WORK = {"futex", "read", "recvmsg"}  # condition variables, semaphores, queues by pipes


@bug(
    "arg-race",
    "gives each new thread a variable that the next client overwrites",
    tier=Tier.HARMS_OTHERS,
    question="When does the new thread read the descriptor, and what may have happened before?",
    pointer="pthread_create(3), EXAMPLES; CONC-4 in docs/protocol.md; 02_threads",
    remedy="Pass the descriptor by value, or in memory of its own for each thread; in Python, as "
    "an argument rather than by a name that the loop changes.",
)
def arg_race(facts: Facts) -> Finding | None:
    """Of a burst, some clients are accepted and never heard, though each has a thread."""
    lost = facts["crowd_accepted_unserved"] or 0
    if facts["growth"] != "thread" or not lost or facts["crowd_not_accepted"]:
        return None
    asked, served = facts["crowd_size"], facts["crowd_served"]
    threads = len(facts["crowd_sits_in"])
    evidence = f"of {asked} clients that connected at once all were accepted, and {served} served"
    if threads > asked:
        return certain(f"{evidence}, though there were {threads} threads: some share a client")
    return likely(evidence)


@bug(
    "answers-everybody",
    "sends what one client says to other clients",
    tier=Tier.HARMS_OTHERS,
    question="To whose socket does your server send what it has received?",
    pointer="RFC 862; CONC-2 in docs/protocol.md; docs/chat.md, if it is to be a chat room",
    remedy="Send an answer on the socket that the question came from, and on no other: kept in a "
    "variable of that client's own. If it is a chat room, say so: --service chat.",
    hides=("shared-buffer", "slow-reader-blocks-others", "starvation", "arg-race", "stale-event"),
)
def answers_everybody(facts: Facts) -> Finding | None:
    """One client speaks, and others, who are silent, hear it."""
    if not facts["overheard_by"]:
        return None
    evidence = (
        f"when one client spoke, {facts['overheard_by']} of {facts['overheard_of']} others, who"
        " were silent, got bytes"
    )
    return certain(evidence if facts["speaker_is_answered"] else f"{evidence}, and it got none")


@bug(
    "shared-buffer",
    "receives the bytes of all clients into one and the same buffer",
    tier=Tier.HARMS_OTHERS,
    question="Where is your buffer, and how many of them are there?",
    pointer="pthreads(7), on what threads share; CONC-2 in docs/protocol.md; 02_threads",
    remedy="Give each client a buffer of its own: a local variable of its thread, or a member of "
    "its object; not static, not global.",
)
def shared_buffer(facts: Facts) -> Finding | None:
    """An answer has the right length, and another client's bytes."""
    if foreign := facts["foreign_bytes"]:
        letters = foreign.decode(errors="replace")
        return certain(f"a client got bytes that another had sent at the same moment ({letters!r})")
    return None


@bug(
    "lost-wakeup",
    "does not wake a worker for each client that it puts into the queue",
    tier=Tier.HARMS_OTHERS,
    question="If three clients are queued at once, how many workers do you wake?",
    pointer="pthread_cond_signal(3); CONC-4 in docs/protocol.md; 02_threads/thread_pool_server.cpp",
    remedy="Notify once for each client that is put in, whatever the queue held; and wait for the "
    "condition, not for the notification.",
)
def lost_wakeup(facts: Facts) -> Finding | None:
    """Of as many clients as there are workers some are accepted and not served; workers sleep."""
    lost = facts["crowd_accepted_unserved"] or 0
    if facts["serves_beside_silent"] is None or not lost:
        return None
    idle = sum(call in SLEEPS_FOR_WORK for call in facts["crowd_sits_in"])
    asked, served = facts["crowd_size"], facts["crowd_served"]
    evidence = f"of {asked} clients that connected at once {served} were served"
    if idle >= lost:
        return certain(f"{evidence}, and {lost} waited in the queue while {idle} workers slept")
    return likely(f"{evidence}; one by one, as many are served at the same time")


@bug(
    "thundering-herd",
    "wakes all its processes for each newcomer",
    tier=Tier.ADVISORY,
    question="How many processes does the kernel wake when all of them poll the same listener?",
    pointer="epoll_ctl(2), EPOLLEXCLUSIVE; socket(7), SO_REUSEPORT; CONC-8 in docs/protocol.md",
    remedy="Wait in accept itself, use epoll with EPOLLEXCLUSIVE, or give each process a listener "
    "of its own by SO_REUSEPORT.",
)
def thundering_herd(facts: Facts) -> Finding | None:
    """Nearly all sleepers are woken by each newcomer."""
    woken, sleepers = facts["woken_by_newcomer"] or 0, facts["idle_sleepers"] or 0
    if sleepers >= 4 and woken >= max(3, 0.75 * (sleepers - 1)):
        return certain(f"each newcomer woke {woken:.1f} of {sleepers} threads and processes")
    return None
