"""CHAT: a room in which each member hears what the others say."""

import itertools
import re
from collections.abc import Sequence

from echolab.check import watching
from echolab.check.chat_room import GONE, Member, Room, judge
from echolab.check.company import DEATH_SECONDS
from echolab.check.fault_injection import ANY_SEND
from echolab.check.outcomes import Failed, Skipped
from echolab.check.registry import check
from echolab.check.specimen import Holdings
from echolab.check.trial import Trial

CHAT = ("chat",)
FEW = 3
CROWD = 20
LINES = 20  # that each of the crowd says
AT_ONCE = 10  # of them, in one segment
SEND_DELAY_MICROSECONDS = 2000
WORDS_HERE = b"\0"
DIGITS = re.compile(rb"[0-9]+")
NOT_TEXT = bytes(range(128, 256))
SHOWN = 400  # bytes of a line, or of last words, that are kept


@check("CHAT-7", "what one member says, the others hear", basic=True, services=CHAT)
def members_hear_each_other(trial: Trial) -> None:
    """Has three members enter, each of whom says a name and then, in turn, a line.

    Everybody must hear each other's words. What the room itself says is its own affair.
    """
    specimen = trial.start()
    idle = specimen.holdings()
    trial.state(idle_tasks=idle.tasks, idle_processes=idle.processes)
    room = Room(specimen)
    members = [room.enter() for _ in range(FEW)]
    trial.state(growth=_growth(idle, specimen.holdings()))
    for speaker in members:
        listeners = [member for member in members if member is not speaker]
        words = speaker.words()
        speaker.say(words)
        deaf = room.who_misses([words], listeners)
        if deaf:
            _state_why_deaf(trial, room, speaker, words, deaf[0])
            trial.require_alive(specimen, after="the first lines", seconds=DEATH_SECONDS)
            if trial.facts["only_author_hears"]:
                raise Failed(f"{speaker.client.name} alone hears what it says: is that an echo?")
            raise Failed(f"{deaf[0].client.name} did not hear what {speaker.client.name} said")
    members[0].listen()
    behind = members[0].heard.partition(words)[2]
    trial.state(room_ends_lines=b"\n" in behind)


def _growth(idle: Holdings, grown: Holdings) -> str:
    """Returns by what a server grows for each member: "thread", "fork" or, if nothing, "fixed"."""
    if grown.processes - idle.processes >= FEW - 1:
        return "fork"
    return "thread" if grown.tasks - idle.tasks >= FEW - 1 else "fixed"


def _state_why_deaf(trial: Trial, room: Room, speaker: Member, words: bytes, deaf: Member) -> None:
    place = watching.place_of(room.specimen, deaf.client)
    trial.state(
        deaf_ending=deaf.ending,
        deaf_accepted=place is not None,
        only_author_hears=speaker.hears([words]),
    )
    first, *others = room.members
    if place is None and deaf in others and room.specimen.is_running():
        first.client.close()
        room.settle()
        is_let_in = watching.place_of(room.specimen, others[0].client) is not None
        trial.state(silent_that_block=1, freed_slot_helps=is_let_in)


@check("CHAT-10", "of many lines none is lost, torn, doubled, or out of order", services=CHAT)
def crowd(trial: Trial) -> None:
    """Has twenty members say twenty lines each: ten at once while the server is stopped, and then
    one by one, in turn. Everybody must hear all lines of the others, each author's in their order.
    """
    specimen = trial.start()
    room = Room(specimen)
    members = room.gather(CROWD)
    room.forget()
    said = {member.name: [member.words() for _ in range(LINES)] for member in members}
    with specimen.frozen():
        for member in members:
            member.say(*said[member.name][:AT_ONCE])
    for number, member in itertools.product(range(AT_ONCE, LINES), members):
        member.say(said[member.name][number])
    for member in members:
        _require_good_hearing(trial, room, member, said, "crowd")


def _require_good_hearing(
    trial: Trial, room: Room, member: Member, said: dict[bytes, list[bytes]], fact: str
) -> None:
    """Fails unless a member hears all that the others have said, and states what was wrong."""
    others = {name: words for name, words in said.items() if name != member.name}
    with_lines = bool(trial.known["room_ends_lines"])
    member.hears([words[-1] for words in others.values()])
    hearing = judge(bytes(member.heard), others, with_lines)
    if hearing.lost and member.ending not in GONE:
        member.listen()
        hearing = judge(bytes(member.heard), others, with_lines)
    if not hearing.trouble:
        return
    trial.state(
        **{
            f"{fact}_lost": len(hearing.lost),
            f"{fact}_doubled": len(hearing.doubled),
            f"{fact}_out_of_order": len(hearing.out_of_order),
            f"{fact}_mixed": hearing.mixed[0][:SHOWN] if hearing.mixed else None,
        }
    )
    if room.specimen.dies_within(DEATH_SECONDS if hearing.lost else 0.0):
        end = room.specimen.how_it_ended()
        trial.state(**{f"{fact}_death": end})
        raise Failed(f"the server died ({end}) while its members spoke")
    cut = f" (its connection: {member.ending.value})" if member.ending in GONE else ""
    raise Failed(f"what {member.client.name} heard{cut} is not what was said: {hearing.trouble}")


@check("CHAT-10b", "lines that are said at one moment do not mix", services=CHAT)
def lines_at_one_moment(trial: Trial) -> None:
    """Has three members speak at one moment, and a fourth listen. strace delays each send of the
    server, so that threads or processes that send one line in two pieces come between each other.
    """
    if trial.known["growth"] not in ("thread", "fork"):
        return  # one thread comes between nobody
    specimen = trial.start()
    room = Room(specimen)
    members = room.gather(FEW + 1)
    for _ in range(2):
        shapes = _shapes_of_lines(room, members)
        room.settle()
        room.forget()
        said = {member.name: [member.words()] for member in members[:FEW]}
        delay = f"{ANY_SEND}:delay_exit={SEND_DELAY_MICROSECONDS}"
        with trial.faults(specimen, delay):
            with specimen.frozen():
                for member in members[:FEW]:
                    member.say(*said[member.name])
            room.settle()
        for member in members:
            _require_good_hearing(trial, room, member, said, "moment")
            member.drain()
            _require_known_shapes(trial, member, shapes, said)


def _shapes_of_lines(room: Room, members: Sequence[Member]) -> dict[tuple[bytes, bytes], bytes]:
    """Returns what each author's line looks like to each listener when nobody else speaks."""
    shapes = {}
    for author in members:
        words = author.words()
        author.say(words)
        listeners = [member for member in members if member is not author]
        room.who_misses([words], listeners)
        room.settle()
        for listener in listeners:
            listener.drain()
            lines = [line for line in bytes(listener.heard).split(b"\n") if words in line]
            shape = lines[-1].replace(words, WORDS_HERE) if lines else b""
            shapes[author.name, listener.name] = shape
    return shapes


def _require_known_shapes(
    trial: Trial,
    listener: Member,
    shapes: dict[tuple[bytes, bytes], bytes],
    said: dict[bytes, list[bytes]],
) -> None:
    """Fails if lines have other shapes than at leisure, and yet are of the same bytes.

    Numbers do not count: they may tell the time.
    """
    due = [
        shapes[name, listener.name].replace(WORDS_HERE, words[0])
        for name, words in said.items()
        if name != listener.name
    ]
    lines = [line for line in bytes(listener.heard).split(b"\n") if line]
    masked, due = ([DIGITS.sub(b"0", line) for line in some] for some in (lines, due))
    is_same = sorted(b"".join(masked)) == sorted(b"".join(due))
    if is_same and sorted(masked) != sorted(due):
        strange = [line for line, mask in zip(lines, masked, strict=True) if mask not in due]
        mixed = (strange or lines)[0]
        trial.state(moment_mixed=mixed[:SHOWN])
        raise Failed(f"{listener.client.name} heard lines that are mixed, such as {mixed!r}")


@check("CHAT-1", "lines may come in any pieces", services=CHAT)
def lines_in_pieces(trial: Trial) -> None:
    """Says three lines in one segment. Then one member says half a line, another one a whole line,
    and the first one the rest. All lines must be heard whole, and none within another.
    """
    if trial.known["framing"] == "chunk":
        raise Skipped("its messages are chunks, not lines")
    room = Room(trial.start())
    speaker, other, listener = room.gather(FEW)
    three = [speaker.words() for _ in range(3)]
    speaker.say(*three)
    heard_all = listener.hears(three)
    trial.state(lines_of_one_segment_heard=sum(words in listener.heard for words in three))
    trial.require(heard_all, f"of three lines in one segment not all were heard: {three}")
    room.settle()
    room.forget()
    first, second = speaker.words(), other.words()
    speaker.client.send(first[:9])
    room.settle()
    listener.drain()
    trial.state(half_line_heard=first[:9] in listener.heard)
    other.say(second)
    listener.hears([second])
    speaker.client.send(first[9:] + b"\n")
    said = {speaker.name: [first], other.name: [second]}
    _require_good_hearing(trial, room, listener, said, "pieces")


@check("CHAT-3", "one who never says a name holds up nobody", services=CHAT)
def nameless_newcomer(trial: Trial) -> None:
    """Connects one who says nothing and, in another room, one who says half a name. After that
    another one enters, and must hear and be heard.
    """
    for said in (b"", b"gu"):
        _require_newcomer_let_in(trial, said)


def _require_newcomer_let_in(trial: Trial, said: bytes) -> None:
    specimen = trial.start()
    room = Room(specimen)
    anna, bert = room.gather(2)
    silent = specimen.connect()
    room.settle()
    if said:
        silent.send(said)
    newcomer = room.enter()
    if room.all_hear(anna, [newcomer]) and room.all_hear(newcomer, [anna]):
        return
    what = "half a name" if said else "nothing"
    trial.require_alive(specimen, f"a newcomer had said {what}")
    if newcomer.is_gone() and room.all_hear(anna, [bert]):
        raise Skipped("the room turns away whoever comes beside three clients")
    place = watching.place_of(specimen, newcomer.client)
    silent.send(b"mbo\n")
    trial.state(
        held_up_by_nameless=what,
        held_up_was_accepted=place is not None,
        name_releases=room.all_hear(anna, [newcomer]) and room.all_hear(newcomer, [anna]),
    )
    raise Failed(f"while a newcomer has said {what}, the next one neither hears nor is heard")


@check("CHAT-16b", "what is no text harms nobody", services=CHAT)
def not_text(trial: Trial) -> None:
    """Has a member say bytes above 127, and others speak afterwards: all must go on."""
    specimen = trial.start()
    room = Room(specimen)
    rude, other, listener = room.gather(FEW)
    rude.say(NOT_TEXT)
    room.settle()
    words, again = other.words(), rude.words()
    other.say(words)
    deaf = room.who_misses([words], [listener])
    rude.say(again)
    is_heard = listener.hears([again])
    is_dead = specimen.dies_within(0.0 if is_heard and not deaf else DEATH_SECONDS)
    complains = "odec" in specimen.process.stderr  # UnicodeDecodeError, cannot decode, decoding
    if deaf or is_dead or (not is_heard and (complains or not rude.is_gone())):
        end = specimen.how_it_ended()
        trial.state(
            wrong_high=b"",
            wrong_high_ending=rude.ending,
            last_words_about_bytes=specimen.process.stderr[-SHOWN:],
            died_of_high=end or None,
        )
        what = f"the server died ({end})" if end else "not everybody is heard any more"
        raise Failed(f"since a member has said bytes that are no text, {what}")
