"""The chat room of datagrams and its client, from outside.

Datagrams may be lost, so whatever a test waits for is asked for again, but where only a few short
ones are underway: there is room for those on the loopback device.
"""

import contextlib
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client_process import run_client, start_client
from datagram_client import LONGEST, PATIENCE_SECONDS, DatagramClient
from echolab.server_process import ServerProcess, free_port
from echolab.waiting import wait_until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from terminal import CTRL_C, CTRL_D, Terminal

SERVER = "udp-chat"
NEVER = "1s"  # so short a time-out that waiting for it harms no test


class Member(DatagramClient):
    """A member of the room, without a client's manners."""

    def join(self, name: str) -> "Member":
        """Says a name until it is welcome."""
        self.ask(b"/name " + name.encode(), is_welcome)
        return self

    def say(self, text: bytes, heard_by: "Member", as_text: bytes) -> None:
        """Says `text` and expects the other one to hear `as_text`."""
        self.send(text)
        heard_by.wait_for(as_text)

    def is_member(self) -> bool:
        """Asks whether it still is one."""
        return is_welcome(self.ask(b"", lambda answer: is_welcome(answer) or is_stranger(answer)))


def is_welcome(answer: bytes) -> bool:
    """Tells whether a datagram says who one is."""
    return answer.startswith(b"* you are ")


def is_stranger(answer: bytes) -> bool:
    """Tells whether a datagram asks who one is."""
    return answer.startswith(b"* error: who are you?")


@pytest.fixture
def enter(server: ServerProcess) -> Iterator[Callable[[], Member]]:
    """Returns a function that gives a socket which talks to the server, and is no member yet."""
    with contextlib.ExitStack() as sockets:
        yield lambda **how: sockets.enter_context(Member(server.host, server.port, **how))


@pytest.fixture
def alice(enter) -> Member:
    """Returns a member."""
    return enter().join("alice")


@pytest.fixture
def bob(enter, alice) -> Member:
    """Returns a member whom alice has seen come."""
    bob = enter().join("bob")
    alice.wait_for(b"* bob joined\n")
    return bob


@pytest.fixture
def client(programs: Path) -> Path:
    """Returns the client's program."""
    return programs / "udp_chat_client"


# The room


def test_what_one_says_all_others_hear(enter, alice, bob):
    """UDP-CHAT-2."""
    carol = enter().join("carol")
    alice.send(b"hello")
    bob.wait_for(b"alice: hello\n")
    carol.wait_for(b"alice: hello\n")
    assert alice.is_member() and b"alice: hello\n" not in alice.seen


def test_a_newcomer_is_announced_to_the_others(alice, bob):
    """UDP-CHAT-1."""
    assert b"* bob joined\n" in alice.seen
    assert b"* you are bob, unless you are silent for 60 s\n" in bob.seen


def test_who_leaves_is_announced_and_hears_no_more(alice, bob):
    """UDP-CHAT-5."""
    bob.ask(b"quit", lambda answer: answer.startswith(b"* goodbye"))
    alice.wait_for(b"* bob left: quit\n")
    assert not bob.is_member()


def test_a_name_belongs_to_one_member(enter, alice):
    """UDP-CHAT-1."""
    other = enter()
    other.ask(b"/name alice", lambda answer: answer == b"* error: the name 'alice' is taken\n")
    assert not other.is_member()


def test_the_room_is_bounded(start_server):
    """UDP-CHAT-7: each datagram becomes as many as there are members."""
    server = start_server("--max-clients", "2")
    with contextlib.ExitStack() as sockets:
        members = [
            sockets.enter_context(Member(server.host, server.port)).join(name) for name in "ab"
        ]
        late = sockets.enter_context(Member(server.host, server.port))
        late.ask(b"/name c", lambda answer: answer == b"* error: the room is full\n")
        members[0].ask(b"quit", lambda answer: answer.startswith(b"* goodbye"))
        late.join("c")


def test_who_is_silent_for_too_long_is_gone(start_server):
    """UDP-CHAT-6: the others are told, and so is he, though he may not be there any more.

    A loaded machine may keep the one who is awake from his turn until he is gone, too: then both
    try again, with a longer time-out.
    """
    said = b"* silent left: silent for too long\n"
    left = re.compile(r"^\[MEMBER LEFT\] silent, .*: silent for too long$", re.MULTILINE)
    for idle_timeout in ("500ms", "2s", "8s"):
        server = start_server("--idle-timeout", idle_timeout)
        with Member(server.host, server.port) as silent, Member(server.host, server.port) as awake:
            awake.join("awake")
            silent.join("silent")
            gone = wait_until(
                lambda: awake.join("awake") and left.search(server.stderr), PATIENCE_SECONDS
            )
            assert gone, "the server keeps who is silent"
            silent.wait_for(b"* goodbye: silent for too long\n")
            if said in awake.join("awake").seen:
                return
    pytest.fail("the others were not told")


def test_silence_may_have_no_limit(start_server):
    """UDP-CHAT-6: as --help says of 0, and the welcome promises."""
    server = start_server("--idle-timeout", "0")
    with Member(server.host, server.port) as alice:
        assert alice.ask(b"/name alice", is_welcome) == b"* you are alice\n"


def test_the_help_names_the_limit_of_silence_that_holds(programs):
    """UDP-CHAT-6: 60 s, unlike the servers of connections, which wait for ever by default."""
    said = subprocess.check_output([programs / "udp_chat", "--help"], text=True)
    assert re.search(r"--idle-timeout .*=60s$", said, re.MULTILINE), said


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(datagram=st.binary(max_size=2000), from_member=st.booleans())
def test_a_datagram_of_any_content_harms_nobody(enter, alice, bob, datagram, from_member):
    """UDP-CHAT-3, UDP-CHAT-4: whoever sends it, the room goes on."""
    alice.seen.clear()
    sender = enter().join("mallory") if from_member else enter()
    sender.send(datagram)
    sender.ask(b"quit", lambda answer: answer.startswith(b"* goodbye"))
    assert alice.is_member()
    bob.say(b"still here", heard_by=alice, as_text=b"bob: still here\n")
    assert not any(map(commands_a_terminal, alice.seen))


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="line end"),
        pytest.param(b"/name", id="no name"),
        pytest.param(b"/name ", id="empty name"),
        pytest.param(b"/name " + b"x" * 5000, id="long name"),
        pytest.param(b"\0" * 65507, id="longest"),
        pytest.param(b"* error: x", id="a server's words"),
    ],
)
def test_neither_an_empty_nor_the_longest_datagram_harms_the_room(enter, alice, bob, datagram):
    """UDP-CHAT-4: from a member, and from a stranger."""
    enter().send(datagram)
    bob.send(datagram)
    bob.say(b"still here", heard_by=alice, as_text=b"bob: still here\n")


def test_a_message_that_is_too_long_is_refused(alice, bob):
    """UDP-CHAT-4: not cut short, which nobody would notice."""
    refused = b"* error: a message has at most 1024 bytes\n"
    for length in (1025, 1088, 1089, 5000, LONGEST[socket.AF_INET]):
        bob.seen.clear()
        bob.ask(b"x" * length, lambda answer: answer == refused)
    bob.say(b"x" * 1024, heard_by=alice, as_text=b"bob: " + b"x" * 1024 + b"\n")
    assert all(len(text) <= 1024 + 6 for text in alice.seen)


def test_what_would_command_a_terminal_is_made_visible(alice, bob):
    """UDP-CHAT-3: for those who use nc."""
    bob.say(b"\x1b[2J\nalice: \xff", alice, b"bob: \\x1b[2J\\x0aalice: \\xff\n")


def test_two_servers_do_not_answer_each_other(enter, server, alice):
    """UDP-CHAT-8: neither at the port of a server, nor in a server's words."""
    other_server = enter(bound_to=("127.0.0.2", server.port))
    other_server.send(b"/name other")
    echo = enter()
    echo.send(b"* error: who are you? Say: /name NAME\n")
    assert alice.is_member()  # the server has dealt with those before
    for socket_of_server in (other_server.socket, echo.socket):
        socket_of_server.setblocking(False)
        with pytest.raises(BlockingIOError):
            socket_of_server.recv(1)
    assert "not answered, since that is a server's port" in server.stderr


def test_members_that_have_gone_harm_nobody(enter, alice, bob):
    """Their datagrams find no one (ECONNREFUSED)."""
    for number in range(10):
        with enter() as hasty:
            hasty.join(f"hasty-{number}")
    for number in range(20):
        text = b"%d" % number
        bob.say(text, heard_by=alice, as_text=b"bob: " + text + b"\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_goodbye_and_a_summary(server, alice, number):
    """LIFE-4, in datagrams."""
    server.send_signal(number)
    alice.wait_for(b"* goodbye: the server is shutting down\n")
    assert server.wait(PATIENCE_SECONDS)
    assert server.exit_status == 0
    assert re.search(r"udp-chat: datagrams received: \d+, sent: \d+, CPU time: ", server.stdout)
    assert "[SHUTTING DOWN]\n[CLOSED]\n" in server.stderr


# The client


def test_clients_hear_each_other(server, client):
    """UDP-CHAT-2, from terminals; what comes is shown while nothing is typed."""
    with (
        Terminal(client, server.host, str(server.port), "--name", "alice") as alice,
        Terminal(client, server.host, str(server.port), "--name", "bob") as bob,
    ):
        for terminal in (alice, bob):
            terminal.expect("[CONNECTED]\r\n")
        alice.type_line("hello, bob")
        bob.expect("alice: hello, bob\r\n")
        bob.type_line("hello, alice")
        alice.expect("bob: hello, alice\r\n")
        bob.type_line("quit")
        alice.expect("* bob left: quit\r\n")
        assert bob.finish()[1] == 0
        alice.press(CTRL_D)
        alice.expect_in_order(["* goodbye: quit\r\n", "[DISCONNECTED]\r\n"])
        assert alice.finish()[1] == 0


def test_each_line_of_a_pipe_is_a_datagram(server, client, alice):
    """And what the end of the pipe leaves in between is not lost."""
    outcome = run_client(client, server.host, server.port, "--name=carol", typed=b"one\n\ntwo")
    for text in (b"* carol joined\n", b"carol: one\n", b"carol: two\n", b"* carol left: quit\n"):
        alice.wait_for(text)
    assert outcome.stdout == b"* goodbye: quit\n"
    events = [f"[CONNECTING] 127.0.0.1:{server.port}", "[CONNECTED]", "[DISCONNECTED]"]
    assert (outcome.events, outcome.status) == (events, 0)


def test_a_mebibyte_by_a_pipe_may_lose_datagrams_and_nothing_else(server, client, alice):
    """There is no flow control: what comes too fast is lost, and what comes is whole."""
    lines = [b"line %07d of a long paste" % number for number in range(1024 * 1024 // 29)]
    outcome = run_client(client, server.host, server.port, "--name=carol", typed=b"\n".join(lines))
    assert outcome.status == 0
    assert alice.is_member()
    heard = [text for text in alice.seen if text.startswith(b"carol: ")]
    assert set(heard) <= {b"carol: " + line + b"\n" for line in lines}


def test_a_client_without_a_name_is_a_guest(server, client, alice):
    """So that nobody needs to think of one."""
    run_client(client, server.host, server.port, typed=b"hello\n")
    assert alice.is_member()
    assert any(re.fullmatch(rb"guest-\d+: hello\n", text) for text in alice.seen)


def test_a_name_that_is_taken_is_refused(server, client, alice):
    """UDP-CHAT-1."""
    outcome = run_client(client, server.host, server.port, "--name", "alice")
    assert outcome.event("ERROR").endswith("does not let us in: the name 'alice' is taken")
    assert outcome.status == 1


def test_nobody_there_is_named(client):
    """ICMP says so, and the connected socket hears it (udp(7))."""
    port = free_port(kind=socket.SOCK_DGRAM)
    outcome = run_client(client, "127.0.0.1", port, "--name", "alice")
    assert outcome.event("REFUSED").endswith("Make sure the server is running.")
    assert outcome.status == 1


def test_silence_is_named(client):
    """A server that answers nothing, or a network that loses all."""
    with scripted_room(lambda _datagram: []) as room:
        outcome = run_client(client, "127.0.0.1", room.port, "--timeout", NEVER)
    assert outcome.event("TIMEOUT")
    assert outcome.status == 1


def test_what_is_lost_is_said_again(client):
    """UDP-CHAT-1, -5, -6: each name, sign of life and goodbye gets an answer only once repeated."""
    with scripted_room(lambda datagram: welcome(datagram)[: room.times(datagram) - 1]) as room:
        outcome = run_client(client, "127.0.0.1", room.port, "--name", "alice", typed=b"quit\n")
    assert outcome.status == 0
    assert room.times(b"/name alice") == 2
    assert room.times(b"quit") >= 2


def test_a_silent_client_gives_signs_of_life(client):
    """UDP-CHAT-6: by itself, and for as long as nothing is typed."""
    with scripted_room(welcome) as room:
        with Terminal(client, "127.0.0.1", str(room.port), "--name", "alice") as terminal:
            terminal.expect("[CONNECTED]")
            assert wait_until(lambda: room.times(b"") >= 4, PATIENCE_SECONDS)
            terminal.type_line("quit")
            assert terminal.finish()[1] == 0


def test_a_client_enters_a_room_without_a_limit_of_silence(start_server, client):
    """UDP-CHAT-6: it understands the shorter welcome."""
    server = start_server("--idle-timeout", "0")
    outcome = run_client(client, server.host, server.port, "--name", "alice", typed=b"quit\n")
    assert outcome.status == 0


def test_a_client_that_is_forgotten_introduces_itself_again(client):
    """UDP-CHAT-6: the room may have been started anew."""

    def forgetful(datagram: bytes) -> list[bytes]:
        if datagram == b"" and room.times(b"") < 2:
            return [b"* error: who are you? Say: /name NAME\n"]
        return welcome(datagram)

    with scripted_room(forgetful) as room:
        with Terminal(client, "127.0.0.1", str(room.port), "--name", "alice") as terminal:
            terminal.expect("who are you?")
            assert wait_until(lambda: room.times(b"/name alice") >= 2, PATIENCE_SECONDS)
            terminal.type_line("quit")
            assert terminal.finish()[1] == 0


def test_a_server_that_falls_silent_is_named(client):
    """Nothing else tells that it is no more, if its machine is no more, either."""
    answers = threading.Event()
    answers.set()
    with scripted_room(lambda datagram: welcome(datagram) if answers.is_set() else []) as room:
        arguments = [client, "127.0.0.1", str(room.port), "--name", "alice", "--timeout", NEVER]
        with Terminal(*arguments) as terminal:
            terminal.expect("[CONNECTED]")
            answers.clear()
            terminal.expect_in_order(["[TIMEOUT]", "[DISCONNECTED]"])
            assert terminal.finish()[1] == 1


def test_a_server_that_ends_does_not_wait_for_the_terminal(server, client):
    """Its goodbye is enough."""
    with Terminal(client, server.host, str(server.port), "--name", "alice") as terminal:
        terminal.expect("[CONNECTED]")
        server.stop()
        terminal.expect_in_order(
            ["* goodbye: the server is shutting down\r\n", "[CLOSED]", "[DISCONNECTED]\r\n"]
        )
        assert terminal.finish()[1] == 0


def test_a_server_that_is_killed_is_noticed_when_something_is_said(server, client):
    """Its machine answers that nobody listens."""
    with Terminal(client, server.host, str(server.port), "--name", "alice") as terminal:
        terminal.expect("[CONNECTED]")
        server.send_signal(signal.SIGKILL)
        assert server.wait(PATIENCE_SECONDS)
        terminal.type_line("hello?")
        terminal.expect_in_order(["[REFUSED]", "[DISCONNECTED]\r\n"])
        assert terminal.finish()[1] == 1
    server.exit_status = 0  # as it should be


def test_ctrl_c_leaves_the_room(server, client, alice):
    """UDP-CHAT-5: as nobody says in its place that it has gone."""
    with Terminal(client, server.host, str(server.port), "--name", "carol") as terminal:
        terminal.expect("[CONNECTED]")
        terminal.press(CTRL_C)
        terminal.expect_in_order(["[INTERRUPT]", "[DISCONNECTED]\r\n"])
        assert terminal.finish()[1] == 1
    alice.wait_for(b"* carol left: quit\n")


def test_what_only_the_server_may_say_is_not_sent(server, client, alice):
    """UDP-CHAT-8: the room would take no notice of it, and the user would not know."""
    outcome = run_client(client, server.host, server.port, "--name=carol", typed=b"* waves\nhi\n")
    assert outcome.event("ERROR").startswith("[ERROR] Not sent")
    alice.wait_for(b"carol: hi\n")


def test_a_new_name_is_kept(client):
    """The next signs of life do not take it back."""

    def rename(datagram: bytes) -> list[bytes]:
        is_bob = datagram == b"" and room.times(b"/name bob")
        return welcome(b"/name bob") if is_bob else welcome(datagram)

    with scripted_room(rename) as room:
        with Terminal(client, "127.0.0.1", str(room.port), "--name", "alice") as terminal:
            terminal.expect("[CONNECTED]")
            terminal.type_line("/name bob")
            terminal.expect("* you are bob")
            signs = room.times(b"")
            assert wait_until(lambda: room.times(b"") >= signs + 2, PATIENCE_SECONDS)
            assert room.times(b"/name alice") == 1
            terminal.type_line("quit")
            assert terminal.finish()[1] == 0


def test_what_a_server_says_does_not_command_the_terminal(client):
    """Be it the kit's or not."""
    with scripted_room(lambda datagram: [*welcome(datagram), b"\x1b[2J\n"]) as room:
        outcome = run_client(client, "127.0.0.1", room.port, "--name", "alice", typed=b"")
    assert b"\\x1b[2J\n" in outcome.stdout and b"\x1b" not in outcome.stdout


def test_ipv6_is_spoken(start_server, client):
    """From end to end."""
    server = start_server("--host", "::1")
    with Member(server.host, server.port) as alice:
        alice.join("alice")
        outcome = run_client(client, "::1", server.port, "--name=bob", typed=b"hello\n")
        alice.wait_for(b"bob: hello\n")
    assert outcome.status == 0


def test_a_host_with_several_addresses_is_tried_at_each(server, client):
    """localhost may be ::1 first, where nobody listens."""
    outcome = run_client(client, "localhost", server.port, "--name", "alice")
    assert outcome.status == 0


def test_it_has_two_threads(server, client, sanitizers_threads):
    """One receives while the other one waits for the terminal."""
    process = start_client(client, server.host, server.port)
    while process.stderr.readline() != b"[CONNECTED]\n":
        assert process.poll() is None
    tasks = Path(f"/proc/{process.pid}/task")
    threads = 2 + sanitizers_threads
    assert wait_until(lambda: len(list(tasks.iterdir())) == threads, PATIENCE_SECONDS)
    process.communicate(b"quit\n", timeout=PATIENCE_SECONDS)
    assert process.returncode == 0


# A room that does what a test tells it


def welcome(datagram: bytes) -> list[bytes]:
    """Answers as the kit's server does, and forgets who is silent for a second."""
    if datagram == b"quit":
        return [b"* goodbye: quit\n"]
    if datagram.startswith(b"/name "):
        return [b"* you are " + datagram[6:] + b", unless you are silent for 0.3 s\n"]
    return [b"* you are alice, unless you are silent for 0.3 s\n"] if datagram == b"" else []


class ScriptedRoom:
    """Answers each datagram by those that a script returns."""

    def __init__(self, script: Callable[[bytes], list[bytes]]):
        self.heard: list[bytes] = []
        self._script = script
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._ends = threading.Event()
        self.port = self._socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def times(self, datagram: bytes) -> int:
        """Returns how often a datagram was heard so far."""
        return self.heard.count(datagram)

    def end(self) -> None:
        """Hears nothing any more."""
        self._ends.set()
        self.thread.join(PATIENCE_SECONDS)
        self._socket.close()

    def _serve(self) -> None:
        while not self._ends.is_set():
            with contextlib.suppress(TimeoutError):
                datagram, sender = self._socket.recvfrom(65535)
                self.heard.append(datagram)
                for answer in self._script(datagram):
                    self._socket.sendto(answer, sender)


@contextlib.contextmanager
def scripted_room(script: Callable[[bytes], list[bytes]]) -> Iterator[ScriptedRoom]:
    """Gives a room in a thread."""
    room = ScriptedRoom(script)
    room.thread.start()
    try:
        yield room
    finally:
        room.end()


def commands_a_terminal(text: bytes) -> bool:
    """Tells whether a line holds control characters, or turns the order of text around."""
    line = text.decode().removesuffix("\n")
    return re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line) is not None
