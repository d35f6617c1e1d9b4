"""Bugs of servers that take datagrams."""

import re

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts


@bug(
    "udp-truncates",
    "receives datagrams into a buffer that is too small for them",
    tier=Tier.STREAM,
    question="How long can a datagram be, and where does the rest go of one that is longer?",
    pointer="recvfrom(2), MSG_TRUNC: what does not fit is cut off; the next call brings another",
    remedy="Receive into 65507 bytes or more; or notice MSG_TRUNC, and drop the datagram whole.",
)
def udp_truncates(facts: Facts) -> Finding | None:
    """The first bytes of a long datagram come back, and no others."""
    length, cut_to = facts["datagram_length"], facts["datagram_cut_to"]
    if length and cut_to:
        return certain(f"of a datagram of {length} bytes the first {cut_to} came back")
    return None


@bug(
    "udp-dies-on-empty",
    "takes a datagram of 0 bytes for the end",
    tier=Tier.HARMS_OTHERS,
    question="recvfrom returned 0. Which connection has ended?",
    pointer="recv(2): datagrams of length 0 are permitted, and the return value is then 0; udp(7)",
    remedy="Answer it like any other: end the loop at no length, and on no client's word.",
)
def udp_dies_on_empty(facts: Facts) -> Finding | None:
    """One empty datagram, and nobody is answered any more."""
    if facts["died_of_empty"]:
        return certain(f"an empty datagram ended the server: {facts['died_of_empty']}")
    if facts["deaf_after_empty"]:
        return likely("after an empty datagram the server, still running, answered nobody")
    return None


@bug(
    "udp-connected",
    "connects its socket to its first client, and hears nobody else",
    tier=Tier.HARMS_OTHERS,
    question="From whom does a socket of UDP receive after connect?",
    pointer="connect(2): a datagram socket then receives from that address only; udp(7)",
    remedy="Leave the socket unconnected: recvfrom says who asked, and sendto answers them.",
)
def udp_connected(facts: Facts) -> Finding | None:
    """The second client is refused by the kernel, and the first is served."""
    if facts["second_client_is"] is None or not facts["first_is_still_served"]:
        return None
    if facts["is_connected_to_first"]:
        return certain(
            f"the second client was {facts['second_client_is']}: the server's socket is connected"
            " to the first (/proc/net/udp)"
        )
    return likely(f"the first client is served, and the second was {facts['second_client_is']}")


@bug(
    "udp-error-fatal",
    "takes the fate of an earlier answer for a failure of its own",
    tier=Tier.HARMS_OTHERS,
    question="What does ECONNREFUSED mean on a socket that has no connection?",
    pointer="udp(7), ERRORS: all fatal errors are passed to the user, also for earlier datagrams",
    remedy="Go on receiving after an error of recvfrom or sendto: it concerns one client.",
)
def udp_error_fatal(facts: Facts) -> Finding | None:
    """Answers to clients that have gone end the server, or its loop."""
    end = facts["end_by_gone_client"]
    if not end:
        return None
    evidence = f"the answers to clients that had gone ended its service: {end}"
    if re.search("refused|ECONNREFUSED", facts["words_about_gone_client"] or "", re.IGNORECASE):
        return certain(f"{evidence} ({facts['words_about_gone_client'].splitlines()[-1][-80:]})")
    return likely(evidence)
