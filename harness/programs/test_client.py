"""The client: a conversation from a terminal or a pipe, and every way in which it may end."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client_process import PATIENCE_SECONDS, Outcome, finish, outcome_of, run_client, start_client
from echolab import proc
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until
from scripted_server import (
    echo_to_end,
    full_listener,
    receive_line,
    receive_to_end,
    reset,
    scripted_server,
)
from terminal import CTRL_C, CTRL_D, Terminal

MEBIBYTE = 1024 * 1024
MOST_BYTES_UNDERWAY = 64 * MEBIBYTE  # far more than the kernel's buffers take
LONG = "10min"  # a time-out that no test lives to see

RunClient = Callable[..., Outcome]


@pytest.fixture
def client(programs) -> Path:
    """Returns the program."""
    return programs / "client"


@pytest.fixture
def run(client) -> RunClient:
    """Returns run_client() for the program."""
    return lambda *arguments, **options: run_client(client, *arguments, **options)


@pytest.fixture
def echo_port(programs) -> Iterator[int]:
    """Gives the port of the kit's echo server."""
    with ServerProcess("poll", [str(programs / "poll_server"), "--port", "0"]) as server:
        yield server.port


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Gives a port that is taken, but on which nobody listens."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield unheard.getsockname()[1]


def numbered_lines(size: int) -> bytes:
    """Returns about `size` bytes of lines that are all different."""
    return b"".join(b"line %07d of a long paste\n" % number for number in range(size // 29))


# From a pipe


def test_each_line_of_a_pipe_gets_its_response(run, echo_port):
    outcome = run("127.0.0.1", echo_port, typed=b"hello\nworld\n")
    assert outcome.stdout == b"[RESPONSE] hello\n[RESPONSE] world\n"
    assert outcome.events == [
        f"[CONNECTING] 127.0.0.1:{echo_port}",
        "[CONNECTED]",
        "[DISCONNECTED]",
    ]
    assert outcome.status == 0


def test_a_last_line_without_end_is_sent_and_answered(run, echo_port):
    assert run("127.0.0.1", echo_port, typed=b"no end").stdout == b"[RESPONSE] no end\n"


def test_an_empty_input_is_a_conversation_without_words(run, echo_port):
    outcome = run("127.0.0.1", echo_port)
    assert (outcome.stdout, outcome.status) == (b"", 0)


def test_quit_ends_the_input_and_is_not_sent(run):
    received = []
    with scripted_server(lambda connection: received.append(receive_to_end(connection))) as port:
        outcome = run("127.0.0.1", port, typed=b"one\nquit\ntwo\n")
    assert (received, outcome.status) == ([b"one\n"], 0)


def test_the_end_of_the_input_waits_for_all_that_is_owed(run):
    def answer_afterwards(connection: socket.socket) -> None:
        connection.sendall(receive_to_end(connection).upper())

    with scripted_server(answer_afterwards) as port:
        outcome = run("127.0.0.1", port, typed=b"hello\nworld\n")
    assert (outcome.answers, outcome.status) == (["HELLO", "WORLD"], 0)


def test_eight_mebibytes_go_there_and_back_without_a_deadlock(run, echo_port):
    lines = numbered_lines(8 * MEBIBYTE)
    outcome = run("127.0.0.1", echo_port, typed=lines)
    assert outcome.stdout.replace(b"[RESPONSE] ", b"") == lines
    assert outcome.status == 0


def test_a_line_of_mebibytes_is_one_response(run, echo_port):
    line = b"x" * (4 * MEBIBYTE)
    assert run("127.0.0.1", echo_port, typed=line).stdout == b"[RESPONSE] " + line + b"\n"


def test_memory_is_bounded_while_the_server_takes_nothing(client):
    done = threading.Event()
    with scripted_server(lambda _connection: done.wait(PATIENCE_SECONDS)) as port:
        process = start_client(client, "127.0.0.1", port)
        events = process.stderr.readline() + process.stderr.readline()
        written = _write_until_stuck(process)
        done.set()
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    outcome = outcome_of(stdout, events + stderr, process.returncode)
    assert written <= MOST_BYTES_UNDERWAY, "the client read on, though nothing was taken from it"
    assert outcome.status == 1  # since the server did not take all


# Answers


def test_an_answer_in_pieces_is_one_response(client):
    shown = threading.Event()

    def answer_in_pieces(connection: socket.socket) -> None:
        receive_line(connection)
        connection.sendall(b"hel")
        assert shown.wait(PATIENCE_SECONDS)
        connection.sendall(b"lo\nbye\n")
        receive_to_end(connection)

    with scripted_server(answer_in_pieces) as port:
        process = start_client(client, "127.0.0.1", port, bufsize=0)
        process.stdin.write(b"hello\n")
        beginning = _read_exactly(process, len(b"[RESPONSE] hel"))
        shown.set()
        outcome = finish(process)
    assert beginning + outcome.stdout == b"[RESPONSE] hello\n[RESPONSE] bye\n"


def test_a_character_in_pieces_is_not_torn(run):
    def answer_in_bytes(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in "naïve €\r\n".encode():
            connection.sendall(bytes([byte]))
        receive_to_end(connection)

    with scripted_server(answer_in_bytes) as port:
        outcome = run("127.0.0.1", port)
    assert outcome.answers == ["naïve €"]


def test_a_last_answer_without_line_end_is_shown(run):
    with scripted_server(lambda connection: connection.sendall(b"no end")) as port:
        outcome = run("127.0.0.1", port)
    assert outcome.stdout == b"[RESPONSE] no end\n"


def test_what_would_command_a_terminal_is_escaped(run):
    with scripted_server(lambda connection: connection.sendall(b"\x1b]0;title\x07\xff\n")) as port:
        outcome = run("127.0.0.1", port)
    assert outcome.answers == [r"\x1b]0;title\x07\xff"]


def test_chunks_are_sent_one_by_one_without_line_ends(run):
    received = []

    def answer_each(connection: socket.socket) -> None:
        while chunk := connection.recv(1024):
            received.append(chunk)
            connection.sendall(b"<" + chunk + b">")

    with scripted_server(answer_each) as port:
        arguments = ("127.0.0.1", port, "--framing", "chunk", "--timeout", LONG)
        outcome = run(*arguments, typed=b"one\ntwo\n\nthree\nquit\n")
    assert received == [b"one", b"two", b"three"]
    assert (outcome.answers, outcome.status) == (["<one>", "<two>", "<three>"], 0)


def test_a_chunk_that_gets_no_answer_is_given_up_after_the_time_out(run):
    received = []

    def answer_no_first(connection: socket.socket) -> None:
        received.append(connection.recv(1024))
        received.append(connection.recv(1024))
        connection.sendall(b"second")
        receive_to_end(connection)

    with scripted_server(answer_no_first) as port:
        arguments = ("127.0.0.1", port, "--framing", "chunk", "--timeout", "300ms")
        outcome = run(*arguments, typed=b"one\ntwo\n")
    assert (received, outcome.answers) == ([b"one", b"two"], ["second"])


# On a terminal


def test_a_terminal_gets_a_prompt_and_its_answers(client, echo_port):
    with Terminal(client, "127.0.0.1", str(echo_port)) as terminal:
        terminal.expect_in_order([f"[CONNECTING] 127.0.0.1:{echo_port}", "[CONNECTED]", "> "])
        terminal.type_line("hello")
        assert terminal.expect("[RESPONSE] hello") == "hello\n"
        terminal.expect("> ")
        terminal.type_line("quit")
        assert terminal.finish() == ("quit\n[DISCONNECTED]\n", 0)


def test_the_end_of_a_terminal_is_an_orderly_end(client, echo_port):
    with Terminal(client, "127.0.0.1", str(echo_port)) as terminal:
        terminal.expect("> ")
        terminal.press(CTRL_D)
        shown, status = terminal.finish()
    assert shown.endswith("\n[DISCONNECTED]\n")
    assert status == 0


def test_quit_shows_what_is_still_owed(client):
    def answer_afterwards(connection: socket.socket) -> None:
        connection.sendall(receive_to_end(connection).upper())

    with (
        scripted_server(answer_afterwards) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("> ")
        terminal.type_line("hello")
        terminal.type_line("quit")
        terminal.expect_in_order(["[RESPONSE] HELLO", "[DISCONNECTED]"])
        assert terminal.finish()[1] == 0


def test_a_prompt_comes_back_though_no_answer_comes(client):
    with (
        scripted_server(receive_to_end) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("> ")
        terminal.type_line("hello")
        terminal.expect("> ")
        terminal.press(CTRL_D)
        assert terminal.finish()[1] == 0


def test_an_answer_without_line_end_is_ended_by_a_pause(client):
    def answer_without_line_end(connection: socket.socket) -> None:
        while receive_line(connection):
            connection.sendall(b"pong")

    with (
        scripted_server(answer_without_line_end) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        for _ in range(2):
            terminal.expect("> ")
            terminal.type_line("ping")
            terminal.expect("[RESPONSE] pong\r\n")
        terminal.expect("> ")
        terminal.press(CTRL_D)
        assert terminal.finish()[1] == 0


def test_an_answer_that_nobody_asked_for_begins_on_a_line_of_its_own(client):
    prompted = threading.Event()

    def speak_unasked(connection: socket.socket) -> None:
        assert prompted.wait(PATIENCE_SECONDS)
        connection.sendall(b"news\n")
        receive_to_end(connection)

    with (
        scripted_server(speak_unasked) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("> ")
        prompted.set()
        terminal.expect("\r\n[RESPONSE] news\r\n> ")
        terminal.press(CTRL_D)
        assert terminal.finish()[1] == 0


def test_a_large_paste_into_a_terminal_comes_back_whole(client, echo_port):
    lines = numbered_lines(2 * MEBIBYTE)
    with Terminal("/bin/sh", "-c", f"stty -echo; exec {client} 127.0.0.1 {echo_port}") as terminal:
        terminal.expect("> ")
        shown = terminal.paste(lines + b"quit\n", until="[DISCONNECTED]")
    # Whatever the pauses were, no byte is lost, and none in another place.
    assert "".join(shown.replace("[RESPONSE] ", "").replace("> ", "").split("\n")) == (
        lines.decode().replace("\n", "")
    )


def test_there_is_no_prompt_unless_both_sides_are_a_terminal(client, echo_port):
    command = f"{client} 127.0.0.1 {echo_port} | cat"
    with Terminal("/bin/sh", "-c", command) as terminal:
        terminal.expect("[CONNECTED]")
        terminal.type_line("hello")
        assert "> " not in terminal.expect("[RESPONSE] hello")
        terminal.press(CTRL_D)
        assert "> " not in terminal.finish()[0]


# Addresses


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_host_is_named_or_numbered(run, echo_port, host):
    assert run(host, echo_port, typed=b"hello\n").answers == ["hello"]


def test_ipv6_is_spoken(run):
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        with scripted_server(echo_to_end, host="::1") as port:
            outcome = run("::1", port, typed=b"hello\n")
        assert outcome.answers == ["hello"]
        assert outcome.events[0] == f"[CONNECTING] [::1]:{port}"
        return
    pytest.skip("this machine has no IPv6")


# Failures


def test_a_refused_connection_is_named(run, closed_port):
    outcome = run("127.0.0.1", closed_port)
    advice = "[REFUSED] Connection refused. Make sure the server is running."
    assert outcome.event("REFUSED") == advice
    assert outcome.status == 1


def test_a_host_that_refuses_on_each_address_is_named_once(run, closed_port):
    assert run("localhost", closed_port).event("REFUSED")


def test_a_connection_that_is_never_answered_times_out(run):
    with full_listener() as listener:
        outcome = run("127.0.0.1", listener.getsockname()[1], "--timeout", "300ms")
    assert outcome.event("TIMEOUT").startswith("[TIMEOUT] No connection within 0.3 s.")
    assert outcome.status == 1


def test_a_reset_is_named(run):
    def reset_after_a_line(connection: socket.socket) -> None:
        receive_line(connection)
        reset(connection)

    with scripted_server(reset_after_a_line) as port:
        outcome = run("127.0.0.1", port, typed=b"hello\n")
    assert outcome.event("RESET")
    assert outcome.status == 1


def test_the_last_words_before_a_reset_are_shown(run):
    """Who closes with input unread resets the connection; what he said before has arrived."""

    def answer_and_leave(connection: socket.socket) -> None:
        receive_line(connection)
        connection.sendall(b"error: line too long\n")

    with scripted_server(answer_and_leave) as port:
        outcome = run("127.0.0.1", port, typed=numbered_lines(MEBIBYTE))
    assert outcome.answers == ["error: line too long"]
    assert outcome.status == 1


def test_an_unreachable_network_is_named(run):
    outcome = run("255.255.255.255", 7)  # no connection leads to all hosts at once
    assert outcome.event("UNREACHABLE")
    assert outcome.status == 1


def test_a_name_that_nobody_has_is_named(run):
    outcome = run("name.invalid", 7)  # RFC 6761, 6.4
    assert "'name.invalid'" in outcome.event("LOOKUP")
    assert outcome.status == 1


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("ECONNREFUSED", "REFUSED"),
        ("ETIMEDOUT", "TIMEOUT"),
        ("ECONNRESET", "RESET"),
        ("ENETUNREACH", "UNREACHABLE"),
        ("EHOSTUNREACH", "UNREACHABLE"),
        ("EACCES", "ERROR"),
    ],
)
def test_each_failure_of_connect_has_its_name(client, echo_port, error, name):
    with _injection(client, f"connect:error={error}", "127.0.0.1", echo_port) as process:
        outcome = finish(process)
    assert outcome.event(name)
    assert outcome.status == 1


@pytest.mark.parametrize("calls", ["poll", "recvfrom", "sendto"])
def test_interrupted_calls_are_repeated(client, echo_port, calls):
    injection = f"{calls}:error=EINTR:when=1..3"
    with _injection(client, injection, "127.0.0.1", echo_port) as process:
        process.stdin.write(b"hello\nworld\n")
        outcome = finish(process)
    assert (outcome.answers, outcome.status) == (["hello", "world"], 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["127.0.0.1", "0"],
        ["127.0.0.1", "65536"],
        ["127.0.0.1", "echo!"],
        ["127.0.0.1", "7", "surplus"],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--timeout", "5 fortnights"],
        ["--ping", "0"],
        ["--framing", "none"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_status_2(client, arguments):
    ended = subprocess.run([client, *arguments], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("client: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_no_failure(client, option):
    ended = subprocess.run([client, option], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "client" in ended.stdout


# The server ends it


def test_a_server_that_closes_first_is_named(client):
    with (
        scripted_server(receive_line) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect("> ")
        terminal.type_line("bye")
        terminal.expect("[CLOSED] The server has closed the connection.")
        assert terminal.finish() == ("\n[DISCONNECTED]\n", 0)


def test_a_server_that_closes_while_the_user_thinks_does_not_wait_for_him(client):
    with (
        scripted_server(lambda _connection: None) as port,
        Terminal(client, "127.0.0.1", str(port)) as terminal,
    ):
        terminal.expect_in_order(["[CLOSED]", "[DISCONNECTED]"])
        assert terminal.finish()[1] == 0


def test_input_that_a_closing_server_has_not_taken_is_a_failure(client):
    ready = threading.Event()

    def close_when_ready(connection: socket.socket) -> None:
        assert connection.recv(1024) == b"first"
        assert ready.wait(PATIENCE_SECONDS)

    with scripted_server(close_when_ready) as port:
        arguments = ("127.0.0.1", port, "--framing", "chunk", "--timeout", LONG)
        process = start_client(client, *arguments, bufsize=0)
        process.stdin.write(b"first\nsecond\n")
        ready.set()
        outcome = finish(process)
    assert "before it had all messages" in outcome.event("CLOSED")
    assert outcome.status == 1


def test_quit_does_not_wait_for_ever_for_a_server_that_does_not_close(run):
    done = threading.Event()
    with scripted_server(lambda _connection: done.wait(PATIENCE_SECONDS)) as port:
        outcome = run("127.0.0.1", port, "--timeout", "300ms", typed=b"quit\n")
        done.set()
    assert outcome.event("TIMEOUT")
    assert outcome.status == 1


# The user interrupts it


def test_ctrl_c_while_connecting_ends_at_once(client):
    with full_listener() as listener:
        port = str(listener.getsockname()[1])
        with Terminal(client, "127.0.0.1", port, "--timeout", LONG) as terminal:
            terminal.expect("[CONNECTING]")
            terminal.press(CTRL_C)
            terminal.expect_in_order(["[INTERRUPT]", "[DISCONNECTED]"])
            assert terminal.finish()[1] == 1


def test_ctrl_c_at_the_prompt_ends_the_client(client, echo_port):
    with Terminal(client, "127.0.0.1", str(echo_port)) as terminal:
        terminal.expect("> ")
        terminal.press(CTRL_C)
        terminal.expect_in_order(["\r\n[INTERRUPT]", "\r\n[DISCONNECTED]\r\n"])
        assert terminal.finish()[1] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_client_whose_answers_nobody_reads(client, number):
    def flood(connection: socket.socket) -> None:
        connection.settimeout(None)
        with contextlib.suppress(ConnectionError):
            while True:
                connection.sendall(b"x" * 1000 + b"\n")

    with scripted_server(flood) as port, _pipe() as (_, full):
        process = start_client(client, "127.0.0.1", port, stdout=full)
        assert wait_until(lambda: _takes_no_more(full) and _sleeps(process), PATIENCE_SECONDS)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    outcome = outcome_of(b"", stderr, process.returncode)
    assert outcome.event("INTERRUPT")
    assert outcome.status == 1


def test_what_is_typed_while_connecting_is_kept(client):
    with full_listener() as listener:
        port = str(listener.getsockname()[1])
        with Terminal(client, "127.0.0.1", port, "--timeout", "60s") as terminal:
            terminal.expect("[CONNECTING]")
            terminal.type_line("hello")
            with contextlib.ExitStack() as accepted:
                connection = _first_to_speak(listener, accepted)
                connection.sendall(receive_line(connection))
                terminal.expect("[RESPONSE] hello")


# Closed descriptors


def test_a_reader_that_goes_away_ends_the_client_in_order(client, echo_port):
    process = start_client(client, "127.0.0.1", echo_port)
    process.stdout.close()
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    outcome = outcome_of(b"", process.stderr.read(), process.wait(PATIENCE_SECONDS))
    assert outcome.event("CLOSED")
    assert outcome.status == 1


@pytest.mark.parametrize(
    ("redirection", "status"), [("<&-", 0), (">&-", 1), ("<&- >&-", 0), (">/dev/full", 1)]
)
def test_descriptors_that_are_closed_at_the_start_harm_nobody(
    client, echo_port, redirection, status
):
    command = f"exec {client} 127.0.0.1 {echo_port} {redirection}"
    outcome = run_client(Path("/bin/sh"), "-c", command, typed=b"hello\n")
    assert outcome.status == status


def test_without_stderr_the_answers_come_all_the_same(client, echo_port):
    ended = subprocess.run(
        ["/bin/sh", "-c", f"exec {client} 127.0.0.1 {echo_port} 2>&-"],
        input=b"hello\n",
        stdout=subprocess.PIPE,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == (b"[RESPONSE] hello\n", 0)


def _first_to_speak(listener: socket.socket, accepted: contextlib.ExitStack) -> socket.socket:
    """Accepts clients until one of them has said something, and returns that one's connection."""
    sockets = [listener]
    while True:
        readable, _, _ = select.select(sockets, [], [], PATIENCE_SECONDS)
        assert readable, "nobody says anything"
        if readable != [listener]:
            return next(ready for ready in readable if ready is not listener)
        connection, _ = listener.accept()
        sockets.append(accepted.enter_context(connection))


def _read_exactly(process: subprocess.Popen, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := process.stdout.read(count - len(data))):
        data += piece
    return data


@contextlib.contextmanager
def _injection(client: Path, injection: str, *arguments: object) -> Iterator[subprocess.Popen]:
    """Starts the client under strace, which makes calls fail (strace(1), inject)."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    # The search for leaks at the end does not work under strace.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    with tempfile.NamedTemporaryFile(suffix=".strace") as log:
        options = ["-qq", "--daemonize", f"--output={log.name}", f"--inject={injection}"]
        command = [*options, client, *arguments]
        with start_client(Path("strace"), *command, env=environment) as process:
            yield process
        hit = wait_until(lambda: b"(INJECTED)" in Path(log.name).read_bytes(), PATIENCE_SECONDS)
    assert hit, "the fault was never met: the test has tested nothing"


def _write_until_stuck(process: subprocess.Popen) -> int:
    """Writes until the client sleeps and takes no more; returns how many bytes it took."""
    os.set_blocking(process.stdin.fileno(), False)
    written = 0
    block = numbered_lines(MEBIBYTE)

    def is_stuck() -> bool:
        nonlocal written
        try:
            written += os.write(process.stdin.fileno(), block)
        except BlockingIOError:
            return _sleeps(process)
        return written > MOST_BYTES_UNDERWAY

    assert wait_until(is_stuck, PATIENCE_SECONDS)
    return written


def _sleeps(process: subprocess.Popen) -> bool:
    stat = proc.read_stat(process.pid)
    return stat is not None and stat.state == "S"


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Gives the two ends of a pipe."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def _takes_no_more(pipe: int) -> bool:
    return not select.select([], [pipe], [], 0)[1]
