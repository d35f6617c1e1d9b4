"""Bugs of chat rooms: state that several members share, and messages on a stream."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely, possible
from echolab.check.trial import Facts

SENDING_CALLS = {"sendto", "sendmsg", "write"}
BY_CRASH = ("killed by SIGSEGV", "killed by SIGABRT", "killed by SIGBUS")
CHANGED_SIZE = "changed size during iteration"
SAID_IN_ONE_SEGMENT = 3


@bug(
    "recv-is-a-message",
    "takes for a message whatever one recv returns",
    tier=Tier.STREAM,
    question="Two lines arrive in one segment, or one line in two. What does your recv return?",
    pointer="tcp(7): a stream of bytes; CHAT-1 in docs/chat.md; common/framing.h",
    remedy="Append what recv returns to a buffer for each member; take whole lines out of it, as "
    "many as there are, and leave the rest for the next time.",
    hides=("interleaved-writes",),
)
def recv_is_a_message(facts: Facts) -> Finding | None:
    """Half a line is passed on, and something comes between; or of three lines at once one is."""
    heard = facts["lines_of_one_segment_heard"]
    if heard is not None and heard < SAID_IN_ONE_SEGMENT:
        said = SAID_IN_ONE_SEGMENT
        return certain(f"of {said} lines that came in one segment {heard} were heard")
    if facts["half_line_heard"] and (facts["pieces_lost"] or facts["pieces_mixed"]):
        return certain("half a line was passed on as it came, and another line came between")
    if facts["pieces_lost"] or facts["pieces_mixed"]:
        return likely("a line that came in two pieces did not reach the others as one line")
    return None


@bug(
    "interleaved-writes",
    "sends one message by several calls, and other threads send in between",
    tier=Tier.STREAM,
    question="Between the send of the name and the send of the text, who else may send?",
    pointer="send(2): each call is a step of its own; CHAT-10 in docs/chat.md; 02_threads",
    remedy="Make the whole line first, and send it by one thread, or under one lock, for each "
    "member.",
)
def interleaved_writes(facts: Facts) -> Finding | None:
    """Lines that are said at one moment are mixed; said one by one, they are not."""
    if facts["moment_mixed"]:
        line = facts["moment_mixed"]
        return certain(f"three spoke at one moment, and this was heard as one line: {line!r}")
    if facts["moment_lost"]:
        return likely("three spoke at one moment, and the words of one were torn by another's")
    if facts["crowd_mixed"] and facts["growth"] in ("thread", "fork"):
        line = facts["crowd_mixed"]
        return likely(f"many spoke at once, and this was heard as one line: {line!r}")
    return None


@bug(
    "send-under-lock",
    "sends to the members while it holds the lock on their list",
    tier=Tier.HARMS_OTHERS,
    question="Your thread holds the lock, and send blocks. Who can enter, speak or leave now?",
    pointer="CHAT-14 in docs/chat.md; 02_threads/chat_server.cpp: a queue for each member",
    remedy="Under the lock only put the line into a queue of each member; send outside of it, and "
    "drop a member whose queue grows too long.",
)
def send_under_lock(facts: Facts) -> Finding | None:
    """One member does not read; a thread sits in send, and whoever comes waits for the lock."""
    if not facts["room_stalls"]:
        return None
    if _waits_for_a_lock(facts):
        evidence = "while one member did not read, another one spoke, and sat in futex: a lock"
        is_sending = bool(SENDING_CALLS.intersection(facts["stalled_room_sits_in"]))
        return certain(f"{evidence}; and a thread sat in send") if is_sending else likely(evidence)
    # Without threads of the kernel's, as in Go, the calls do not tell. There, newcomers are let in
    # by another thread of control than the one that is stuck; and yet of all that is said, by
    # newcomers, by others, by the one that does not read, nobody hears anything.
    is_let_in = facts["stalled_newcomer_accepted"] and facts["growth"] == "fixed"
    if is_let_in and not facts["anybody_heard_in_stall"]:
        return possible("while one member did not read, newcomers were let in, and not heard")
    return None


def _waits_for_a_lock(facts: Facts) -> bool:
    return (facts["stalled_room_more_locked"] or 0) > 0


@bug(
    "slow-member-stalls-room",
    "waits, in a send to one member, until that member reads",
    tier=Tier.HARMS_OTHERS,
    question="What does send do when a member has not read for a while?",
    pointer="send(2), EAGAIN; poll(2), POLLOUT; CHAT-14 in docs/chat.md; 03_select/chat_server.cpp",
    remedy="Make the members' sockets non-blocking, keep a queue for each, and send from it when "
    "poll reports POLLOUT; drop a member whose queue grows too long.",
)
def slow_member_stalls_room(facts: Facts) -> Finding | None:
    """One member does not read, nobody else hears anything, and no lock has a part in it."""
    if not facts["room_stalls"] or _waits_for_a_lock(facts):
        return None
    evidence = "while one member did not read, the others heard nothing more"
    if SENDING_CALLS.intersection(facts["stalled_room_sits_in"]):
        return certain(f"{evidence}: the server sat in send")
    return likely(evidence)


@bug(
    "stale-member",
    "goes on sending to members that have left",
    tier=Tier.HARMS_OTHERS,
    question="A member leaves. In which lists does its socket still stand?",
    pointer="CHAT-12 in docs/chat.md; send(2), EPIPE; close(2): the number is soon another's",
    remedy="When recv returns 0 or fails, remove the member from the list, then close its socket; "
    "and when a send to one fails, go on with the next.",
    hides=(
        "broadcast-stops-at-dead", "iterator-invalidation", "sigpipe-default", "epipe-fatal",
        "no-close", "exits-after-first-client",
    ),
)  # fmt: skip
def stale_member(facts: Facts) -> Finding | None:
    """Harm comes from one that has left in good order, when others speak later."""
    left_by = facts["left_by"]
    if left_by == "FIN" and facts["leave_death"]:
        return certain(
            f"a member had closed, another one spoke, and the server died: {facts['leave_death']}"
        )
    if left_by == "FIN" and facts["deaf_since_one_left"]:
        return certain("since one member has closed, others do not hear what is said")
    if left_by == "FIN" and facts["speaker_cut_since_left"]:
        return certain("a member had closed; who spoke next was disconnected")
    if left_by == "RST" and facts["deaf_since_one_left"]:
        return likely("since one member has reset its connection, others do not hear what is said")
    if (facts["newcomer_hears_times"] or 0) > 1:
        return certain(
            f"a newcomer, whose socket has the number of one that left, hears each line"
            f" {facts['newcomer_hears_times']} times"
        )
    return None


@bug(
    "broadcast-stops-at-dead",
    "stops telling the others at the first member that cannot be told",
    tier=Tier.HARMS_OTHERS,
    question="The third send of ten has failed. Who tells the other seven?",
    pointer="send(2), ERRORS; CHAT-16 in docs/chat.md: each member's trouble is its own",
    remedy="Catch the failure of each send inside the loop: note that member, and go on.",
    hides=("econnreset-fatal",),
)
def broadcast_stops_at_dead(facts: Facts) -> Finding | None:
    """All behind a dead member miss the line in which it died, or the speaker is cut."""
    missed, killed = facts["missed_at_death"], facts["killed_members"] or []
    if missed is None or facts["mid_broadcast_death"]:
        return None
    living = facts["living_members"]
    for dead in killed:
        behind = [member for member in living if member > dead]
        before = [member for member in living if member < dead]
        if missed in (behind, before):
            return certain(
                f"members {_numbers(killed)} died in a broadcast, and {_numbers(missed)},"
                " all who came behind one of them, missed the line"
            )
    if facts["speaker_was_cut"]:
        return likely("when members died in a broadcast, the one who spoke was disconnected")
    if missed and not _follow_the_dead(facts):
        return possible(f"when members died in a broadcast, {_numbers(missed)} missed the line")
    return None


def _numbers(members: list[int]) -> str:
    return ", ".join(str(member + 1) for member in members)


@bug(
    "iterator-invalidation",
    "removes members from the list while it goes through it",
    tier=Tier.HARMS_OTHERS,
    question="You stand at the third element and erase it. Where do you stand now?",
    pointer="std::vector::erase invalidates iterators; in Python, do not change what a for goes "
    "through",
    remedy="Go through a copy; or collect those who are to go, and remove them after the loop.",
    hides=("broadcast-stops-at-dead", "epipe-fatal", "econnreset-fatal"),
)
def iterator_invalidation(facts: Facts) -> Finding | None:
    """Those right behind the dead miss a line, or hear it twice, or the process crashes."""
    death = facts["mid_broadcast_death"] or ""
    words = facts["mid_broadcast_words"] or ""
    if CHANGED_SIZE in words:
        return certain(f"members died in a broadcast, and the server says '{CHANGED_SIZE}'")
    if death in BY_CRASH:
        return likely(f"members died in a broadcast, and the server was {death}")
    if _follow_the_dead(facts):
        return certain(
            f"members {_numbers(facts['killed_members'])} died in a broadcast, and only those right"
            f" behind, {_numbers(facts['missed_at_death'])}, missed the line"
        )
    if facts["doubled_at_death"]:
        doubled = _numbers(facts["doubled_at_death"])
        return likely(f"members died in a broadcast, and {doubled} heard the line twice")
    return None


def _follow_the_dead(facts: Facts) -> bool:
    """Tells whether those who missed a line each come right behind one that died."""
    missed, killed = facts["missed_at_death"], facts["killed_members"] or []
    if not missed:
        return False
    living = facts["living_members"]
    for step in (1, -1):
        neighbours = {dead + step for dead in killed}
        nearest = min(missed) if step > 0 else max(missed)
        beyond = [member for member in living if (member - nearest) * step > 0]
        if neighbours.issuperset(missed) and not set(beyond).issubset(missed):
            return True
    return False


@bug(
    "data-race-list",
    "has several threads change and read the list of members without a lock",
    tier=Tier.HARMS_OTHERS,
    question="One thread goes through the list. What does another one do that has lost its member?",
    pointer="pthread_mutex_lock(3); -fsanitize=thread names both places; 02_threads",
    remedy="Guard the list by one lock, wherever it is read or changed; copy it under the lock, "
    "and send outside.",
    hides=("iterator-invalidation", "broadcast-stops-at-dead", "stale-member"),
)
def data_race_list(facts: Facts) -> Finding | None:
    """A member leaves, in its own thread, while another thread tells a line; no send fails."""
    missed = facts["missed_beside_leaver"]
    if missed is None:
        return None
    evidence = "while a line was told slowly, a member that had heard it left, and"
    if CHANGED_SIZE in (facts["words_beside_leaver"] or ""):
        return certain(f"{evidence} the server says '{CHANGED_SIZE}'")
    if facts["death_beside_leaver"] in BY_CRASH:
        return likely(f"{evidence} the server was {facts['death_beside_leaver']}")
    if missed and not facts["death_beside_leaver"]:
        return certain(f"{evidence} {_numbers(missed)}, to whom no send had failed, missed it")
    return None


@bug(
    "handshake-in-accept-loop",
    "waits for a newcomer's name before it takes anybody else",
    tier=Tier.HARMS_OTHERS,
    question="Somebody connects and says nothing. Who calls accept meanwhile?",
    pointer="CHAT-3 in docs/chat.md; recv(2) blocks; 02_threads/chat_server.cpp",
    remedy="Ask for the name in the newcomer's own thread; in an event loop, note for each member "
    "whether it has one, and take its first line for it.",
    hides=("one-client-at-a-time",),
)
def handshake_in_accept_loop(facts: Facts) -> Finding | None:
    """A newcomer who says no name holds up the next, who goes on when a name is said."""
    said = facts["held_up_by_nameless"]
    if not said:
        return None
    evidence = f"while one newcomer had said {said}, the next one was not let in"
    if facts["name_releases"]:
        return certain(f"{evidence}; when it had said a name, it was")
    return likely(evidence) if facts["held_up_was_accepted"] is False else possible(evidence)
