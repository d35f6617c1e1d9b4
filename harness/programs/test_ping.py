"""The client's --ping, and the client against servers that others wrote, in Python."""

import contextlib
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client_process import PATIENCE_SECONDS, Outcome, outcome_of, run_client, start_client
from echolab.server_process import ServerProcess
from scripted_server import receive_line, receive_to_end, reset, scripted_server

PYTHON_SERVERS = Path(__file__).parent / "python_servers"
ROUND_TRIP = re.compile(r"^127\.0\.0\.1:\d+: seq=(\d+) time=[\d.]+ (µs|ms)$", re.MULTILINE)
TIMES = re.compile(r"^rtt min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/[\d.]+ ms$", re.MULTILINE)
SOON = "200ms"

Ping = Callable[..., Outcome]
StartServer = Callable[..., int]


@pytest.fixture
def run(programs) -> Ping:
    """Returns a function that runs the client against a port of this machine."""
    return lambda *options, **how: run_client(programs / "client", "127.0.0.1", *options, **how)


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Returns a function that starts a command that prints a ready line; it returns the port."""
    with contextlib.ExitStack() as servers:

        def start(*command: str | Path) -> int:
            server = ServerProcess(Path(command[0]).name, list(map(str, command)))
            return servers.enter_context(server).port

        yield start


def answer_pings(*answers: bytes) -> Callable[[socket.socket], None]:
    """Returns a script that gives these answers to the first pings; b"" is none."""

    def serve(connection: socket.socket) -> None:
        for answer in answers:
            receive_line(connection)
            connection.sendall(answer)
        receive_to_end(connection)

    return serve


def summary(outcome: Outcome) -> str:
    """Returns what follows the line of dashes."""
    return outcome.stdout.decode().partition("ping statistics ---\n")[2]


def assert_all_came_back(outcome: Outcome, count: int) -> None:
    """Checks the lines, the summary, and that the times are in order."""
    shown = outcome.stdout.decode()
    assert [int(number) for number, _ in ROUND_TRIP.findall(shown)] == list(range(1, count + 1))
    assert summary(outcome).startswith(f"{count} sent, {count} received, 0% loss\n")
    least, mean, most = map(float, TIMES.search(summary(outcome)).groups())
    assert least <= mean <= most
    assert outcome.status == 0


# Against the servers of the kit


@pytest.mark.parametrize("model", ["iterative", "thread_per_client", "poll", "asio_callbacks"])
@pytest.mark.parametrize("framing", ["line", "chunk"])
def test_ten_pings_come_back_from_a_server_of_the_kit(
    run, start_server, programs, model, framing
):
    options = ["--service", "pingpong", "--framing", framing]
    port = start_server(programs / f"{model}_server", "--port", "0", *options)
    assert_all_came_back(run(port, "--ping", 10, "--framing", framing), 10)


def test_done_is_said_at_the_end(programs, run):
    command = [str(programs / "poll_server"), "--port", "0", "--service", "pingpong"]
    with ServerProcess("poll", [*command, "--until-done"]) as server:
        assert_all_came_back(run(server.port, "--ping", 1), 1)
        assert server.wait(PATIENCE_SECONDS)
        assert server.exit_status == 0


# Answers that are late, missing or wrong


def test_torn_answers_are_put_together(run):
    def answer_in_bytes(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while receive_line(connection) == b"ping\n":
            for byte in b"pong\r\n":
                connection.sendall(bytes([byte]))

    with scripted_server(answer_in_bytes) as port:
        assert_all_came_back(run(port, "--ping", 3), 3)


def test_a_missing_answer_is_a_loss(run):
    with scripted_server(answer_pings(b"pong\n", b"", b"pong\n", b"pong\n")) as port:
        outcome = run(port, "--ping", 4, "--timeout", SOON)
    assert ": seq=2 no answer\n" in outcome.stdout.decode()
    assert summary(outcome).startswith("4 sent, 3 received, 25% loss\n")
    assert outcome.event("TIMEOUT").startswith("[TIMEOUT] No answer within 0.2 s.")
    assert outcome.status == 1


def test_a_server_that_never_answers_is_a_loss_of_all(run):
    with scripted_server(receive_to_end) as port:
        outcome = run(port, "--ping", 2, "--timeout", SOON)
    assert summary(outcome) == "2 sent, 0 received, 100% loss\n"
    assert outcome.status == 1


def test_a_late_answer_is_not_taken_for_that_of_the_next_ping(programs):
    late = threading.Event()

    def answer_the_first_late(connection: socket.socket) -> None:
        receive_line(connection)
        assert late.wait(PATIENCE_SECONDS)
        connection.sendall(b"pong\n")
        assert receive_line(connection) == b"ping\n"
        connection.sendall(b"pong\n")
        receive_to_end(connection)

    with scripted_server(answer_the_first_late) as port:
        arguments = ("127.0.0.1", port, "--ping", 2, "--timeout", "3s")
        client = start_client(programs / "client", *arguments)
        shown = _read_until(client, b"seq=1 no answer\n")
        late.set()
        stdout, stderr = client.communicate(timeout=PATIENCE_SECONDS)
    outcome = outcome_of(shown + stdout, stderr, client.returncode)
    assert b": seq=1 answered too late, after 3" in outcome.stdout
    assert b": seq=2 time=" in outcome.stdout
    assert summary(outcome).startswith("2 sent, 1 received, 50% loss\n")
    assert outcome.status == 1


def test_a_wrong_answer_is_told_and_escaped(run):
    with scripted_server(answer_pings(b"p\x1bng\n", b"pong\n")) as port:
        outcome = run(port, "--ping", 2)
    assert r": seq=1 wrong answer 'p\x1bng'" in outcome.stdout.decode()
    assert summary(outcome).startswith("2 sent, 1 received, 50% loss\n")
    assert "--service pingpong" in outcome.event("ERROR")
    assert outcome.status == 1


def test_a_second_answer_to_one_ping_is_told(run):
    with scripted_server(answer_pings(b"pong\npong\n", b"pong\n")) as port:
        outcome = run(port, "--ping", 2)
    assert ": surplus answer 'pong'\n" in outcome.stdout.decode()
    assert outcome.status == 1


def test_an_answer_without_end_is_a_wrong_one(run):
    with scripted_server(answer_pings(b"x" * 5000)) as port:
        outcome = run(port, "--ping", 1)
    assert "wrong answer 'xxx" in outcome.stdout.decode()
    assert outcome.status == 1


@pytest.mark.parametrize(
    ("leave", "event"), [(socket.socket.close, "CLOSED"), (reset, "RESET")], ids=["fin", "reset"]
)
def test_a_server_that_leaves_does_not_take_the_summary_along(run, leave, event):
    def answer_once_and_leave(connection: socket.socket) -> None:
        receive_line(connection)
        connection.sendall(b"pong\n")
        receive_line(connection)
        leave(connection)

    with scripted_server(answer_once_and_leave) as port:
        outcome = run(port, "--ping", 10)
    assert summary(outcome).startswith("2 sent, 1 received, 50% loss\n")
    assert outcome.event(event)
    assert outcome.status == 1


def test_ctrl_c_ends_the_pings_with_their_summary(programs):
    with scripted_server(answer_pings(b"pong\n")) as port:
        arguments = ("127.0.0.1", port, "--ping", 10, "--timeout", "10min")
        client = start_client(programs / "client", *arguments)
        shown = _read_until(client, b"seq=1 time=")
        client.send_signal(signal.SIGINT)
        stdout, stderr = client.communicate(timeout=PATIENCE_SECONDS)
    outcome = outcome_of(shown + stdout, stderr, client.returncode)
    assert re.match(r"[12] sent, 1 received, (0|50)% loss\n", summary(outcome))
    assert outcome.event("INTERRUPT")
    assert outcome.status == 1


# Against servers in Python


@pytest.fixture(params=["socketserver", "selectors", "asyncio"])
def python_server(request, start_server) -> Callable[[str], int]:
    """Returns a function that starts a server in Python, of a framing; it returns the port."""
    program = PYTHON_SERVERS / f"{request.param}_server.py"
    return lambda framing: start_server(sys.executable, "-B", program, "--framing", framing)


@pytest.mark.parametrize("framing", ["line", "chunk"])
def test_ten_pings_come_back_from_a_server_in_python(run, python_server, framing):
    port = python_server(framing)
    assert_all_came_back(run(port, "--ping", 10, "--framing", framing), 10)


@pytest.mark.parametrize("framing", ["line", "chunk"])
def test_a_server_in_python_acknowledges_each_message(run, python_server, framing):
    outcome = run(
        python_server(framing), "--framing", framing, typed="hello\nnaïve\nquit\n".encode()
    )
    assert outcome.answers == [
        "Message 'hello' received successfully",
        "Message 'naïve' received successfully",
    ]
    assert outcome.status == 0


def test_a_server_in_python_closes_after_done(run, python_server):
    outcome = run(python_server("line"), typed=b"ping\ndone\n")
    assert (outcome.answers, outcome.status) == (["pong"], 0)


def _read_until(client, text: bytes) -> bytes:
    shown = b""
    while text not in shown and (byte := client.stdout.read(1)):
        shown += byte
    return shown
