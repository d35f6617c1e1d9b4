"""CHAT: one member does not read what the others say."""

import re
import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from echolab.check import process_state, watching
from echolab.check.chat_room import GONE, TALK, Member, Room
from echolab.check.company import DEATH_SECONDS
from echolab.check.outcomes import Failed, Info
from echolab.check.payloads import first_difference
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial
from echolab.waiting import wait_until

CHAT = ("chat",)
FEW = 3
MEBIBYTE = 1024 * 1024
MUCH = 8 * MEBIBYTE  # more than the kernel's buffers take for one member
VERY_MUCH = 32 * MEBIBYTE
HOARD = 16 * MEBIBYTE
LONG_LINE = 400  # bytes; many rooms take no more than 512
SEND_LIMIT_SECONDS = 3.0  # after which a server may give up one that does not read
NO_ROOM = re.compile("BlockingIOError|EAGAIN|temporarily unavailable")
SHOWN = 400  # bytes of last words that are kept


class WasCut(Exception):
    """The server has ended the connection of a member that reads."""

    def __init__(self, member: Member):
        super().__init__()
        self.member = member


@dataclass
class Talk:
    """A long talk: what its speaker says, and who is to hear it while another one does not read."""

    speaker: Member
    listeners: tuple[Member, ...]
    said: int = 0  # bytes
    lines: int = 0

    def go_on(self, specimen: Specimen, until: int) -> bool:
        """Says lines until so many bytes are said; False if the server takes no more of them.

        Raises WasCut if the server disconnects who takes part in the talk.
        """
        pending = b""
        everybody = {m.client.socket.fileno(): m for m in (self.speaker, *self.listeners)}
        while self.said < until or pending or not self._is_heard():
            if not pending and self.said < until:
                pending = self._next_lines()
            ready = self._ready(everybody, bool(pending))
            if not ready and not self._goes_on_later(specimen, everybody, bool(pending)):
                return not pending  # what was said last may have been torn on its way
            for descriptor, events in ready:
                member = everybody[descriptor]
                if events & ~select.POLLOUT and not member.drain():
                    raise WasCut(member)
                if events & select.POLLOUT and pending:
                    pending = pending[member.client.socket.send(pending) :]
        return True

    def _goes_on_later(
        self, specimen: Specimen, everybody: dict[int, Member], speaks: bool
    ) -> bool:
        """Tells whether the server, if it sleeps, wakes by itself: a send may have a time limit."""
        is_ready = lambda: bool(self._ready(everybody, speaks))  # noqa: E731
        return specimen.comes_to(is_ready) or (speaks and wait_until(is_ready, SEND_LIMIT_SECONDS))

    def _next_lines(self) -> bytes:
        lines = [
            TALK % (self.speaker.name, number) + b"." * LONG_LINE + b"\n"
            for number in range(self.lines, self.lines + 64)
        ]
        self.lines += len(lines)
        data = b"".join(lines)
        self.said += len(data)
        return data

    def _is_heard(self) -> bool:
        last = TALK % (self.speaker.name, self.lines - 1)
        return all(last in listener.heard[-4 * LONG_LINE :] for listener in self.listeners)

    def _ready(self, everybody: dict[int, Member], speaks: bool) -> list[tuple[int, int]]:
        poller = select.poll()
        for descriptor, member in everybody.items():
            wants_out = select.POLLOUT if speaks and member is self.speaker else 0
            poller.register(descriptor, select.POLLIN | wants_out)
        return poller.poll(50)


@check("CHAT-14", "a member that does not read holds up nobody", services=CHAT)
def stalled_member(trial: Trial) -> None:
    """Has one member read nothing while another one says 8 MiB, which all others must hear.

    The room may disconnect that member; if it keeps it, it may neither keep all it is owed (32 MiB
    are said then), nor hand it torn lines when it reads at last.
    """
    specimen = trial.start()
    room = Room(specimen)
    speaker, early = room.gather(2)
    stalled = room.enter(small_buffer=True)
    late = room.gather(1)[0]
    room.require_heard(speaker, [stalled])
    room.settle()
    room.forget()
    talk = Talk(speaker, (early, late))
    before = process_state.resident_bytes(specimen.process.tree())
    try:
        goes_on = _talk_until_dropped(specimen, talk, stalled)
    except WasCut as cut:
        _judge_cut(trial, specimen, talk, cut.member)
    goes_on = goes_on and room.all_hear(speaker, (early, late))
    grown = process_state.resident_bytes(specimen.process.tree()) - before
    _require_alive(trial, specimen)
    if not goes_on:
        _state_what_holds_up(trial, room, speaker, [early, late], stalled)
        raise Failed("while one member does not read, the others hear nothing more")
    if not _was_dropped(specimen, stalled):
        trial.state(hoarded_bytes=grown)
        is_much = grown > HOARD
        trial.require(not is_much, f"for one that does not read it keeps {grown // MEBIBYTE} MiB")
    _require_whole_lines(trial, stalled, early)


def _talk_until_dropped(specimen: Specimen, talk: Talk, stalled: Member) -> bool:
    """Says much, and then more until the server drops the one that does not read, or very much.

    Returns whether the server has taken all of it.
    """
    goes_on = talk.go_on(specimen, MUCH)
    while goes_on and talk.said < VERY_MUCH and not _was_dropped(specimen, stalled):
        goes_on = talk.go_on(specimen, talk.said + MUCH // 2)
    specimen.note(f"was told {talk.said} bytes by {talk.speaker.client.name}")
    return goes_on


def _require_alive(trial: Trial, specimen: Specimen) -> None:
    """Fails if the server has died, and states how."""
    is_silent = not specimen.process.stderr
    if not specimen.dies_within(0.0 if is_silent else DEATH_SECONDS):
        return
    end, words = specimen.how_it_ended(), specimen.process.stderr[-SHOWN:]
    if NO_ROOM.search(words):
        trial.state(late_reader_death=end, late_reader_words=words)
    raise Failed(f"the server died ({end}) while a member did not read")


def _judge_cut(trial: Trial, specimen: Specimen, talk: Talk, member: Member) -> NoReturn:
    """One who reads was disconnected. Sees whether that happens with nobody in arrears, too."""
    specimen.dies_within(DEATH_SECONDS)
    _require_alive(trial, specimen)
    control = Room(trial.start())
    speaker, *listeners = control.gather(FEW)
    control.settle()
    try:
        Talk(speaker, tuple(listeners)).go_on(control.specimen, talk.said)
    except WasCut as reason:
        raise Info("it disconnects members when one of them says much") from reason
    trial.state(cut_beside_slow_member=member.client.name)
    raise Failed(f"beside a member that does not read, {member.client.name} was disconnected")


def _was_dropped(specimen: Specimen, member: Member) -> bool:
    """Tells whether the server has closed the connection of one that has not read all of it.

    That member cannot know: the FIN is behind what it has not read.
    """
    port = member.client.port
    return process_state.inode_of(specimen.port, port) is None


def _state_what_holds_up(
    trial: Trial, room: Room, speaker: Member, listeners: Sequence[Member], stalled: Member
) -> None:
    """Has others speak, newcomers too, and looks who is heard and where the server's tasks sit."""
    specimen = room.specimen
    said = {}

    def speaks(member: Member) -> list[str]:
        said[member.name] = member.words()
        member.say(said[member.name])
        room.settle()
        return process_state.system_calls(specimen.process.tree())

    # Of those who were there before: a newcomer may bring a thread that waits for work in futex.
    sits_in = process_state.system_calls(specimen.process.tree())
    then_sits_in = speaks(listeners[-1])
    newcomers = [room.enter() for _ in range(FEW)]
    audience = [speaker, *listeners, *newcomers]
    speaks(newcomers[-1])
    speaks(stalled)
    for member in audience:
        member.hears([said[stalled.name]])
    is_heard = any(m.has_heard([words]) for m in audience for words in said.values())
    accepted = watching.place_of(specimen, newcomers[0].client) is not None
    trial.state(
        room_stalls=True,
        stalled_room_sits_in=sorted(then_sits_in),
        stalled_room_more_locked=then_sits_in.count("futex") - sits_in.count("futex"),
        stalled_newcomer_accepted=accepted,
        anybody_heard_in_stall=is_heard,
    )


def _require_whole_lines(trial: Trial, stalled: Member, other: Member) -> None:
    """Fails if one that reads late gets something torn; to miss whole lines is only reported."""
    stalled.listen()
    was_dropped = stalled.ending in GONE
    first = TALK % (other.name[:-1] + b"a", 0)
    got, due = (bytes(m.heard).partition(first)[2] for m in (stalled, other))
    place = first_difference(got, due)
    if place == len(got) and (was_dropped or len(got) == len(due)):
        return
    whole = set(due.split(b"\n"))
    lines = got.split(b"\n")[1:-1]
    torn = [line for line in lines if line not in whole]
    if torn and trial.known["room_ends_lines"]:
        trial.state(late_reader_gap_at=place)
        raise Failed(f"a member that read late got torn lines, from byte {place} on")
    raise Info("a member that reads late misses lines, and stays connected")
