"""Bugs that let strangers do what they should not."""

import re

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts

EXPANDED = re.compile(rb"[0-9a-f]+\.[0-9a-f]+\.-?[0-9]+ 100% sure")


@bug(
    "format-string",
    "takes a client's bytes for a format",
    tier=Tier.STREAM,
    question="Who chooses the first argument of your printf?",
    pointer="printf(3): '%n' writes into memory; CWE-134",
    remedy='Write printf("%s", text); and for an echo no printf at all, but send.',
    hides=("strlen-nul",),
)
def format_string(facts: Facts) -> Finding | None:
    """Of '%x' and '%%' something else comes back, or nothing at all; plain text comes back."""
    if facts["format_expanded_in_log"]:
        return certain("'%x.%x.%d' stands in the server's log as numbers")
    answer = facts["wrong_format"]
    if answer is None or facts["wrong_plain"] is not None:
        return None
    if EXPANDED.fullmatch(answer):
        return certain(f"'%x.%x.%d 100%% sure' came back as {answer!r}")
    if b"100% sure" in answer:
        return certain("'%%' came back as '%'")
    if death := facts["died_of_format"]:
        return likely(f"at '%x.%x.%d' the server died: {death}")
    return likely("'%x.%x.%d 100%% sure' did not come back; plain text did")


@bug(
    "log-injection",
    "writes clients' bytes into its log as they are",
    tier=Tier.ADVISORY,
    question="What does your terminal do when a client sends ESC [ 2 J?",
    pointer="CWE-117, CWE-150; console_codes(4); common/escape.h",
    remedy="Escape what others have sent before it is printed: repr(data), %r, \\x1b.",
)
def log_injection(facts: Facts) -> Finding | None:
    """An ESC sequence, or a forged line, stands in stdout or stderr."""
    if facts["escape_in_log"]:
        return certain("ESC [ 31 m, sent by a client, is in the server's log as it was sent")
    if facts["forged_line_in_log"]:
        return certain("a line that a client made up stands in the server's log as a line")
    return None


@bug(
    "bind-any",
    "listens at all addresses of the machine",
    tier=Tier.ADVISORY,
    question="From which machines is your server meant to be reached?",
    pointer="ip(7), INADDR_ANY and INADDR_LOOPBACK; CERT CA-1996-01",
    remedy="Bind to 127.0.0.1, and to other addresses where somebody asks for them.",
    hides=("ipv4-only",),
)
def bind_any(facts: Facts) -> Finding | None:
    """The kernel's table says 0.0.0.0, or ::."""
    if facts["listens_at_all_addresses"]:
        return certain("it listens on 0.0.0.0, or ::, and so for every machine that can reach it")
    return None


@bug(
    "no-cloexec",
    "lets every program that it starts inherit its clients' connections",
    tier=Tier.ADVISORY,
    question="When your server starts a program, which of its descriptors are open in there?",
    pointer="open(2), O_CLOEXEC; socket(2), SOCK_CLOEXEC; accept4(2); SEC-3 in docs/protocol.md",
    remedy="Give SOCK_CLOEXEC to socket and accept4.",
)
def no_cloexec(facts: Facts) -> Finding | None:
    """Sockets stay open when another program is executed."""
    if count := facts["sockets_inherited"]:
        plural = "socket" if count == 1 else "sockets"
        return certain(f"a program that it starts would inherit {count} {plural}")
    return None
