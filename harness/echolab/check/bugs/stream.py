"""Bugs in the stream of one client."""

from echolab.check.client import Ending
from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts


@bug(
    "wait-newline",
    "waits for a newline before it echoes",
    tier=Tier.NOTHING_WORKS,
    question="What does your server do with bytes that do not end in a newline?",
    pointer="recv(2) returns what is there; ECHO-3 in docs/protocol.md; 01_iterative",
    remedy="Send back what recv returned, at once: an echo needs no lines.",
)
def wait_newline(facts: Facts) -> Finding | None:
    """The newline, and nothing else, releases the message."""
    if facts["released_by"] == "newline":
        return certain("'hello' came back only when a newline had been sent after it")
    return None


@bug(
    "wait-full-buffer",
    "waits until its buffer is full before it echoes",
    tier=Tier.NOTHING_WORKS,
    question="How many bytes must arrive before your read call returns?",
    pointer="recv(2), MSG_WAITALL; fread(3) returns only when all is there",
    remedy="Use recv (or read) and take what it returns: it may be less than you asked for.",
)
def wait_full_buffer(facts: Facts) -> Finding | None:
    """A number of bytes releases the message."""
    if (facts["released_by"] or "").endswith("bytes"):
        return certain(f"'hello' came back only when {facts['released_by']} had been sent after it")
    return None


@bug(
    "strlen-nul",
    "takes the bytes for a C string, and stops at the first NUL",
    tier=Tier.STREAM,
    question="What does strlen return for bytes that contain a zero?",
    pointer="strlen(3), recv(2), RETURN VALUE",
    remedy="Send as many bytes as recv returned, whatever they are.",
)
def strlen_nul(facts: Facts) -> Finding | None:
    """All before the NUL comes back, and nothing after it."""
    if facts["mangled"] == "nul" and facts["mangled_into"] == b"ab":
        return certain("of 'ab\\0cd' only 'ab' came back")
    return None


@bug(
    "one-shot",
    "receives once, answers, and closes",
    tier=Tier.NOTHING_WORKS,
    question="After the first answer, who calls recv again?",
    pointer="recv(2): 0 is the end of the stream; 01_iterative/serve_client.cpp",
    remedy="Receive and send in a loop, until recv returns 0.",
)
def one_shot(facts: Facts) -> Finding | None:
    """The stream ends after one buffer, however much is there."""
    ended = facts["after_hello"] in (Ending.END, Ending.RESET)
    if ended and (facts["echoed_of_20000"] or 0) < 20_000:
        echoed = facts["echoed_of_20000"]
        return likely(f"it closed after one message; of 20000 bytes sent at once it echoed {echoed}")
    return None
