"""The chat servers against docs/chat.md: one behaviour, three models.

Each test ends with a check that the server is unharmed: it lets a newcomer in, gives back what it
held for the clients, and ends with status 0 when it is asked to.
"""

import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import string
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_room import FAREWELL, PROMPT, SMALL_BUFFER, ChatRoom, Client
from echolab.waiting import wait_until

PATIENCE_SECONDS = 60.0
MEBIBYTE = 1024 * 1024
MODELS = ("chat-threads", "chat-select", "chat-processes")
NO_NAME = (
    "error: a name has 1 to 32 printable bytes, no space, no colon, and begins with neither * nor /"
)
NO_COMMAND = "error: no such command: there are /name NAME, /who and /quit"
LONGEST_LINE = 4096
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")

StartRoom = Callable[..., ChatRoom]


@pytest.fixture(scope="session")
def sanitizers(programs: Path) -> str:
    """Returns which sanitizers the programs were built with; "" for none."""
    return json.loads((programs / "build_info.json").read_text())["sanitizers"]


@pytest.fixture
def without_sanitizers(sanitizers: str) -> None:
    """Skips a test that a build with sanitizers cannot pass, whatever the server does."""
    if sanitizers:
        pytest.skip(f"the sanitizers ({sanitizers}) need memory and descriptors of their own")


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """Returns the name of a chat server."""
    return request.param


@pytest.fixture
def start_room(model: str, programs: Path, sanitizers: str) -> Iterator[StartRoom]:
    """Returns a function that starts a server with the given options.

    What the servers have logged is printed: pytest shows it where a test has failed.
    """
    rooms: list[ChatRoom] = []
    thread_sanitizer = sanitizers == "thread"
    if thread_sanitizer and model == "chat-processes":
        pytest.skip("ThreadSanitizer keeps back the signals by which the broker ends the others")

    def start(*options: str, **how) -> ChatRoom:
        room = ChatRoom(model, programs, *options, thread_sanitizer=thread_sanitizer, **how)
        rooms.append(room)
        return room

    yield start
    try:
        for room in rooms:
            _check_afterwards(room)
    finally:
        for room in rooms:
            print(room.process.stderr)
            room.destroy()


@pytest.fixture
def room(start_room: StartRoom) -> ChatRoom:
    """Returns a running server with default options."""
    return start_room()


def _check_afterwards(room: ChatRoom) -> None:
    if room.process.is_running():
        _assert_unharmed(room)
        room.shut_down()
    room.assert_ended_well()
    assert not SANITIZER_REPORT.search(room.process.stderr), "a sanitizer has found something"


def _assert_unharmed(room: ChatRoom) -> None:
    for client in room.clients:
        client.close()
    _assert_all_is_back(room)
    # Clients may have come and gone that the server has still to accept. It takes them in order:
    # who comes after them and is asked for a name knows that they have been.
    usher = room.connect()
    usher.expect(PROMPT)
    usher.close()
    _assert_all_is_back(room)
    newcomer = room.join("afterwards")
    newcomer.say("/who")
    newcomer.expect("* here: afterwards")
    newcomer.close()


def _assert_all_is_back(room: ChatRoom) -> None:
    # At most one thread that has ended waits to be joined by the next one.
    allowed = {room.held_at_start.threads, room.held_at_start.threads + 1}

    def everything_is_back() -> bool:
        held = room.holdings()
        same = (held.descriptors, held.children) == (
            room.held_at_start.descriptors,
            room.held_at_start.children,
        )
        return same and held.threads in allowed

    back = wait_until(everything_is_back, PATIENCE_SECONDS)
    assert back, f"it holds {room.holdings()}, at the start {room.held_at_start}"


# Names


def test_a_newcomer_is_asked_for_its_name_and_announced(room):
    """CHAT-3, CHAT-6: to itself as well, so that it knows that it is in."""
    alice = room.connect()
    alice.expect(PROMPT)
    alice.say("alice")
    alice.expect("* alice joined")
    bob = room.join("bob")
    alice.expect("* bob joined")
    bob.say("hello")
    alice.expect("bob: hello")


def test_without_a_name_nobody_hears_or_is_heard(room):
    """CHAT-3: what it says is taken for a name, and the room goes on without it."""
    alice, bob = room.join_all("alice", "bob")
    nameless = room.connect()
    nameless.say("can you hear me?")
    nameless.expect(PROMPT, NO_NAME, PROMPT)
    alice.say("hello")
    bob.expect("alice: hello")
    nameless.say("carol")
    nameless.expect("* carol joined")


@pytest.mark.parametrize("name", ["", "a b", "a:", "*", "/name bob", "x" * 33, "\x1b[2J", "\u202e"])
def test_what_is_no_name_is_refused_and_asked_for_again(room, name):
    """CHAT-4: such a name could pass for another line, or command a terminal."""
    client = room.connect()
    client.say(name, "alice")
    client.expect(PROMPT, NO_NAME, PROMPT, "* alice joined")


def test_a_name_that_is_not_utf_8_is_refused(room):
    """CHAT-4: it goes out as it came in, so that it must be text."""
    client = room.connect()
    client.send(b"\xff\xfe\n")
    client.expect(PROMPT, NO_NAME, PROMPT)


def test_a_name_of_32_bytes_in_any_alphabet_is_taken(room):
    """CHAT-4: Latin letters and others."""
    room.join("x" * 32)
    room.join("Ж" * 16)


def test_a_name_that_is_taken_is_refused_and_asked_for_again(room):
    """CHAT-5: two with one name cannot be told apart."""
    alice = room.join("alice")
    client = room.connect()
    client.say("alice", "error", "Alice")
    client.expect(PROMPT, "error: 'alice' is taken", PROMPT, "error: 'error' is taken", PROMPT)
    client.expect("* Alice joined")
    alice.expect("* Alice joined")


def test_of_many_who_want_one_name_at_once_one_gets_it(room):
    """CHAT-5: the test and the taking must not come apart."""
    clients = [room.connect() for _ in range(20)]
    for client in clients:
        client.say("alice")
    for client in clients:
        client.expect(PROMPT)
    answers = sorted(client.hear() for client in clients)
    assert answers == ["* alice joined"] + ["error: 'alice' is taken"] * 19


def test_a_new_name_is_announced_and_used(room):
    """CHAT-8: the old one is free from then on."""
    alice, bob = room.join_all("alice", "bob")
    alice.say("/name alicia", "it is me")
    alice.expect("* alice is now alicia")
    bob.expect("* alice is now alicia", "alicia: it is me")
    bob.say("/name alice")
    alice.expect("* bob is now alice")


@pytest.mark.parametrize(
    ("name", "answer"), [("bob", "error: 'bob' is taken"), ("a b", NO_NAME), ("", NO_NAME)]
)
def test_who_is_refused_a_new_name_keeps_the_old_one(room, name, answer):
    """CHAT-8: and nobody else hears of it."""
    alice, bob = room.join_all("alice", "bob")
    alice.say(f"/name {name}", "still me")
    alice.expect(answer)
    bob.expect("alice: still me")


# Messages and commands


def test_a_message_goes_to_all_others_and_not_to_its_author(room):
    """CHAT-7: what alice hears next is not her own."""
    alice, bob, carol = room.join_all("alice", "bob", "carol")
    alice.say("hello")
    for other in (bob, carol):
        other.expect("alice: hello")
    bob.say("hello, alice")
    alice.expect("bob: hello, alice")


def test_with_echo_self_a_message_goes_to_its_author_too(start_room):
    """CHAT-7: the option."""
    room = start_room("--echo-self")
    alice, bob = room.join_all("alice", "bob")
    alice.say("hello")
    alice.expect("alice: hello")
    bob.expect("alice: hello")


def test_who_is_here_is_told_to_the_one_who_asks(room):
    """CHAT-8: those without a name are not in the list."""
    bob, alice = room.join_all("bob", "alice")
    room.connect().expect(PROMPT)
    alice.say("/who")
    alice.expect("* here: alice, bob")
    alice.say("hello")
    bob.expect("alice: hello")


def test_an_unknown_command_is_told_to_nobody_else(room):
    """CHAT-8: a mistyped /quit is not a message."""
    alice, bob = room.join_all("alice", "bob")
    alice.say("/qiut", " /this is a message")
    alice.expect(NO_COMMAND)
    bob.expect("alice:  /this is a message")


def test_empty_lines_are_passed_over(room):
    """CHAT-7: nobody said anything."""
    alice, bob = room.join_all("alice", "bob")
    alice.say("", "", "hello")
    bob.expect("alice: hello")


def test_no_member_commands_the_terminal_of_another(room):
    """CHAT-9: text stays text, everything else is made visible."""
    alice, bob = room.join_all("alice", "bob")
    alice.send("grüß dich \x1b]0;owned\x07".encode() + b"\x00\xff\n")
    bob.expect("alice: grüß dich \\x1b]0;owned\\x07\\x00\\xff")


def test_every_byte_but_the_line_end_may_be_said(room):
    """CHAT-9, CHAT-16: in lines of random bytes."""
    alice, bob = room.join_all("alice", "bob")
    noise = bytes(byte for byte in random.Random(1).randbytes(20_000) if byte not in b"\n\r")
    lines = [b"x" + noise[start : start + 500] for start in range(0, len(noise), 500)]
    alice.send(b"".join(line + b"\n" for line in lines))
    alice.say("done")
    heard = bob.hear_until("alice: done")
    assert len(heard) == len(lines)
    assert not [line for line in heard if CONTROL.search(line)]


# Lines


def test_crlf_ends_a_line_as_lf_does(room):
    """CHAT-1: as telnet and Windows send it."""
    client = room.connect()
    client.send(b"alice\r\n")
    client.expect(PROMPT, "* alice joined")
    bob = room.join("bob")
    client.send(b"hello\r\n/who\r\n")
    bob.expect("alice: hello")
    client.expect("* bob joined", "* here: alice, bob")


def test_lines_may_come_in_any_pieces(room):
    """CHAT-1: byte by byte, and two in one."""
    bob = room.join("bob")
    alice = room.connect()
    for byte in b"alice\nhello\nand":
        alice.send(bytes([byte]))
    alice.send(b" goodbye\nagain\n")
    bob.expect("* alice joined", "alice: hello", "alice: and goodbye", "alice: again")


def test_half_a_line_holds_up_nobody(room):
    """CHAT-16: the rest of it may never come."""
    alice, bob, carol = room.join_all("alice", "bob", "carol")
    alice.send(b"I was going to sa")
    room.connect().send(b"dav")
    bob.say("hello")
    for other in (alice, carol):
        other.expect("bob: hello")
    alice.send(b"y this\n")
    bob.expect("alice: I was going to say this")


def test_the_longest_line_is_relayed_whole(room):
    """CHAT-2: also where each byte takes four in the end."""
    alice, bob = room.join_all("a" * 32, "bob")
    alice.send(b"x" * LONGEST_LINE + b"\r\n" + b"\xff" * LONGEST_LINE + b"\n")
    bob.expect(f"{'a' * 32}: {'x' * LONGEST_LINE}", f"{'a' * 32}: " + r"\xff" * LONGEST_LINE)


def test_a_line_that_is_too_long_ends_its_author(room):
    """CHAT-2, CHAT-12: the others hear that she left."""
    alice, bob = room.join_all("alice", "bob")
    alice.say("before")
    alice.send(b"x" * (LONGEST_LINE + 1))
    assert alice.hear_to_end() == ["error: line too long"]
    bob.expect("alice: before", "* alice left")


def test_a_line_too_long_is_answered_though_its_author_goes_on_sending(room):
    """CHAT-2: the answer must not be destroyed by a reset."""
    alice, bob = room.join_all("alice", "bob")
    alice.send(b"x" * MEBIBYTE)
    alice.expect("error: line too long")
    bob.expect("* alice left")


# Leaving


def _quit(client: Client) -> None:
    client.say("/quit")
    assert client.hear_to_end() == []


def _half_close(client: Client) -> None:
    client.finish_sending()
    assert client.hear_to_end() == []


WAYS_TO_LEAVE = {
    "quit": _quit,
    "half-close": _half_close,
    "close": Client.close,
    "reset": Client.reset,
    "line too long": lambda client: client.send(b"x" * (LONGEST_LINE + 1)),
}


@pytest.mark.parametrize("leave", WAYS_TO_LEAVE.values(), ids=WAYS_TO_LEAVE)
def test_who_leaves_is_announced_once(room, leave):
    """CHAT-12: however she does it; and then the name is free."""
    alice, bob = room.join_all("alice", "bob")
    leave(alice)
    bob.expect("* alice left")
    newcomer = room.join("alice")
    newcomer.say("hello")
    bob.expect("* alice joined", "alice: hello")


@pytest.mark.parametrize("leave", WAYS_TO_LEAVE.values(), ids=WAYS_TO_LEAVE)
def test_nothing_is_announced_of_one_that_never_had_a_name(room, leave):
    """CHAT-12: nobody knew that it was there."""
    alice, bob = room.join_all("alice", "bob")
    nameless = room.connect()
    nameless.expect(PROMPT)
    leave(nameless)
    alice.say("hello")
    bob.expect("alice: hello")


def test_the_name_is_free_before_its_owner_sees_the_end(room):
    """CHAT-13: who comes back at once is not told that the name is taken."""
    bob = room.join("bob")
    for leave in (_quit, _half_close) * 10:
        leave(room.join("alice"))
        bob.expect("* alice joined", "* alice left")


def test_what_was_sent_before_the_end_of_the_stream_is_said_and_answered(start_room):
    """CHAT-1, CHAT-13: a script that sends all at once, and then reads to the end."""
    room = start_room("--echo-self")
    bob = room.join("bob")
    script = room.connect()
    script.send(b"alice\none\ntwo\n/who\nlast")
    script.finish_sending()
    said = ["alice: one", "alice: two"]
    here = ["* here: alice, bob"]
    last = ["alice: last"]
    assert script.hear_to_end() == [PROMPT, "* alice joined", *said, *here, *last]
    bob.expect("* alice joined", *said, *last, "* alice left")


def test_nothing_is_said_after_quit(room):
    """CHAT-8: what follows it in the same segment is not heard."""
    alice, bob = room.join_all("alice", "bob")
    alice.say("bye", "/quit", "no more of this")
    bob.expect("alice: bye", "* alice left")
    carol = room.join("carol")
    carol.say("hello")
    bob.expect("* carol joined", "carol: hello")


# Many at once


def _say_in_random_pieces(client: Client, lines: list[str], chance: random.Random) -> Iterator:
    data = "".join(f"{line}\n" for line in lines).encode()
    while data:
        size = chance.randrange(1, 200)
        client.send(data[:size])
        data = data[size:]
        yield


def _talk_all_at_once(talks: list[Iterator], chance: random.Random) -> None:
    while talks:
        talk = chance.choice(talks)
        if next(talk, "done") == "done":
            talks.remove(talk)


def _messages_of(number: int, chance: random.Random, count: int = 40) -> list[str]:
    letters = string.ascii_letters + "äöü€ "
    return [
        f"{number}/{i} " + "".join(chance.choices(letters, k=chance.randrange(60)))
        for i in range(count)
    ]


def test_of_fifty_members_all_hear_all_in_one_order(start_room):
    """CHAT-7, CHAT-10: none lost, torn, or twice; in each author's order, and in one for all."""
    chance = random.Random(50)
    room = start_room("--echo-self")
    names = [f"member-{number}" for number in range(50)]
    members = room.join_all(*names)
    said = {name: _messages_of(number, chance) for number, name in enumerate(names)}
    talks = [
        _say_in_random_pieces(member, said[name], chance)
        for member, name in zip(members, names, strict=True)
    ]
    _talk_all_at_once(talks, chance)
    transcripts = [[member.hear() for _ in range(50 * 40)] for member in members]
    for name in names:
        heard = [line for line in transcripts[0] if line.startswith(f"{name}: ")]
        assert heard == [f"{name}: {message}" for message in said[name]]
    assert all(transcript == transcripts[0] for transcript in transcripts)


def test_without_echo_self_all_hear_all_others(room):
    """CHAT-7, CHAT-10: each misses its own messages, and no other."""
    chance = random.Random(12)
    names = [f"member-{number}" for number in range(12)]
    members = room.join_all(*names)
    said = [_messages_of(number, chance) for number in range(12)]
    talks = [
        _say_in_random_pieces(member, lines, chance)
        for member, lines in zip(members, said, strict=True)
    ]
    _talk_all_at_once(talks, chance)
    for own, member in enumerate(members):
        heard = [member.hear() for _ in range(11 * 40)]
        for author, name in enumerate(names):
            from_author = [line for line in heard if line.startswith(f"{name}: ")]
            expected = [] if author == own else [f"{name}: {line}" for line in said[author]]
            assert from_author == expected


def test_a_crowd_that_comes_and_goes_is_announced_in_order(room):
    """CHAT-6, CHAT-11, CHAT-12: joined before the first message, left after the last, each once."""
    watcher = room.join("watcher")
    names = [f"visitor-{number}" for number in range(10, 50)]
    for name in names:
        client = room.connect()
        client.say(name, "hello")
        client.finish_sending()
    heard = [watcher.hear() for _ in range(3 * len(names))]
    for name in names:
        about = [line for line in heard if name in line]
        assert about == [f"* {name} joined", f"{name}: hello", f"* {name} left"]


def test_clients_that_die_while_all_are_talking_harm_nobody(room):
    """CHAT-12, RUDE-1, RUDE-2: resets, with data unread, in the middle of a broadcast."""
    speaker, listener = room.join_all("speaker", "listener")
    doomed = [room.join(f"doomed-{number}") for number in range(10)]
    for client in doomed:
        client.reads = False
    lines = [f"{number} {'x' * 200}" for number in range(500)]
    for number, line in enumerate(lines):
        speaker.say(line)
        if number % 50 == 25:
            doomed.pop().reset()
    room.wait_for(speaker.has_sent_all)
    heard = []
    while len([line for line in heard if line.endswith(" left")]) < 10 or (
        len([line for line in heard if line.startswith("speaker: ")]) < 500
    ):
        heard.append(listener.hear())
    assert [line for line in heard if line.startswith("speaker: ")] == [
        f"speaker: {line}" for line in lines
    ]


def _talk_until(room: ChatRoom, speaker: Client, condition: Callable[[], bool]) -> int:
    """Lets `speaker` say long lines, heard by those who read, until the condition holds."""
    line = "x" * 4000
    said = 0
    while not condition():
        assert said < 20_000, "80 MB were said, and what was waited for has not come"
        speaker.say(*[line] * 16)
        said += 16
        room.wait_for(speaker.has_sent_all)
    return said


def test_a_member_that_never_reads_is_dropped_and_the_others_go_on(room):
    """CHAT-14: it is announced, the log says why, and nobody else has missed a line."""
    speaker, listener = room.join_all("speaker", "listener")
    sleeper = room.join("sleeper", receive_buffer=SMALL_BUFFER)
    listener.hear_until("* sleeper joined")
    sleeper.reads = False
    said = _talk_until(room, speaker, lambda: "* sleeper left" in listener.heard)
    speaker.say("done")
    heard = listener.hear_until("speaker: done")
    assert heard.count("speaker: " + "x" * 4000) == said
    assert heard.count("* sleeper left") == 1
    assert len(heard) == said + 1
    room.wait_for_log("then does not read")


@pytest.mark.usefixtures("without_sanitizers")
def test_members_that_never_read_cost_a_bounded_memory(room):
    """CHAT-14: three times 4 MiB, and not all that is said."""
    speaker, listener = room.join_all("speaker", "listener")
    for number in range(3):
        room.join(f"sleeper-{number}", receive_buffer=SMALL_BUFFER).reads = False
    before = room.resident_bytes()
    most = 0
    for _ in range(60):
        _talk_for(room, speaker, listener, 64)
        most = max(most, room.resident_bytes() - before)
    assert most < 3 * 8 * MEBIBYTE + 16 * MEBIBYTE, f"{most} bytes more"


def _talk_for(room: ChatRoom, speaker: Client, listener: Client, lines: int) -> None:
    speaker.say(*["x" * 4000] * lines, "pause")
    listener.hear_until("speaker: pause")


def test_a_member_that_reads_late_misses_nothing(room):
    """CHAT-10, CHAT-14: what waits for it is less than 4 MiB."""
    speaker, listener = room.join_all("speaker", "listener")
    late = room.join("late", receive_buffer=SMALL_BUFFER)
    late.reads = False
    listener.hear_until("* late joined")
    for _ in range(10):
        _talk_for(room, speaker, listener, 64)
    late.reads = True
    for _ in range(10):
        assert late.hear_until("speaker: pause") == ["speaker: " + "x" * 4000] * 64


def test_who_asks_without_an_end_and_reads_nothing_is_not_answered_without_an_end(room):
    """CHAT-15: the server stops reading, and the others do not notice."""
    alice, bob = room.join_all("alice", "bob")
    asker = room.join("asker", receive_buffer=SMALL_BUFFER)
    for member in (alice, bob):
        member.expect("* asker joined")
    asker.reads = False
    asker.send(b"/who\n" * 2_000_000)
    alice.say("hello")
    bob.expect("alice: hello")
    assert not asker.has_sent_all()


def test_random_bytes_of_many_clients_harm_nobody(room):
    """CHAT-16: as names, as lines, in pieces, with ends and resets."""
    chance = random.Random(7)
    alice, bob = room.join_all("alice", "bob")
    for number in range(60):
        client = room.connect()
        client.send(chance.randbytes(chance.randrange(1, 6000)))
        client.reset() if number % 3 == 0 else client.finish_sending()
    alice.say("hello")
    bob.hear_until("alice: hello")


def test_two_rooms_are_two_rooms(start_room):
    """CHAT-5, CHAT-7: the names and the messages of one are not known in the other."""
    here, there = start_room(), start_room()
    alice, bob = here.join_all("alice", "bob")
    other_alice, carol = there.join_all("alice", "carol")
    alice.say("here")
    other_alice.say("there")
    bob.expect("alice: here")
    carol.expect("alice: there")


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_what_was_received_before_the_signal_is_delivered(room, number):
    """CHAT-17: to all, whoever is served first, and then the last word, and no `left`."""
    names = [f"member-{number}" for number in range(8)]
    members = room.join_all(*names)
    nameless = room.connect()
    nameless.expect(PROMPT)
    with room.frozen():
        for member, name in zip(members, names, strict=True):
            member.say(*(f"{name} {i}" for i in range(20)))
        room.shut_down(number)
    for member, name in zip(members, names, strict=True):
        heard = member.hear_to_end()
        assert heard.pop() == FAREWELL
        for author in names:
            of_author = [line for line in heard if line.startswith(f"{author}: ")]
            assert of_author == [f"{author}: {author} {i}" for i in range(20) if author != name]
        assert len(heard) == 7 * 20
    assert nameless.hear_to_end() == [FAREWELL]
    room.assert_ended_well()


def test_signals_to_all_processes_at_once_are_one_shutdown(room):
    """CHAT-17: as a terminal's Ctrl-C, and timeout(1), send them."""
    alice, bob = room.join_all("alice", "bob")
    room.signal_group(signal.SIGINT)
    for member in (alice, bob):
        assert member.hear_to_end() == [FAREWELL]
    room.assert_ended_well()


def test_members_that_do_not_read_or_never_stop_do_not_hold_up_the_end(room):
    """CHAT-17, LIFE-6: within the grace the server has ended, and the others have been told."""
    speaker, listener = room.join_all("speaker", "listener")
    sleeper = room.join("sleeper", receive_buffer=SMALL_BUFFER)
    listener.hear_until("* sleeper joined")
    sleeper.reads = False
    for _ in range(8):
        _talk_for(room, speaker, listener, 64)
    speaker.send(b"half a line and then no end")
    room.shut_down()
    assert listener.hear_to_end()[-1] == FAREWELL
    room.assert_ended_well()


def test_a_server_in_an_empty_room_ends_at_once(room):
    """LIFE-4: nobody is waited for."""
    room.join("alice").close()
    room.shut_down()
    room.assert_ended_well()
    assert "clients served: " in room.process.stdout


# Limits


def test_members_beyond_max_clients_are_turned_away(start_room):
    """CHAT-18: a newcomer without a name counts; when one leaves, there is room again."""
    room = start_room("--max-clients", "2")
    alice = room.join("alice")
    nameless = room.connect()
    nameless.expect(PROMPT)
    assert room.connect().is_disconnected()
    nameless.say("/quit")
    assert nameless.hear_to_end() == []
    assert wait_until(lambda: _is_let_in(room), PATIENCE_SECONDS)
    alice.say("/who")
    alice.hear_until("* here: alice")


def _is_let_in(room: ChatRoom) -> bool:
    client = room.connect()
    room.wait_for(lambda: client.heard or client.ended)
    client.close()
    return bool(client.heard)


def test_a_silent_room_is_emptied_by_the_idle_timeout(start_room):
    """CHAT-18: the log says why."""
    room = start_room("--idle-timeout", "0.3")
    alice = room.connect()
    assert alice.is_disconnected()
    room.wait_for_log("idle for too long")
    room.shut_down()  # a newcomer might be too slow for it, on a loaded machine
    room.assert_ended_well()


@pytest.mark.usefixtures("without_sanitizers")
def test_out_of_descriptors_newcomers_are_turned_away_and_the_room_goes_on(room):
    """LIMIT-1, LIMIT-2: and later there is room again."""
    alice, bob = room.join_all("alice", "bob")
    pid = room.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1, hard))
    assert all(room.connect().is_disconnected() for _ in range(10))
    alice.say("still here")
    bob.expect("alice: still here")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    room.wait_for_log("[ERROR]")
    room.join("carol")


def test_everything_is_given_back_when_members_have_gone(room):
    """RES-3, RES-4: descriptors, threads, processes; the fixture looks after them."""
    bob = room.join("bob")
    leaves = list(WAYS_TO_LEAVE.values())
    for number in range(40):
        leaves[number % len(leaves)](room.join(f"visitor-{number}"))
        bob.hear_until(f"* visitor-{number} left")


def test_a_silent_room_costs_no_cpu(room):
    """RES-5: silent members, one that does not read, one that has half-closed."""
    room.join_all("alice", "bob")
    room.connect().expect(PROMPT)
    sleeper = room.join("sleeper", receive_buffer=SMALL_BUFFER)
    sleeper.reads = False
    sleeper.send(b"/who\n" * 2_000_000)
    room.wait_for(lambda: _cpu_share(room) < 0.25)


def _cpu_share(room: ChatRoom) -> float:
    """Returns how much of a CPU the server uses in the next moments."""
    used_before, started = room.cpu_seconds(), time.monotonic()
    time.sleep(0.3)
    return (room.cpu_seconds() - used_before) / (time.monotonic() - started)


# One model alone


@pytest.mark.parametrize("model", ["chat-processes"], indirect=True)
def test_the_death_of_a_process_takes_along_its_own_client_only(room):
    """CHAT-12, LIFE-13: the broker announces it, and the log says what happened."""
    alice, bob = room.join_all("alice", "bob")
    of_alice, _ = sorted(room.process.tree()[1:])
    os.kill(of_alice, signal.SIGKILL)
    bob.expect("* alice left")
    assert alice.is_disconnected()
    carol = room.join("carol")
    carol.say("hello")
    bob.expect("* carol joined", "carol: hello")
    room.wait_for_log(f"process {of_alice} was killed by signal 9")


@pytest.mark.parametrize("model", ["chat-processes"], indirect=True)
def test_a_process_that_is_stopped_is_given_up(room):
    """CHAT-14: the broker has some patience, and then the room goes on without it."""
    sleeper = room.join("sleeper")
    (stopped,) = room.process.tree()[1:]
    speaker, listener = room.join_all("speaker", "listener")
    with room.frozen([stopped]):
        _talk_until(room, speaker, lambda: "* sleeper left" in listener.heard)
    assert sleeper.is_disconnected()
    room.wait_for_log(f"process {stopped} does not read")


# By other people's programs


@pytest.mark.skipif(not shutil.which("nc"), reason="nc is not installed")
def test_a_person_with_nc_can_chat(room):
    """CHAT-1: no client of the kit is needed."""
    bob = room.join("bob")
    address = [room.process.host, str(room.process.port)]
    with subprocess.Popen(["nc", *address], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as nc:
        nc.stdin.write(b"alice\nhello\n")
        nc.stdin.flush()
        bob.expect("* alice joined", "alice: hello")
        bob.say("hello, alice")
        lines = [nc.stdout.readline().decode().rstrip("\n") for _ in range(3)]
        assert lines == [PROMPT, "* alice joined", "bob: hello, alice"]
        nc.kill()
    bob.expect("* alice left")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_the_room_is_open_to_ipv6(start_room):
    """LIFE-15: --host ::1."""
    room = start_room(host="::1")
    alice, bob = room.join_all("alice", "bob")
    alice.say("hello")
    bob.expect("alice: hello")


def test_the_log_tells_each_client_in_the_words_of_all_servers(room):
    """LIFE-14: an event a line."""
    client = room.join("alice")
    name, port = client.socket.getsockname()
    room.wait_for_log(f"[NEW CONNECTION] {name}:{port}\n")
    room.wait_for_log("[ACTIVE CONNECTIONS] 1\n")
    client.say("/quit")
    room.wait_for_log(f"[DISCONNECTED] {name}:{port}: ")


def test_quiet_rooms_log_nothing(start_room):
    """LIFE-14: --quiet."""
    room = start_room("--quiet")
    room.join("alice").close()
    room.shut_down()
    room.assert_ended_well()
    assert room.process.stderr == ""
