"""Bugs of event loops: select, poll, epoll."""

from echolab.check.client import Ending
from echolab.check.diagnosis import Finding, Tier, bug, certain, likely, possible
from echolab.check.trial import Facts

SELECTING = {"select", "pselect6"}
POLLING = {"poll", "ppoll"}
FEW = 2  # silent clients: too few to fill any table
EPOLLING = {"epoll_wait", "epoll_pwait"}


@bug(
    "fdset-reused",
    "hands select the set that the last select has changed",
    tier=Tier.HARMS_OTHERS,
    question="What is in your fd_set after select has returned?",
    pointer="select(2): the sets are changed in place; 03_select/select_server.cpp",
    remedy="Keep the set of all who are watched apart, and give select a copy of it on each turn.",
    hides=("fixed-client-array",),
)
def fdset_reused(facts: Facts) -> Finding | None:
    """A server with hardly any clients sits in select, and watches too few of them."""
    newcomer_is_missed = (
        facts["newcomer_ending"] is Ending.STUCK
        and facts["freed_slot_helps"] is False
        and facts["serves_beside_silent"] is not None
        and facts["serves_beside_silent"] <= FEW
        and facts["newcomer_watched"] is not True
    )
    if newcomer_is_missed and SELECTING.intersection(facts["server_sits_in"] or ()):
        return certain("it sat in select and watched neither for a newcomer nor for its clients")
    is_unheard = facts["unheard_ending"] is Ending.STUCK and facts["unheard_watched"] is not True
    if is_unheard and SELECTING.intersection(facts["unheard_server_sits_in"] or ()):
        who = facts["unheard_client"]
        return certain(f"{who} spoke, and the server sat in a select that does not watch for it")
    return None


@bug(
    "fixed-client-array",
    "has a table of fixed size for its clients, and forgets who finds no place in it",
    tier=Tier.HARMS_OTHERS,
    question="What does your loop do with a client for whom there is no free place?",
    pointer="CONC-1 and LIMIT-6 in docs/protocol.md; 04_poll/poll_server.cpp",
    remedy="Use a container that grows, or refuse: close the client for whom there is no place.",
)
def fixed_client_array(facts: Facts) -> Finding | None:
    """A newcomer is accepted and never served, not even when a place is free again."""
    if facts["newcomer_ending"] is not Ending.STUCK or facts["freed_slot_helps"] is not False:
        return None
    if not facts["newcomer_accepted"] or not facts["earlier_are_served"]:
        return None
    others = facts["silent_that_block"] or (facts["serves_beside_silent"] or 0) + 1
    evidence = f"beside {others} clients a newcomer was accepted, and not heard even when one left"
    if facts["newcomer_watched"] is False:
        return certain(f"{evidence}: the server did not watch its descriptor")
    return likely(f"{evidence}; those before it were")


@bug(
    "never-served",
    "accepts clients, and never looks whether they have sent something",
    tier=Tier.NOTHING_WORKS,
    question="Does select look at the clients' descriptors? Its first argument is the highest + 1.",
    pointer="select(2), nfds; 03_select/select_server.cpp",
    remedy="Work out the highest of all watched descriptors on each turn, and pass it plus one.",
)
def never_served(facts: Facts) -> Finding | None:
    """A client is accepted; the server sleeps, and what it waits for is not the client."""
    if facts["first_client_accepted"] is not True or facts["first_client_watched"] is not False:
        return None
    below = facts["select_looks_below"]
    if below is not None and facts["first_client_descriptor"] >= below:
        return certain(
            f"the client is descriptor {facts['first_client_descriptor']}, and the select in which "
            f"the server sits looks at those below {below} only"
        )
    return likely("the client was accepted, and the server does not watch its descriptor")


@bug(
    "et-not-drained",
    "reads once for each event, though edge trigger reports each arrival but once",
    tier=Tier.STREAM,
    question="With EPOLLET, who tells you about the bytes that you have left unread?",
    pointer="epoll(7), on edge-triggered; ECHO-2 in docs/protocol.md; 04_poll/epoll_server.cpp",
    remedy="Read until recv says EAGAIN (with a bound, and then re-arm), or leave EPOLLET away.",
)
def et_not_drained(facts: Facts) -> Finding | None:
    """Of a burst one buffer comes back; a byte more brings the next one."""
    if facts["burst_released_by_nudge"] is not True or facts["burst_ending"] is not Ending.STUCK:
        return None
    echoed = facts["burst_echoed"]
    return certain(
        f"of 64 KiB that came at once {echoed} bytes came back; one byte more released others"
    )


@bug(
    "et-accept-once",
    "accepts one client for each event, though edge trigger reports several as one",
    tier=Tier.HARMS_OTHERS,
    question="If ten clients connect at one moment, how many events does the listener give?",
    pointer="epoll(7), on edge-triggered; accept(2), EAGAIN; CONC-4 in docs/protocol.md",
    remedy="Accept until EAGAIN, or leave the listener level-triggered.",
    hides=("emfile-wedged",),
)
def et_accept_once(facts: Facts) -> Finding | None:
    """After a burst the server sleeps although clients wait to be accepted."""
    waiting = facts["crowd_not_accepted"] or 0
    if not waiting or facts["crowd_accepted_unserved"]:
        return None
    sits_in = set(facts["crowd_sits_in"])
    evidence = f"after a burst it slept, although {waiting} clients waited to be accepted"
    if not EPOLLING.intersection(sits_in):
        return possible(evidence) if not SELECTING.union(POLLING).intersection(sits_in) else None
    brings = facts["crowd_one_more_brings"]
    if brings:
        return certain(f"{evidence}; one more client brought in {brings} of them")
    return likely(evidence)


@bug(
    "stale-event",
    "takes a newcomer for the client that had its descriptor before",
    tier=Tier.HARMS_OTHERS,
    question="What if a descriptor is closed and used again while you go through the events?",
    pointer="epoll(7), Q&A on closing descriptors within a batch; CONC-2 in docs/protocol.md",
    remedy="Handle each event once, and close at the end of the batch; or let an event carry a "
    "generation besides the descriptor's number.",
)
def stale_event(facts: Facts) -> Finding | None:
    """Newcomers are disconnected, unserved, at the moment at which others leave."""
    ended = facts["newcomers_ended"] or 0
    if not ended or facts["death_beside_leavers"]:
        return None
    how = facts["newcomers_ended_beside"]
    return certain(f"{ended} newcomers were disconnected at once, beside clients that {how}")
