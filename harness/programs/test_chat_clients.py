"""The two chat clients, of threads and of select: one behaviour, and so one set of tests."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from client_process import PATIENCE_SECONDS, Outcome, outcome_of, run_client, start_client
from echolab import proc
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until
from scripted_server import (
    echo_to_end,
    receive_line,
    receive_to_end,
    reset,
    scripted_server,
)
from terminal import CTRL_C, CTRL_D, Terminal

MEBIBYTE = 1024 * 1024
MORE_THAN_BUFFERS_TAKE = 16 * MEBIBYTE
MOST_BYTES_UNDERWAY = 64 * MEBIBYTE
LOOKS = 4  # so often in a row a client must be found asleep
LOOK_SECONDS = 0.025  # the pause between two looks

RunClient = Callable[..., Outcome]


@pytest.fixture(params=["chat_client_threads", "chat_client_select"])
def client(request, programs) -> Path:
    """Returns the program."""
    return programs / request.param


@pytest.fixture
def run(client) -> RunClient:
    """Returns run_client() for the program."""
    return lambda *arguments, **options: run_client(client, *arguments, **options)


def numbered_lines(size: int) -> bytes:
    """Returns about `size` bytes of lines that are all different."""
    return b"".join(b"line %07d of a long paste\n" % number for number in range(size // 29))


# What is said


def test_the_name_goes_first_and_then_what_is_typed(run):
    received = []
    with scripted_server(lambda server: received.append(receive_to_end(server))) as port:
        outcome = run("127.0.0.1", port, "--name", "alice", typed=b"hello\nworld\n")
    assert received == [b"alice\nhello\nworld\n"]
    assert outcome.status == 0


def test_without_a_name_nothing_is_said_but_what_is_typed(run):
    received = []
    with scripted_server(lambda server: received.append(receive_to_end(server))) as port:
        run("127.0.0.1", port, typed=b"hello\n")
    assert received == [b"hello\n"]


def test_a_last_line_without_its_end_is_said_as_well(run):
    received = []
    with scripted_server(lambda server: received.append(receive_to_end(server))) as port:
        run("127.0.0.1", port, typed=b"one\ntwo")
    assert received == [b"one\ntwo"]


def test_quit_is_not_said_and_ends_the_clients_side(run):
    received = []
    with scripted_server(lambda server: received.append(receive_to_end(server))) as port:
        outcome = run("127.0.0.1", port, typed=b"hello\nquit\nnot this\n")
    assert received == [b"hello\n"]
    assert outcome.status == 0


def test_what_is_owed_after_the_end_of_the_input_is_shown(run):
    """The end of the input is the end of one direction only (UNP, 6.6)."""

    def answer_after_the_end(server: socket.socket) -> None:
        receive_to_end(server)
        server.sendall(numbered_lines(MEBIBYTE))

    with scripted_server(answer_after_the_end) as port:
        outcome = run("127.0.0.1", port, typed=b"hello\n")
    assert outcome.stdout == numbered_lines(MEBIBYTE)
    assert outcome.status == 0


def test_a_mebibyte_by_a_pipe_comes_back_whole(run):
    data = numbered_lines(MEBIBYTE)
    with scripted_server(echo_to_end) as port:
        outcome = run("127.0.0.1", port, typed=data)
    assert outcome.stdout == data
    assert outcome.status == 0


def test_it_reads_while_the_server_takes_nothing(run):
    """A client that sends all before it reads would wait here for ever, and so would the server."""
    said = numbered_lines(MORE_THAN_BUFFERS_TAKE)
    heard = numbered_lines(MORE_THAN_BUFFERS_TAKE // 2)
    received = []

    def speak_first(server: socket.socket) -> None:
        server.sendall(heard)
        received.append(receive_to_end(server))

    with scripted_server(speak_first) as port:
        outcome = run("127.0.0.1", port, typed=said)
    assert received == [said]
    assert outcome.stdout == heard


def test_a_long_paste_into_a_terminal_comes_back_whole(client):
    data = numbered_lines(MEBIBYTE)
    with scripted_server(echo_to_end) as port:
        command = f"stty -echo; exec {client} 127.0.0.1 {port}"
        with Terminal(Path("/bin/sh"), "-c", command) as terminal:
            terminal.expect("[CONNECTED]\r\n")
            shown = terminal.paste(data + b"quit\n", until="[DISCONNECTED]")
            assert terminal.finish()[1] == 0
    assert shown == data.decode()


def test_its_memory_is_bounded_while_the_server_takes_nothing(client):
    """Nothing more is read from the terminal before what was read is sent."""
    done = threading.Event()
    with scripted_server(lambda _server: done.wait(PATIENCE_SECONDS)) as port:
        process = start_client(client, "127.0.0.1", port)
        written = write_until_stuck(process)
        process.send_signal(signal.SIGINT)
        outcome = ended(process)
        done.set()
    assert written <= MOST_BYTES_UNDERWAY, "the client read on, though nothing was taken from it"
    assert outcome.event("INTERRUPT")
    assert outcome.status == 1


# What is heard


def test_what_others_say_is_shown_while_nothing_is_typed(client):
    typed = []

    def converse(server: socket.socket) -> None:
        server.sendall(b"bob: hello\n")
        typed.append(receive_line(server))
        server.sendall(b"bob: bye\n")

    with (
        scripted_server(converse) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("bob: hello\r\n")
        terminal.type_line("hello, bob")
        terminal.expect("bob: bye\r\n")
    assert typed == [b"hello, bob\n"]


def test_a_line_in_pieces_is_shown_as_one(run):
    def speak_in_pieces(server: socket.socket) -> None:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in "bob: naïve €\r\n".encode():
            server.sendall(bytes([byte]))
        receive_to_end(server)

    with scripted_server(speak_in_pieces) as port:
        assert run("127.0.0.1", port).stdout == "bob: naïve €\n".encode()


def test_a_last_line_without_its_end_is_shown(run):
    with scripted_server(lambda server: server.sendall(b"bob: no end")) as port:
        assert run("127.0.0.1", port).stdout == b"bob: no end\n"


def test_what_would_command_a_terminal_is_made_visible(run):
    with scripted_server(lambda server: server.sendall(b"\x1b[2J\x07\xff\0\n")) as port:
        assert run("127.0.0.1", port).stdout == b"\\x1b[2J\\x07\\xff\\x00\n"


# The end


def test_it_tells_what_becomes_of_the_connection(run):
    with scripted_server(receive_to_end) as port:
        outcome = run("127.0.0.1", port)
    events = [f"[CONNECTING] 127.0.0.1:{port}", "[CONNECTED]", "[DISCONNECTED]"]
    assert (outcome.events, outcome.status) == (events, 0)


def test_a_server_that_ends_does_not_wait_for_the_terminal(client):
    """Although the client waits for somebody to type."""
    with (
        scripted_server(lambda server: server.sendall(b"* goodbye\n")) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect_in_order(["* goodbye\r\n", "[CLOSED] The server has closed the connection"])
        assert terminal.finish() == (".\n[DISCONNECTED]\n", 0)


def test_the_end_of_the_terminal_is_the_end_of_what_is_said(client):
    with (
        scripted_server(echo_to_end) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("[CONNECTED]")
        terminal.type_line("hello")
        terminal.expect_in_order(["hello\r\n", "hello\r\n"])  # as it is typed, and from the server
        terminal.press(CTRL_D)
        assert terminal.finish() == ("[DISCONNECTED]\n", 0)


def test_a_server_that_leaves_before_it_has_heard_all_is_a_failure(client):
    """It ends its direction, and takes nothing in the other."""
    stuck, done = threading.Event(), threading.Event()

    def leave_early(server: socket.socket) -> None:
        stuck.wait(PATIENCE_SECONDS)
        server.shutdown(socket.SHUT_WR)
        done.wait(PATIENCE_SECONDS)

    with scripted_server(leave_early) as port:
        process = start_client(client, "127.0.0.1", port)
        while write_until_stuck(process):
            pass  # the kernel may have found more room (tcp(7), tcp_moderate_rcvbuf)
        stuck.set()
        outcome = ended(process)
        done.set()
    assert outcome.event("CLOSED")
    assert outcome.status == 1


def test_a_reset_is_named(run):
    def leave_rudely(server: socket.socket) -> None:
        receive_line(server)
        reset(server)

    with scripted_server(leave_rudely) as port:
        outcome = run("127.0.0.1", port, "--name", "alice")
    assert outcome.event("RESET")
    assert outcome.status == 1


def test_quit_does_not_wait_for_ever_for_a_server_that_does_not_end(run):
    done = threading.Event()
    with scripted_server(lambda _server: done.wait(PATIENCE_SECONDS)) as port:
        outcome = run("127.0.0.1", port, "--timeout", "300ms", typed=b"quit\n")
        done.set()
    assert outcome.event("TIMEOUT")
    assert outcome.status == 1


def test_nor_for_one_that_does_not_cease_to_speak(run):
    done = threading.Event()

    def chatter(server: socket.socket) -> None:
        with contextlib.suppress(ConnectionError):
            while not done.is_set():
                server.sendall(b"bob: and another thing\n")

    with scripted_server(chatter) as port:
        outcome = run("127.0.0.1", port, "--timeout", "300ms", typed=b"quit\n")
        done.set()
    assert outcome.event("TIMEOUT")


def test_ctrl_c_ends_a_client_that_waits(client):
    with (
        scripted_server(receive_to_end) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("[CONNECTED]")
        terminal.press(CTRL_C)
        terminal.expect_in_order(["[INTERRUPT]", "[DISCONNECTED]\r\n"])
        assert terminal.finish()[1] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_client_whose_screen_is_full(client, number):
    def chatter(server: socket.socket) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                server.sendall(b"bob: and another thing\n")

    with scripted_server(chatter) as port:
        process = start_client(client, "127.0.0.1", port)
        assert wait_until(lambda: is_stuck(process), PATIENCE_SECONDS)
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 1
        assert ended(process).event("INTERRUPT")


def test_a_reader_that_goes_away_ends_the_client_in_order(client):
    with scripted_server(lambda server: server.sendall(b"bob: hello\n")) as port:
        process = start_client(client, "127.0.0.1", port, stdout=closed_pipe())
        assert process.wait(PATIENCE_SECONDS) == 1
        outcome = outcome_of(b"", process.stderr.read(), 1)
    assert outcome.event("CLOSED")


@pytest.mark.parametrize("redirection", ["<&-", "<&- >&- 2>&-", "</dev/null"])
def test_descriptors_that_are_closed_at_the_start_harm_nobody(client, redirection):
    with scripted_server(receive_to_end) as port:
        command = f"exec {client} 127.0.0.1 {port} {redirection}"
        assert subprocess.run(["/bin/sh", "-c", command], timeout=PATIENCE_SECONDS).returncode == 0


# The connection


def test_a_refused_connection_is_named(run):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        outcome = run("127.0.0.1", unheard.getsockname()[1])
    assert outcome.event("REFUSED").endswith("Make sure the server is running.")
    assert outcome.status == 1


def test_ipv6_is_spoken(run):
    with scripted_server(echo_to_end, host="::1") as port:
        outcome = run("::1", port, typed=b"hello\n")
    assert (outcome.stdout, outcome.events[0]) == (b"hello\n", f"[CONNECTING] [::1]:{port}")


@pytest.mark.parametrize("calls", ["poll", "pselect6", "recvfrom", "sendto"])
def test_interrupted_calls_are_repeated(client, tmp_path, calls):
    if not shutil.which("strace"):
        pytest.skip("strace, which injects the interruptions, is not installed")
    injection = f"inject={calls}:error=EINTR:when=1..3"
    trace = ["-f", "-o", tmp_path / "trace", "-e", injection, "--", client]
    with scripted_server(echo_to_end) as port:
        outcome = run_client(
            Path("strace"),
            *[*trace, "127.0.0.1", port, "--name", "alice"],
            typed=b"hello\n" * 100,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},  # which strace does not let be
        )
    assert outcome.stdout == b"alice\n" + b"hello\n" * 100
    assert outcome.status == 0


# With the kit's servers


@pytest.mark.parametrize("model", ["chat-threads", "chat-select", "chat-processes"])
def test_clients_talk_through_a_room_of_the_kit(client, programs, model):
    """A name, a message, a message back, and the end."""
    program = programs / model.replace("-", "_")
    with (
        ServerProcess(model, [str(program), "--port", "0"]) as room,
        Terminal(client, room.host, str(room.port), "--name", "alice") as alice,
    ):
        alice.expect("* alice joined\r\n")
        with Terminal(client, room.host, str(room.port), "--name", "bob") as bob:
            alice.expect("* bob joined\r\n")
            alice.type_line("hello, bob")
            bob.expect("alice: hello, bob\r\n")
            bob.type_line("hello, alice")
            alice.expect("bob: hello, alice\r\n")
            bob.type_line("quit")
            assert bob.finish()[1] == 0
        alice.expect("* bob left\r\n")
        room.send_signal(signal.SIGTERM)
        alice.expect_in_order(["[CLOSED]", "[DISCONNECTED]\r\n"])
        assert alice.finish()[1] == 0


@pytest.mark.parametrize("model", ["chat-threads", "chat-select", "chat-processes"])
def test_many_lines_go_through_a_room_of_the_kit(client, programs, model, run):
    """From one client to another, whole and in order; fewer than a room keeps for a slow member."""
    said = numbered_lines(128 * 1024)
    program = programs / model.replace("-", "_")
    with ServerProcess(model, [str(program), "--port", "0"]) as room:
        hearer = start_client(client, room.host, room.port, "--name", "hearer")
        assert hearer.stdout.readline() == b"* what is your name?\n"
        assert hearer.stdout.readline() == b"* hearer joined\n"
        heard = []
        reader = threading.Thread(target=lambda: heard.extend(lines_until_left(hearer)))
        reader.start()
        assert run(room.host, room.port, "--name", "sayer", typed=said).status == 0
        reader.join(PATIENCE_SECONDS)
        hearer.communicate(timeout=PATIENCE_SECONDS)
    prefix = b"sayer: "
    assert b"".join(line.removeprefix(prefix) for line in heard if line.startswith(prefix)) == said


# The model


def test_it_has_a_thread_for_each_direction_or_one_for_both(client, sanitizers_threads):
    done = threading.Event()
    with scripted_server(lambda _server: done.wait(PATIENCE_SECONDS)) as port:
        process = start_client(client, "127.0.0.1", port)
        tasks = Path(f"/proc/{process.pid}/task")
        expected = 2 if client.name == "chat_client_threads" else 1
        while process.stderr.readline() != b"[CONNECTED]\n":
            assert process.poll() is None
        # Besides, there may be for a moment the thread that has looked up the host's name.
        threads = expected + sanitizers_threads
        assert wait_until(lambda: len(list(tasks.iterdir())) == threads, PATIENCE_SECONDS)
        done.set()
        process.communicate(timeout=PATIENCE_SECONDS)


def lines_until_left(hearer: subprocess.Popen) -> list[bytes]:
    """Returns what a client shows until the other one has left."""
    return list(iter(hearer.stdout.readline, b"* sayer left\n"))


def write_until_stuck(process: subprocess.Popen) -> int:
    """Types until the client takes no more; returns how many bytes it took."""
    os.set_blocking(process.stdin.fileno(), False)
    written = 0
    while written <= MOST_BYTES_UNDERWAY:
        try:
            written += os.write(process.stdin.fileno(), b"x" * 4095 + b"\n")
        except BlockingIOError:
            has_room = bool(select.select([], [process.stdin], [], LOOK_SECONDS)[1])
            if not has_room and is_stuck(process):
                break
    return written


def is_stuck(process: subprocess.Popen) -> bool:
    """Tells whether all threads of the client sleep, however often one looks."""
    return all(is_asleep(process) for _ in range(LOOKS))


def is_asleep(process: subprocess.Popen) -> bool:
    """Looks once."""
    time.sleep(LOOK_SECONDS)
    threads = [proc.read_stat(int(thread)) for thread in os.listdir(f"/proc/{process.pid}/task")]
    return all(thread is not None and thread.state == "S" for thread in threads)


def ended(process: subprocess.Popen) -> Outcome:
    """Waits until the client has ended, whatever was typed to it and not read."""
    stdout, stderr = process.stdout.read(), process.stderr.read()
    status = process.wait(PATIENCE_SECONDS)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    return outcome_of(stdout, stderr, status)


def closed_pipe() -> int:
    """Returns the writing end of a pipe that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    return write_end
