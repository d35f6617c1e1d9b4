"""The windows, used as a person uses them: type, press, read the screen; and close.

With ECHOLAB_SCREENSHOTS=DIRECTORY in the environment, the pictures of the documents are made anew.
"""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from display import PATIENCE_SECONDS, Area, Window, missing_tools
from echolab.build import left_out
from echolab.server_process import ServerProcess, free_port
from echolab.waiting import wait_until
from scripted_server import full_listener, receive_line, scripted_server

pytestmark = pytest.mark.skipif(
    bool(missing_tools()), reason=f"not installed: {', '.join(missing_tools())}"
)

LONG = "60s"  # a time-out that does not expire within a test
SHORT = "300ms"
REFUSED = ("Connection refused", "Make sure the server is running")
SILENT = ("No answer within 0.3 s",)
CLOSED = ("The server has closed the connection", "Send connects again")

# The temperature window, as temperature_client.cpp lays it out.
CELSIUS = Area(116, 16, 196, 32)
SEND = Area(320, 16, 104, 32)
FAHRENHEIT = Area(116, 56, 308, 32)
STATUS = Area(16, 132, 408, 40)
CHOICE_OF_WAY = {"thread": "alt+t", "loop": "alt+l"}

# The chat window, as chat_client.cpp lays it out.
NAME = Area(96, 16, 408, 32)
TRANSCRIPT = Area(16, 56, 488, 296)
MESSAGE = Area(96, 360, 296, 32)
CHAT_STATUS = Area(16, 400, 488, 40)

way_of_waiting = pytest.mark.parametrize("way", CHOICE_OF_WAY)
StartServer = Callable[..., ServerProcess]


@pytest.fixture(name="servers")
def _servers() -> Iterator[contextlib.ExitStack]:
    """Ends, after the test, the servers that were started."""
    with contextlib.ExitStack() as servers:
        yield servers


@pytest.fixture(name="start_server")
def _start_server(programs: Path, servers: contextlib.ExitStack) -> StartServer:
    """Starts a server that converts temperatures, on a port or a free one."""

    def start_server(port: int = 0) -> ServerProcess:
        command = [str(programs / "thread_per_client_server"), "--service", "temperature"]
        server = ServerProcess("temperature", [*command, "--port", str(port)], port=port)
        return servers.enter_context(server)

    return start_server


@pytest.fixture(name="start_room")
def _start_room(programs: Path, servers: contextlib.ExitStack) -> StartServer:
    """Starts a chat room, on a port or a free one."""

    def start_room(port: int = 0) -> ServerProcess:
        command = [str(programs / "chat_threads"), "--port", str(port)]
        return servers.enter_context(ServerProcess("chat-threads", command, port=port))

    return start_room


@pytest.fixture(name="open_window")
def _open_window(programs: Path) -> Iterator[Callable[..., Window]]:
    """Opens windows of a program, each on its own display."""
    with contextlib.ExitStack() as windows:

        def open_window(program: str, title: str, *arguments: object) -> Window:
            if reason := left_out(programs).get(program):
                pytest.skip(f"{program} is left out here: {reason}")
            return windows.enter_context(Window(programs / program, title, *arguments))

        yield open_window


@pytest.fixture(name="thermometer")
def _thermometer(open_window) -> Callable[..., Window]:
    """Opens a temperature window, which serves its socket in one of the two ways."""

    def thermometer(way: str, port: int, timeout: str = LONG) -> Window:
        window = open_window(
            "gui_temperature", "Temperature", "127.0.0.1", port, "--timeout", timeout
        )
        window.press(CHOICE_OF_WAY[way])
        return window

    return thermometer


@pytest.fixture(name="chat")
def _chat(open_window) -> Callable[..., Window]:
    """Opens a chat window; a person called "" has yet to enter a name."""

    def chat(port: int, name: str = "", timeout: str = LONG) -> Window:
        arguments = ["127.0.0.1", port, "--timeout", timeout]
        return open_window("gui_chat", "Chat", *arguments, *(["--name", name] if name else []))

    return chat


def ask(window: Window, celsius: str) -> None:
    """Types degrees and presses Enter."""
    window.fill(CELSIUS, celsius)
    window.press("Return")


def say(window: Window, message: str) -> None:
    """Types a message and presses Enter."""
    window.fill(MESSAGE, message)
    window.press("Return")


def join(window: Window, name: str) -> None:
    """Enters a name, and waits until the room knows it."""
    window.fill(NAME, name)
    window.press("Return")
    window.await_text(CHAT_STATUS, f"You are {name} at ")


@contextlib.contextmanager
def member_of(room: ServerProcess, name: str) -> Iterator[socket.socket]:
    """Joins a room without a window."""
    with socket.create_connection((room.host, room.port), PATIENCE_SECONDS) as member:
        member.sendall(name.encode() + b"\n")
        await_line(member, f"* {name} joined")
        yield member


def await_line(member: socket.socket, line: str) -> None:
    """Receives until that line has come."""
    expected = line.encode() + b"\n"
    while (received := receive_line(member)) != expected:
        assert received, f"the stream has ended without {expected!r}"


def save_screenshot(window: Window, name: str) -> None:
    """Saves a picture for the documents, if that is asked for."""
    if directory := os.environ.get("ECHOLAB_SCREENSHOTS"):
        window.save_screenshot(Path(directory) / f"{name}.png")


@way_of_waiting
def test_celsius_becomes_fahrenheit(thermometer, start_server, way):
    """By the keyboard: type, Enter, read."""
    window = thermometer(way, start_server().port)
    ask(window, "-40")
    window.await_text(FAHRENHEIT, "-40.00")
    ask(window, "100")
    window.await_text(FAHRENHEIT, "212.00")
    window.click(CELSIUS)
    save_screenshot(window, "gui-temperature")
    assert window.close() == 0


@way_of_waiting
def test_the_button_sends_as_enter_does(thermometer, start_server, way):
    """By the mouse."""
    window = thermometer(way, start_server().port)
    window.fill(CELSIUS, "36.6")
    window.click(SEND)
    window.await_text(FAHRENHEIT, "97.88")


def test_the_answer_can_be_seen(thermometer, start_server):
    """Pixel by pixel it looks as the same text does that a person has typed."""
    window = thermometer("thread", start_server().port)
    ask(window, "100")
    window.await_text(FAHRENHEIT, "212.00")
    window.fill(CELSIUS, "212.00")
    window.click(STATUS)  # neither field has a cursor now, nor a selection

    def inside(field: Area) -> Area:
        return Area(field.x + 3, field.y + 3, 120, field.height - 6)

    same = wait_until(
        lambda: window.pixels(inside(CELSIUS)) == window.pixels(inside(FAHRENHEIT)),
        PATIENCE_SECONDS,
    )
    assert same, "the answer does not look like its text"


@way_of_waiting
def test_what_is_no_number_is_said_so(thermometer, start_server, way):
    """In the server's words, with an advice; and the next one is answered."""
    window = thermometer(way, start_server().port)
    ask(window, "abc")
    window.await_text(FAHRENHEIT, "error: 'abc' is not a temperature")
    window.await_text(STATUS, "Enter a number")
    ask(window, "0")
    window.await_text(FAHRENHEIT, "32.00")


@way_of_waiting
def test_an_absent_server_may_come_later(thermometer, start_server, way):
    """The window says that nobody is there, still reacts, and Send tries again."""
    port = free_port()
    window = thermometer(way, port)
    ask(window, "100")
    window.await_text(STATUS, *REFUSED)
    window.await_text(FAHRENHEIT, "[REFUSED]")
    window.click(CELSIUS)
    save_screenshot(window, "gui-temperature-refused")
    start_server(port)
    ask(window, "100")
    window.await_text(FAHRENHEIT, "212.00")


@way_of_waiting
def test_a_silent_server_leaves_the_window_alive(thermometer, way):
    """While it waits for an answer that never comes, typing is seen at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        window = thermometer(way, listener.getsockname()[1])
        ask(window, "100")
        window.await_text(STATUS, "Waiting for its answer")
        before = window.pixels(CELSIUS)
        window.fill(CELSIUS, "37")
        window.await_text(CELSIUS, "37")
        assert wait_until(lambda: window.pixels(CELSIUS) != before, PATIENCE_SECONDS)
        assert window.close() == 0


@way_of_waiting
def test_a_silent_server_is_given_up(thermometer, way):
    """After the time-out the window says so, and Send connects anew."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        window = thermometer(way, listener.getsockname()[1], SHORT)
        ask(window, "100")
        window.await_text(STATUS, *SILENT)
        window.await_text(FAHRENHEIT, "[TIMEOUT]")
        first, _ = listener.accept()
        assert first.recv(100) == b"100\n"
        assert first.recv(100) == b""
        window.click(SEND)
        second, _ = listener.accept()
        assert second.recv(100) == b"100\n"


@way_of_waiting
def test_a_connection_that_is_never_made_leaves_the_window_alive(thermometer, way):
    """While it is connecting, it can be typed into and closed."""
    with full_listener() as listener:
        window = thermometer(way, listener.getsockname()[1])
        ask(window, "100")
        window.await_text(STATUS, "Connecting to")
        window.fill(CELSIUS, "37")
        window.await_text(CELSIUS, "37")
        assert window.close() == 0


@way_of_waiting
def test_a_server_that_dies_is_told_and_may_come_back(thermometer, start_server, way):
    """Nobody has to press anything to see that the connection has ended."""
    server = start_server(free_port())
    window = thermometer(way, server.port)
    ask(window, "100")
    window.await_text(FAHRENHEIT, "212.00")
    server.send_signal(signal.SIGKILL)
    window.await_text(STATUS, *CLOSED)
    start_server(server.port)
    ask(window, "0")
    window.await_text(FAHRENHEIT, "32.00")


def test_bytes_that_command_terminals_are_shown_escaped(thermometer):
    """Also what FLTK takes for a command in labels is text in the window."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        window = thermometer("thread", listener.getsockname()[1])
        ask(window, "100")
        server, _ = listener.accept()
        server.sendall(b"@circle \x1b[2J\xff\n")
        window.await_text(FAHRENHEIT, r"@circle \x1b[2J\xff")


def test_only_one_of_the_two_ways_needs_a_thread(thermometer, start_server):
    """While it is connected, and afterwards there is none left behind."""
    server = start_server()
    thread, loop = (thermometer(way, server.port) for way in ("thread", "loop"))
    for window in (thread, loop):
        ask(window, "100")
        window.await_text(FAHRENHEIT, "212.00")
    # Compared with each other: under a sanitizer each has a thread more.
    assert wait_until(lambda: thread.threads() == loop.threads() + 1, PATIENCE_SECONDS)
    server.stop()
    assert wait_until(lambda: thread.threads() == loop.threads(), PATIENCE_SECONDS)


def test_the_way_may_be_changed_in_the_window(thermometer, start_server):
    """The next question goes the other way, on a connection of its own."""
    server = start_server()
    window = thermometer("thread", server.port)
    ask(window, "100")
    window.await_text(FAHRENHEIT, "212.00")
    window.press(CHOICE_OF_WAY["loop"])
    ask(window, "0")
    window.await_text(FAHRENHEIT, "32.00")
    assert server.stderr.count("[NEW CONNECTION]") == 2


def test_escape_does_not_close_a_window(thermometer, start_server):
    """What was typed would be lost."""
    window = thermometer("thread", start_server().port)
    window.fill(CELSIUS, "100")
    window.press("Escape", "Return")
    window.await_text(FAHRENHEIT, "212.00")


def test_a_window_that_is_made_larger_keeps_its_button(thermometer, start_server):
    """The fields grow, and the button stays at the right."""
    window = thermometer("thread", start_server().port)
    window.resize(640, 184)
    window.fill(CELSIUS, "100")
    window.click(Area(SEND.x + 200, SEND.y, SEND.width, SEND.height))
    window.await_text(FAHRENHEIT, "212.00")


def test_two_people_talk(chat, start_room):
    """Each on a display of his own; who joins and who leaves is told."""
    room = start_room()
    alice = chat(room.port, "alice")
    say(alice, "is anybody here?")
    alice.await_text(TRANSCRIPT, "* alice joined\nalice: is anybody here?")
    bob = chat(room.port)
    join(bob, "bob")
    say(bob, "yes, I am")
    alice.await_text(TRANSCRIPT, "* bob joined\nbob: yes, I am")
    say(alice, "good")
    bob.await_text(TRANSCRIPT, "bob: yes, I am\nalice: good")
    alice.click(TRANSCRIPT)
    alice.fill(MESSAGE, "How are you?")
    save_screenshot(alice, "gui-chat")
    assert bob.close() == 0
    alice.await_text(TRANSCRIPT, "* bob left")
    assert alice.close() == 0


def test_a_message_waits_for_a_name_that_is_free(chat, start_room):
    """It is not taken for the name that the server asks for again."""
    room = start_room()
    with member_of(room, "alice") as alice:
        window = chat(room.port, "alice")
        say(window, "hello")
        window.await_text(TRANSCRIPT, "'alice' is taken")
        window.await_text(CHAT_STATUS, "refuses this name")
        window.await_text(MESSAGE, "hello")
        join(window, "bob")
        say(window, "hello")
        await_line(alice, "* bob joined")
        await_line(alice, "bob: hello")


def test_a_member_may_change_the_name(chat, start_room):
    """By the field; and what is said with it goes out under the new one."""
    room = start_room()
    with member_of(room, "bob") as bob:
        window = chat(room.port)
        join(window, "alice")
        window.fill(MESSAGE, "it is me")
        join(window, "eve")
        await_line(bob, "* alice is now eve")
        await_line(bob, "eve: it is me")


def test_nobody_is_anonymous(chat, start_room):
    """Without a name nothing is sent."""
    window = chat(start_room().port)
    say(window, "hello")
    window.await_text(CHAT_STATUS, "Enter your name first")
    window.await_text(MESSAGE, "hello")


def test_a_room_that_is_not_open_may_be_later(chat, start_room):
    """The message stays where it was typed, and Send tries again."""
    port = free_port()
    window = chat(port, "alice")
    say(window, "hello")
    window.await_text(CHAT_STATUS, *REFUSED)
    window.await_text(MESSAGE, "hello")
    start_room(port)
    window.click(MESSAGE)
    window.press("Return")
    window.await_text(TRANSCRIPT, "* alice joined\nalice: hello")


def test_a_room_that_closes_is_told_and_may_open_again(chat, start_room):
    """Nobody has to press anything to see it, and the same Send joins again."""
    room = start_room(free_port())
    window = chat(room.port)
    join(window, "alice")
    room.send_signal(signal.SIGKILL)
    window.await_text(CHAT_STATUS, *CLOSED)
    with member_of(start_room(room.port), "bob") as bob:
        say(window, "I am back")
        await_line(bob, "* alice joined")
        await_line(bob, "alice: I am back")


def test_a_silent_room_leaves_the_window_alive(chat):
    """It is typed into and closed while it waits to be let in."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        window = chat(listener.getsockname()[1], "alice")
        say(window, "hello")
        window.await_text(CHAT_STATUS, "Waiting to be let in")
        window.fill(MESSAGE, "hello?")
        window.await_text(MESSAGE, "hello?")
        assert window.close() == 0


def test_a_silent_room_is_given_up(chat):
    """After the time-out the window says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        window = chat(listener.getsockname()[1], "alice", SHORT)
        say(window, "hello")
        window.await_text(CHAT_STATUS, *SILENT)
        window.await_text(MESSAGE, "hello")


def test_no_member_commands_the_window(chat):
    """A server that passes everything on is not trusted, either; @ means something to FLTK."""

    def pass_on(connection: socket.socket) -> None:
        connection.sendall(b"* what is your name?\n")
        assert receive_line(connection) == b"alice\n"
        connection.sendall(b"* alice joined\nbob: \x1b[2J @C1@b\xff\n")
        assert receive_line(connection) == b""

    with scripted_server(pass_on) as port:
        window = chat(port)
        join(window, "alice")
        window.await_text(TRANSCRIPT, r"bob: \x1b[2J @C1@b\xff")
        assert window.close() == 0


def test_a_flood_does_not_stop_the_window(chat):
    """The newest lines are shown, the oldest forgotten, and what is typed is sent."""
    flood = b"bob: a line of a flood, of which there are thousands\n" * 10_000

    def flood_window(connection: socket.socket) -> None:
        connection.sendall(b"* what is your name?\n")
        assert receive_line(connection) == b"alice\n"
        connection.sendall(b"* alice joined\n" + flood + b"bob: that was it\n")
        assert receive_line(connection) == b"at last\n"

    with scripted_server(flood_window) as port:
        window = chat(port)
        join(window, "alice")
        shown = window.await_text(TRANSCRIPT, "bob: that was it")
        assert "alice joined" not in shown
        say(window, "at last")


def test_the_thread_ends_with_the_conversation(chat, start_room):
    """It does not wait for the window to be closed."""
    room = start_room()
    window = chat(room.port)
    join(window, "alice")
    connected = window.threads()
    room.stop()
    window.await_text(CHAT_STATUS, *CLOSED)
    assert wait_until(lambda: window.threads() < connected, PATIENCE_SECONDS)


@pytest.mark.parametrize("program", ["gui_temperature", "gui_chat"])
@pytest.mark.parametrize(
    ("arguments", "display", "status", "says"),
    [
        (["--help"], "", 0, "--timeout"),
        (["--version"], "", 0, "Echo Lab"),
        (["--no-such-option"], "", 2, "--no-such-option"),
        (["127.0.0.1", "65536"], "", 2, "PORT"),
        ([], "", 3, "no window can be shown here"),
        ([], ":no-display", 3, "no window can be shown here"),
    ],
)
def test_what_needs_no_window_says_it_in_a_line(
    programs, program, arguments, display, status, says
):  # noqa: PLR0913: one column a parameter
    """Help, bad usage, and a machine without a display."""
    if reason := left_out(programs).get(program):
        pytest.skip(f"{program} is left out here: {reason}")
    ended = subprocess.run(
        [programs / program, *arguments],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == status
    assert says in ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) == (1 if status else 0)
