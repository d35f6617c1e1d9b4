"""SERV: what the services answer, and how a server ends a connection first, under every model."""

import shutil
import signal
import subprocess
import time

import pytest
from echolab.check import process_state
from echolab.check.payloads import numbered_blocks
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS

LONGEST_LINE = 4096  # bytes, the line end not counted
SERVICES = ("ack", "bye", "pingpong", "temperature")
NOT_TEXT = bytes(range(256)).replace(b"\n", b"") + b"\n"
PATIENT = {"timeout": PATIENCE_SECONDS, "check": True, "stdout": subprocess.PIPE}


def start_service(start_server, name: str, *options: str):
    """Starts a server of the service `name`."""
    return start_server("--service", name, *options)


def check_answers(server, conversation: dict[bytes, bytes]) -> None:
    """Lets one client say its messages one by one, and compares the answers."""
    with server.connect() as client:
        for message, answer in conversation.items():
            client.send(message)
            client.expect(answer)


def test_each_message_is_acknowledged(start_server):
    """SERV-1: in the words of the tutorials."""
    hello = {b"hello\n": b"Message 'hello' received successfully\n"}
    check_answers(start_service(start_server, "ack"), hello)


def test_messages_are_echoed_until_bye(start_server):
    """SERV-2: the farewell is echoed, too, and then the server closes."""
    server = start_service(start_server, "bye")
    check_answers(server, {b"hello\n": b"hello\n", b"good bye\n": b"good bye\n"})
    client = server.connect()
    client.send(b"hello\nbye\nnever heard\n")
    client.expect_end(b"hello\nbye\n")


def test_ping_gets_pong_until_done(start_server):
    """SERV-3: anything else is ignored."""
    client = start_service(start_server, "pingpong").connect()
    client.send(b"ping\nwhat?\nping\n")
    client.expect(b"pong\npong\n")
    client.expect_silence()
    client.send(b"done\n")
    client.expect_end()


def test_celsius_gets_fahrenheit(start_server):
    """SERV-4: with two decimals; what is no number is an error, and the connection goes on."""
    conversation = {
        b"100\n": b"212.00\n",
        b"abc\n": b"error: 'abc' is not a temperature\n",
        b"nan\n": b"error: 'nan' is not a temperature\n",
        b"inf\n": b"error: 'inf' is not a temperature\n",
        b"-40\n": b"-40.00\n",
    }
    check_answers(start_service(start_server, "temperature"), conversation)


def test_lines_may_come_in_any_pieces(start_server):
    """SERV-5: a message ends at its newline, CRLF is accepted, and an unfinished one waits."""
    client = start_service(start_server, "ack").connect()
    client.send(b"hel")
    client.expect_silence()
    client.send(b"lo\r\nsecond\nthi")
    client.expect(
        b"Message 'hello' received successfully\nMessage 'second' received successfully\n"
    )
    client.send(b"rd")
    client.finish_sending()
    client.expect_end(b"Message 'third' received successfully\n")


@pytest.mark.parametrize("service", SERVICES)
def test_a_line_that_is_too_long_ends_the_connection(start_server, service):
    """SERV-5: the longest is answered, one byte more is an error."""
    server = start_service(start_server, service)
    with server.connect() as client:
        client.send(b"x" * LONGEST_LINE + b"\n")
        client.finish_sending()
        assert b"too long" not in client.receive_to_end()
    client = server.connect()
    client.send(b"x" * (LONGEST_LINE + 1))
    client.expect_end(b"error: line too long\n")


def test_chunks_are_what_one_recv_returned(start_server):
    """SERV-6: a client without newlines gets answers without newlines."""
    conversation = {
        b"hello": b"Message 'hello' received successfully",
        b"with a newline\n": b"Message 'with a newline' received successfully\n",
    }
    check_answers(start_service(start_server, "ack", "--framing", "chunk"), conversation)


def test_two_chunks_that_come_together_are_taken_for_one(start_server):
    """SERV-6: why a chunk is not a message. The server is stopped while both arrive."""
    server = start_service(start_server, "ack", "--framing", "chunk")
    client = server.connect()
    client.send(b"first")
    client.expect(b"Message 'first' received successfully")
    with server.frozen():
        client.send(b"second")
        client.send(b"third")
    client.expect(b"Message 'secondthird' received successfully")


@pytest.mark.parametrize("framing", ["line", "chunk"])
@pytest.mark.parametrize("service", SERVICES)
def test_bytes_that_are_no_text_harm_nobody(start_server, service, framing):
    """SERV-7: and none that commands a terminal is in an answer, but where bytes are echoed."""
    server = start_service(start_server, service, "--framing", framing)
    client = server.connect()
    client.send(NOT_TEXT)
    client.finish_sending()
    answer = client.receive_to_end()
    assert service == "bye" or b"\x1b" not in answer
    assert b"\x1b" not in server.stderr.encode()


def test_a_client_that_is_still_sending_gets_the_last_answer(start_server):
    """SERV-8: closed at once, the connection would be reset, and the answer be lost with it."""
    server = start_service(start_server, "bye")
    client = server.connect()
    with server.frozen():
        client.send(b"bye\n" + numbered_blocks(100_000))
    client.expect_end(b"bye\n")


def test_a_client_that_does_not_close_is_given_up(start_server):
    """SERV-8: its descriptor, thread or process comes back, though it keeps its end open."""
    server = start_service(start_server, "bye")
    client = server.connect()
    client.send(b"bye\n")
    client.expect_end(b"bye\n")
    server.assert_gave_everything_back()


def test_a_client_that_never_stops_sending_is_given_up(start_server):
    """SERV-8: what it sends after the end is thrown away, but not for ever."""
    server = start_service(start_server, "bye")
    client = server.connect()
    client.send(b"bye\n")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            client.send(numbered_blocks(64 * 1024))


def test_done_ends_the_server_if_it_is_told_so(start_server):
    """SERV-9: as a signal would, with status 0 and the others' answers delivered."""
    server = start_service(start_server, "pingpong", "--until-done")
    client = server.connect()
    client.send(b"ping\ndone\n")
    client.expect_end(b"pong\n")
    assert server.wait_for_exit() == 0


def test_until_done_is_refused_for_other_services(start_server, programs, subject):
    """SERV-9: an option without effect would be a misunderstanding."""
    ended = subprocess.run(
        [programs / subject.model.program, "--port", "0", "--until-done"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 2
    assert "--until-done" in ended.stderr


def test_a_message_costs_the_service_time(start_server):
    """SERV-10: asleep, each of five one after the other."""
    seconds, messages = 0.05, 5
    server = start_server("--service-time", f"{seconds}s")
    client = server.connect()
    started = time.monotonic()
    for _ in range(messages):
        client.echo(b"hello")
    assert time.monotonic() - started >= messages * seconds


def test_a_message_costs_the_service_time_in_cpu(start_server):
    """SERV-10: with --service-work cpu it is computed, not slept."""
    seconds, messages = 0.05, 5
    server = start_server("--service-time", f"{seconds}s", "--service-work", "cpu")
    client = server.connect()
    client.echo(b"hello")  # a process for the client may be new
    before = process_state.cpu_seconds(server.process.tree())
    for _ in range(messages):
        client.echo(b"hello")
    used = process_state.cpu_seconds(server.process.tree()) - before
    assert used >= 0.8 * messages * seconds  # CPU time comes in ticks of 10 ms


def test_a_stop_signal_does_not_wait_for_the_service_time(start_server):
    """SERV-10: work that is for show is cut short."""
    server = start_server("--service-time", "1min")
    client = server.connect()
    client.send(b"hello")
    assert wait_until(lambda: client.unacknowledged() == 0, PATIENCE_SECONDS)
    server.wait_until_quiet()
    server.send_signal(signal.SIGTERM)
    client.expect_end(b"hello")
    assert server.wait_for_exit() == 0


@pytest.mark.skipif(not shutil.which("nc"), reason="nc (netcat-openbsd) is not installed")
@pytest.mark.parametrize("framing", ["line", "chunk"])
def test_netcat_is_served(start_server, framing):
    """SERV-5, SERV-6: nc sends a file's lines and its end; the last line lacks its newline."""
    server = start_service(start_server, "temperature", "--framing", framing)
    command = ["nc", "-N", server.process.host, str(server.process.port)]
    answer = subprocess.run(command, input=b"100", **PATIENT).stdout
    assert answer.strip() == b"212.00"


@pytest.mark.skipif(not shutil.which("socat"), reason="socat is not installed")
def test_socat_is_served(start_server):
    """SERV-5: socat half-closes at the end of its input, and waits for the answers."""
    server = start_service(start_server, "ack")
    target = f"TCP:{server.process.host}:{server.process.port}"
    command = ["socat", "-t", f"{PATIENCE_SECONDS:g}", "-", target]
    answer = subprocess.run(command, input=b"one\r\ntwo\n", **PATIENT).stdout
    assert answer == (
        b"Message 'one' received successfully\nMessage 'two' received successfully\n"
    )
