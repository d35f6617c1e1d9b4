"""Errors of one client that end the whole server."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts

BY_SIGPIPE = "killed by SIGPIPE"
BY_PROGRAM = ("exit status", "killed by SIGABRT")  # SIGABRT: an exception that nobody catches
FIRST_MOMENT = "while idle"  # recv alone fails then; at all later moments send may fail
DEATHS = {
    "death_by_sending": "a client had closed without reading its answer",
    "death_by_reset": "a client had reset its connection",
    "death_by_leaving": "clients had connected and left at once",
    "death_beside_leavers": "clients had left while others connected",
    "death_beside_slow_reader": "a client had sent and not read",
}


@bug(
    "sigpipe-default",
    "is killed by SIGPIPE when it sends to a client that has gone",
    tier=Tier.DIES_OR_LEAKS,
    question="What does the kernel do to a process that writes to a connection that is broken?",
    pointer="send(2), EPIPE and MSG_NOSIGNAL; signal(7), SIGPIPE; RUDE-2 in docs/protocol.md",
    remedy="Send with MSG_NOSIGNAL, or ignore SIGPIPE at the start: signal(SIGPIPE, SIG_IGN). "
    "Then send fails with EPIPE, and that client alone is closed.",
)
def sigpipe_default(facts: Facts) -> Finding | None:
    """The end of the process says it."""
    for name, after in DEATHS.items():
        if facts[name] == BY_SIGPIPE:
            return certain(f"the server was killed by SIGPIPE after {after}")
    return None


@bug(
    "econnreset-fatal",
    "ends when a client resets its connection",
    tier=Tier.DIES_OR_LEAKS,
    question="recv has failed: whose trouble is it, the server's or one client's?",
    pointer="recv(2), ERRORS; RUDE-1 in docs/protocol.md; 01_iterative/serve_client.cpp",
    remedy="Whatever error recv or send gives on a client's socket: close that client, and go on.",
    hides=("epipe-fatal", "fd-leak-on-reset"),
)
def econnreset_fatal(facts: Facts) -> Finding | None:
    """The program ends by itself after a reset."""
    end = facts["death_by_reset"] or ""
    if end.startswith(BY_PROGRAM) and facts["reset_moment"] == FIRST_MOMENT:
        return certain(f"the server ended ({end}) after an idle client had reset its connection")
    end, error = facts["death_by_error"] or "", facts["fatal_error"] or ""
    if end.startswith(BY_PROGRAM) and error.endswith("from recv"):
        return certain(f"the server ended ({end}) after {error}")
    end = facts["death_by_leaving"] or ""
    if end.startswith(BY_PROGRAM):
        return likely(f"the server ended ({end}) after clients had connected and left at once")
    return None


@bug(
    "epipe-fatal",
    "ends when it sends to a client that has gone",
    tier=Tier.DIES_OR_LEAKS,
    question="send has failed with EPIPE: why should the other clients suffer for it?",
    pointer="send(2), EPIPE; RUDE-2 in docs/protocol.md; 01_iterative/serve_client.cpp",
    remedy="Take EPIPE from send (BrokenPipeError in Python) like the end of the stream: close "
    "that client, and go on.",
)
def epipe_fatal(facts: Facts) -> Finding | None:
    """The program ends by itself after a client has closed without reading."""
    error, end = facts["fatal_error"] or "", facts["death_by_error"] or ""
    if error.endswith("from send") and end.startswith(BY_PROGRAM):
        return certain(f"the server ended ({end}) after {error}")
    survives_idle_reset = facts["reset_moment"] and not _died_of_idle_reset(facts)
    end = facts["death_by_sending"] or ""
    if end.startswith(BY_PROGRAM):
        evidence = f"the server ended ({end}) when it sent to a client that had closed"
        return certain(evidence) if survives_idle_reset else likely(evidence)
    end = facts["death_by_reset"] or ""
    if end.startswith(BY_PROGRAM) and survives_idle_reset:
        return likely(f"the server ended ({end}) after a reset {facts['reset_moment']}")
    return None


def _died_of_idle_reset(facts: Facts) -> bool:
    return bool(facts["death_by_reset"]) and facts["reset_moment"] == FIRST_MOMENT


@bug(
    "finishes-twice",
    "ends when a client finishes at the moment in which it finishes itself",
    tier=Tier.DIES_OR_LEAKS,
    question="Your server says good-bye, and the client has hung up already: what happens twice?",
    pointer="RFC 9293, 3.6 and figure 13; shutdown(2), ENOTCONN; SERV-8 in docs/protocol.md",
    remedy="Decide in one place that a client is to go, do nothing to it afterwards, and take an"
    " error of shutdown for what it is: the client has gone.",
)
def finishes_twice(facts: Facts) -> Finding | None:
    """It survives each end of the conversation, and not both at once."""
    if end := facts["death_of_both_finishing"]:
        together = "a client's last message and its FIN came at once"
        moment = "its FIN and the client's had crossed" if facts["fins_crossed"] else together
        return certain(f"the server ended ({end}) when {moment}")
    return None


@bug(
    "fd-leak-on-reset",
    "closes clients that leave in good order, and forgets to close those that reset",
    tier=Tier.DIES_OR_LEAKS,
    question="On which paths out of your client loop is the socket closed?",
    pointer="close(2); RUDE-1 and RES-3 in docs/protocol.md; 03_select/connection.cpp",
    remedy="Give a client one way out, whatever the reason, with close on it.",
)
def fd_leak_on_reset(facts: Facts) -> Finding | None:
    """Sockets stay open after a reset, and not after an orderly end."""
    after_close, after_reset = facts["sockets_kept_after_close"], facts["sockets_kept_after_reset"]
    if after_reset is None or after_reset < 6 or after_close > 2:
        return None
    return certain(
        f"of 12 connections {after_reset} stayed open after a reset, {after_close} after a close"
    )
