"""Bugs before the first client, and right after it."""

import re

from echolab.check.checks.listening import ENOUGH_ROOM, KNOCKING, swapped_port
from echolab.check.diagnosis import Finding, Tier, bug, certain, likely, possible
from echolab.check.trial import Facts

REFUSED = re.compile("already in use|EADDRINUSE|permission denied|EACCES", re.IGNORECASE)


@bug(
    "htons-missing",
    "gives the kernel its port in the wrong byte order",
    tier=Tier.NOTHING_WORKS,
    question="In which order does the network write the two bytes of a port?",
    pointer="htons(3); ip(7): sin_port is in network byte order",
    remedy="address.sin_port = htons(port)",
    hides=("wrong-port",),
)
def htons_missing(facts: Facts) -> Finding | None:
    """It listens on the port whose bytes are swapped."""
    port = facts["told_port"]
    if port and swapped_port(port) in facts["listens_elsewhere"]:
        return certain(
            f"told {port} ({port:#06x}), it listens on {swapped_port(port)}"
            f" ({swapped_port(port):#06x}): the same two bytes, swapped"
        )
    return None


@bug(
    "wrong-port",
    "does not listen on the port that it is told",
    tier=Tier.NOTHING_WORKS,
    question="What does your program do with its argument, or with the variable PORT?",
    pointer="The command given to ./lab check: {port} stands for the port; else it is in PORT",
    remedy="Take the port from the command line, and give that one to bind.",
)
def wrong_port(facts: Facts) -> Finding | None:
    """It listens, but elsewhere; or it tried to, and may not."""
    elsewhere = facts["listens_elsewhere"]
    if elsewhere:
        return certain(
            f"told {facts['told_port']}, it listens on {', '.join(map(str, elsewhere))}"
        )
    words = facts["last_words_at_start"] or ""
    if facts["ended_before_listening"] and REFUSED.search(words):
        return likely(f"port {facts['told_port']} was free, and yet it said: {words}")
    return None


@bug(
    "exits-after-first-client",
    "ends when its first client has left",
    tier=Tier.NOTHING_WORKS,
    question="How often does your program call accept?",
    pointer="accept(2) returns one client; 01_iterative/iterative_server.cpp",
    remedy="Call accept in a loop, and serve a client inside it.",
    hides=("one-client-at-a-time", "econnreset-fatal"),
)
def exits_after_first_client(facts: Facts) -> Finding | None:
    """A client comes, is served and leaves; and the server ends, or listens no longer."""
    end = facts["ended_with_first_client"]
    if end == "exit status 0":
        return certain("when its first client had left, the server ended as if all were well")
    if end and end.startswith("exit") and not _was_interrupted(facts):
        return likely(f"when its first client had left, the server ended: {end}")
    if facts["next_client"] == "refused":
        return certain("when its first client had left, the server listened no longer")
    return None


def _was_interrupted(facts: Facts) -> bool:
    """A child's end interrupts calls of the parent: that is another bug, eintr-fatal."""
    return "nterrupted" in (facts["last_words_with_first_client"] or "")


@bug(
    "addrinuse-silent",
    "ends without a word, or as if all were well, when its port is in use",
    tier=Tier.LIMITS_AND_LIFE,
    question="How does a script find out that your server never listened?",
    pointer="bind(2), EADDRINUSE; perror(3); exit(3): 0 means success",
    remedy="Say which call failed and why, on stderr, and exit with status 1.",
)
def addrinuse_silent(facts: Facts) -> Finding | None:
    """On a port that somebody else has, it ends with status 0, or says nothing."""
    end, said = facts["busy_port_end"], facts["busy_port_said"]
    if end == "exit status 0":
        return certain(f"on a port that is in use it ended with status 0, and said {said!r}")
    if end and not said:
        return certain(f"on a port that is in use it ended ({end}) without a word")
    return None


@bug(
    "backlog-1",
    "lets hardly anybody wait to be accepted",
    tier=Tier.LIMITS_AND_LIFE,
    question="What does the second argument of listen mean?",
    pointer="listen(2), backlog; /proc/sys/net/core/somaxconn",
    remedy="listen(listener, SOMAXCONN)",
)
def backlog_1(facts: Facts) -> Finding | None:
    """Few of many that connect while nobody accepts are let in by the kernel."""
    waiting = facts["clients_in_backlog"]
    if waiting is not None and waiting < ENOUGH_ROOM:
        return certain(f"of {KNOCKING} clients that connected at one moment {waiting} could wait")
    return None


@bug(
    "ipv4-only",
    "is open to the world, but to that of IPv4 only",
    tier=Tier.ADVISORY,
    question="What does 'localhost' mean on your clients' machines?",
    pointer="ipv6(7): a socket of AF_INET6 bound to :: takes both, unless IPV6_V6ONLY is set",
    remedy="Listen on a socket of AF_INET6 with IPV6_V6ONLY off; or on one socket for each.",
)
def ipv4_only(facts: Facts) -> Finding | None:
    """It listens at all addresses of IPv4, so it wants to be reached, and at none of IPv6."""
    if facts["listens_at_all_addresses"] and facts["listens_on_ipv6"] is False:
        return possible("it listens on 0.0.0.0, and on no address of IPv6")
    return None
