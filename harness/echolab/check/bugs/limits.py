"""Bugs that show when the machine has no more of something, or when a call fails in passing."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts


@bug(
    "eintr-fatal",
    "takes an interrupted call (EINTR) for a failure",
    tier=Tier.DIES_OR_LEAKS,
    question="Which of your system calls can return because a signal has come?",
    pointer="signal(7), Interruption of system calls; sigaction(2), SA_RESTART; LIMIT-8",
    remedy="When a call fails with EINTR, make it again; it is no error.",
    hides=("accept-error-fatal", "inflight-loss-at-shutdown"),
)
def eintr_fatal(facts: Facts) -> Finding | None:
    """It ends, or ends a client, when it is stopped and continued, when a child ends, or when strace
    says EINTR.
    """
    if facts["died_of_continuing"]:
        return certain(
            f"it ended ({facts['died_of_continuing']}) after it had been stopped and continued:"
            " that interrupts the wait for events"
        )
    if facts["died_of_child"]:
        return certain(
            f"it ended ({facts['died_of_child']}) when a child had ended: SIGCHLD interrupts calls"
        )
    if "nterrupted" in (facts["last_words_with_first_client"] or ""):
        return certain(
            f"it ended ({facts['ended_with_first_client']}) when a client had left, with the words"
            f" '{facts['last_words_with_first_client']}': SIGCHLD interrupts calls"
        )
    if facts["dropped_by_continuing"]:
        return certain(
            "a client was disconnected after the server had been stopped and continued: that"
            " interrupts a recv that has a time-out (SO_RCVTIMEO)"
        )
    if facts["died_interrupted_in"]:
        return likely(
            f"it ended ({facts['interruption_end']}) when {facts['died_interrupted_in']} failed"
            " with EINTR"
        )
    return None


@bug(
    "accept-error-fatal",
    "ends when accept reports the trouble of a single client",
    tier=Tier.LIMITS_AND_LIFE,
    question="Whose fault is it when accept fails with ECONNABORTED?",
    pointer="accept(2), Error handling: treat such errors like EAGAIN by retrying; LIMIT-8",
    remedy="After a failed accept say why, and go on with the next; never end.",
)
def accept_error_fatal(facts: Facts) -> Finding | None:
    """One accept fails as it does for a client that has gone, and the server ends."""
    if facts["died_of_accept_error"]:
        return likely(
            f"it ended ({facts['died_of_accept_error']}) when accept failed with ECONNABORTED,"
            " as it does for a client that has left already"
        )
    return None


@bug(
    "emfile-exit",
    "ends when it is out of descriptors",
    tier=Tier.LIMITS_AND_LIFE,
    question="What happens to your clients when there is one too many of them?",
    pointer="accept(2), EMFILE; getrlimit(2), RLIMIT_NOFILE; LIMIT-1",
    remedy="When accept fails with EMFILE, go on serving, and try again a little later.",
)
def emfile_exit(facts: Facts) -> Finding | None:
    """It ends when more clients come than it has descriptors for."""
    if facts["died_out_of_descriptors"]:
        return certain(
            f"it ended ({facts['died_out_of_descriptors']}) when more clients came than it had"
            " descriptors for"
        )
    return None


@bug(
    "emfile-spin",
    "tries to accept without pause when it is out of descriptors",
    tier=Tier.LIMITS_AND_LIFE,
    question="After accept has failed with EMFILE, is the listening socket still readable?",
    pointer="accept(2), EMFILE; common/listener.cpp; LIMIT-1",
    remedy="Hold a descriptor in reserve to turn newcomers away, and rest for a moment if even"
    " that does not help.",
)
def emfile_spin(facts: Facts) -> Finding | None:
    """It rests below the limit, and is busy at it."""
    if facts["spins_out_of_descriptors"]:
        return certain("out of descriptors, it kept a processor busy; before, it was at rest")
    return None


@bug(
    "emfile-wedged",
    "takes no newcomers any more once it has been out of descriptors",
    tier=Tier.LIMITS_AND_LIFE,
    question="After accept has failed, who makes the server accept again?",
    pointer="accept(2), EMFILE; epoll(7), edge-triggered; LIMIT-2",
    remedy="Watch the listening socket again when a client has left, or after a short rest.",
)
def emfile_wedged(facts: Facts) -> Finding | None:
    """There are descriptors again, and it sleeps while newcomers wait."""
    if facts["serves_after_shortage"] is False:
        return certain("there were descriptors again, and newcomers were still not served")
    return None


@bug(
    "spawn-fail-fatal",
    "ends when it cannot start a thread or process",
    tier=Tier.LIMITS_AND_LIFE,
    question="What does your server do when fork or pthread_create fails?",
    pointer="fork(2), EAGAIN; pthread_create(3), EAGAIN; LIMIT-3",
    remedy="Close that one client's socket, say why, and go on.",
)
def spawn_fail_fatal(facts: Facts) -> Finding | None:
    """One thread or process cannot be started, and the server ends."""
    if facts["died_of_failed_spawn"]:
        what = "fork" if facts["growth"] == "fork" else "starting a thread"
        return likely(f"it ended ({facts['died_of_failed_spawn']}) when {what} failed with EAGAIN")
    return None


@bug(
    "spawn-fail-leak",
    "forgets the client for whom it could not start a thread or process",
    tier=Tier.LIMITS_AND_LIFE,
    question="When fork or pthread_create fails, who closes the client's socket?",
    pointer="fork(2), EAGAIN; pthread_create(3), EAGAIN; LIMIT-3",
    remedy="Close the client's socket before you go on to accept the next.",
)
def spawn_fail_leak(facts: Facts) -> Finding | None:
    """The server has the client's socket open, and sleeps."""
    if facts["left_open_after_failed_spawn"]:
        what = "process" if facts["growth"] == "fork" else "thread"
        return likely(
            f"the socket of a client for whom no {what} could be started is still open,"
            " and nobody serves it"
        )
    return None


@bug(
    "alloc-fail-leak",
    "forgets the client for whom it had no memory",
    tier=Tier.LIMITS_AND_LIFE,
    question="When new, or malloc, fails for a newcomer, who closes its socket?",
    pointer="accept(2); malloc(3), ENOMEM; std::bad_alloc; LIMIT-10 in docs/protocol.md",
    remedy="Whatever goes wrong between accept and the client's place in your table: close its"
    " socket, and go on. An owner of the descriptor (RAII) does that by itself.",
)
def alloc_fail_leak(facts: Facts) -> Finding | None:
    """There is memory again, and clients that came without it are accepted and never served."""
    if count := facts["forgotten_out_of_memory"]:
        return certain(
            f"{count} clients that came when there was no memory are connected, and were never"
            " served, not even when there was memory again"
        )
    return None


@bug(
    "epoll-ctl-unchecked",
    "does not look whether epoll_ctl has succeeded",
    tier=Tier.LIMITS_AND_LIFE,
    question="Which of your system calls' results do you not look at?",
    pointer="epoll_ctl(2), ENOMEM and ENOSPC; LIMIT-9",
    remedy="When epoll_ctl fails for a newcomer, close its socket.",
)
def epoll_ctl_unchecked(facts: Facts) -> Finding | None:
    """The client is accepted, watched by nobody, and nothing is said about it."""
    if facts["unwatched_client_left_open"]:
        return likely(
            "epoll_ctl failed for a newcomer, and the server said nothing, kept the socket open and"
            " never served it"
        )
    return None


@bug(
    "fdset-overflow",
    "puts descriptors beyond 1023 into a select set",
    tier=Tier.LIMITS_AND_LIFE,
    question="How many descriptors does an fd_set hold, and what does FD_SET do beyond that?",
    pointer="select(2), BUGS and FD_SETSIZE; LIMIT-5; 03_select",
    remedy="Turn away a client whose descriptor is FD_SETSIZE or more; or use poll or epoll.",
)
def fdset_overflow(facts: Facts) -> Finding | None:
    """It dies, or is deaf to a client, where a set of descriptors ends."""
    if facts["died_of_high_descriptor"]:
        return certain(
            f"it ended ({facts['died_of_high_descriptor']}) when a client's descriptor was"
            " beyond 1023"
        )
    highest = facts["ignored_high_descriptor"] or 0
    if highest >= 1024:
        return likely(f"with descriptor {highest} a client was neither served nor turned away")
    return None
