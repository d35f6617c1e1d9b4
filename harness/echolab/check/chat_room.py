"""A chat room of anybody's, as its members see it: they say lines, and hear those of the others.

Of a room no more is known than that what one member says reaches all others: whether it asks for
names, what it puts before a line, and what else it says is its own affair. So each member says its
name first, which is asked for in some rooms and a line like others elsewhere; then come words that
nobody else says, and those are looked for in what the others hear.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from echolab.check.client import Client, Ending
from echolab.check.outcomes import Failed, Skipped
from echolab.check.specimen import Specimen
from echolab.waiting import wait_until

SETTLE_SECONDS = 1.0
ENOUGH = 3  # members: a room that turns away all others is a room still
TRIES = 3  # words that may be said before everybody is there to hear
NAME = re.compile(rb"guest[a-z]{2}")
WORDS = re.compile(NAME.pattern + rb"-[0-9]{4}-over")
TALK = b"%s-talk-%06d-"  # a line of a long talk begins so
CHUNK = 256 * 1024
GONE = (Ending.END, Ending.RESET)


@dataclass
class Member:
    """One connection to the room, and all that it has heard."""

    name: bytes
    client: Client
    heard: bytearray = field(default_factory=bytearray)
    ending: Ending = Ending.COMPLETE  # of the last time that it listened
    _said: int = 0

    def words(self) -> bytes:
        """Returns words that no other member says, and this one but once."""
        self._said += 1
        return b"%s-%04d-over" % (self.name, self._said)

    def say(self, *lines: bytes) -> None:
        """Says lines, all at once; that the connection is gone shows elsewhere."""
        try:
            self.client.send(b"".join(line + b"\n" for line in lines))
        except (ConnectionResetError, BrokenPipeError):
            self.ending = Ending.RESET

    def hears(self, words: Iterable[bytes]) -> bool:
        """Listens until all of `words` have come, or the server sleeps; tells whether they have."""
        words = list(words)
        if not self.has_heard(words):
            before = bytes(self.heard)
            reply = self.client.read_until(lambda new: all(word in before + new for word in words))
            self.heard += reply.data
            self.ending = reply.ending
        return self.has_heard(words)

    def is_gone(self) -> bool:
        """Tells whether one of both has ended the connection."""
        return self.client.socket.fileno() < 0 or not self.drain()

    def has_heard(self, words: Iterable[bytes]) -> bool:
        """Tells whether all of `words` have come already."""
        return all(word in self.heard for word in words)

    def listen(self) -> None:
        """Hears whatever comes until the server sleeps."""
        reply = self.client.read_until(lambda _new: False)
        self.heard += reply.data
        self.ending = reply.ending

    def drain(self) -> bool:
        """Hears what has come already; False if the connection has ended."""
        try:
            while self.client.has_input():
                if not (data := self.client.socket.recv(CHUNK)):
                    self.ending = Ending.END
                    return False
                self.heard += data
        except ConnectionResetError:
            self.ending = Ending.RESET
            return False
        return True


class Room:
    """The members of one room."""

    def __init__(self, specimen: Specimen):
        self.specimen = specimen
        self.members: list[Member] = []
        self._patience = SETTLE_SECONDS

    def settle(self) -> None:
        """Waits until the server has taken in what was sent to it, and sleeps."""
        if not wait_until(self._has_taken_all, self._patience):
            self._patience = 0.1  # it never sleeps, as busy servers do, or is stuck

    def enter(self, small_buffer: bool = False) -> Member:
        """Connects, and says a name when the server has had its say."""
        client = self.specimen.connect(small_buffer=small_buffer)
        number = len(self.members)
        name = b"guest%c%c" % (ord("a") + number // 26, ord("a") + number % 26)
        member = Member(name, client)
        self.members.append(member)
        self.settle()
        member.say(name)
        self.settle()
        return member

    def gather(self, count: int) -> list[Member]:
        """Has so many enter, one by one; fails unless they hear what the first member says.

        Returns those who were admitted: a room may have room for fewer. If for none, it is Skipped.
        """
        newcomers = [self.enter() for _ in range(count)]
        admitted = [member for member in newcomers if member.drain()]
        already = len([member for member in self.members if not member.is_gone()])
        if already >= ENOUGH and self.specimen.is_running():  # else it is no limit, but a refusal
            newcomers = admitted
        if not newcomers:
            raise Skipped(f"the room turns away whoever comes beside {already} members")
        self.require_heard(self.members[0], newcomers)
        return newcomers

    def forget(self) -> None:
        """Lets all members forget what they have heard so far."""
        for member in self.members:
            if not member.is_gone():
                member.heard.clear()

    def require_heard(self, speaker: Member, listeners: Sequence[Member]) -> None:
        """Fails unless `listeners` hear the speaker; he may say something twice or three times."""
        deaf = [member for member in listeners if member is not speaker]
        for _ in range(TRIES):
            words = speaker.words()
            speaker.say(words)
            deaf = [member for member in deaf if not member.hears([words])]
            if not deaf:
                return
        names = " and ".join(member.client.name for member in deaf)
        raise Failed(f"{names} did not hear what {speaker.client.name} said")

    def all_hear(self, speaker: Member, listeners: Sequence[Member]) -> bool:
        """Tells what require_heard requires."""
        try:
            self.require_heard(speaker, listeners)
        except Failed:
            return False
        return True

    def who_misses(self, words: Iterable[bytes], listeners: Iterable[Member]) -> list[Member]:
        """Returns those of `listeners` who do not hear all of `words`."""
        words = list(words)
        return [member for member in listeners if not member.hears(words)]

    def _has_taken_all(self) -> bool:
        sending = (m.client for m in self.members if m.client.socket.fileno() >= 0)
        # What has been acknowledged has woken whoever waits for it in the server.
        return not any(client.unacknowledged() for client in sending) and self.specimen.settle(0)


@dataclass
class Hearing:
    """What became of many words on their way to one member."""

    lost: list[bytes] = field(default_factory=list)
    doubled: list[bytes] = field(default_factory=list)
    out_of_order: list[bytes] = field(default_factory=list)
    mixed: list[bytes] = field(default_factory=list)  # lines of one, with something of another

    @property
    def trouble(self) -> str:
        """Returns in words what was wrong; "" if nothing was."""
        for what, found in vars(self).items():
            if found:
                return f"{what.replace('_', ' ')}: {found[0]!r}" + (
                    f" and {len(found) - 1} more" if len(found) > 1 else ""
                )
        return ""


def judge(heard: bytes, said: dict[bytes, list[bytes]], with_lines: bool) -> Hearing:
    """Compares what a member has heard with what the others, by their names, have said.

    `with_lines`: the room ends what it says with line ends, so that a line has one author.
    """
    result = Hearing()
    found = WORDS.findall(heard)
    counts = Counter(found)
    for words in said.values():
        result.lost += [word for word in words if word not in counts]
        result.doubled += [word for word in words if counts[word] > 1]
        due = set(words)
        in_order = list(dict.fromkeys(word for word in found if word in due))
        expected = [word for word in words if word in counts]
        result.out_of_order += [a for a, b in zip(in_order, expected, strict=True) if a != b]
    for line in heard.split(b"\n") if with_lines else ():
        words = WORDS.findall(line)
        if len(words) > 1 or words and len(set(NAME.findall(line))) > 1:
            result.mixed.append(line)
    return result
