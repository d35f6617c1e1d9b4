"""Timelines of real servers. The order of things is asserted, never how long they take."""

import dataclasses
import json

import pytest

from echolab.contenders import contender_of_model
from echolab.timeline.command import Scene, measure
from echolab.timeline.observation import observe

# Seconds: a loaded machine may not look at what is over too soon, nor let all clients ask meanwhile.
SERVICE_TIMES = (0.05, 0.5, 2.0)
SCENE = Scene(clients=3, requests_each=2, service_time=0.05, service_work="sleep")
SILENT = """
    import signal, socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    signal.pause()
"""
GARBLING = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        client, _ = listener.accept()
        while data := client.recv(65536):
            client.sendall(data.upper())
"""
DYING = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    listener.accept()[0].recv(1)
    sys.exit("enough")
"""
THREADS = """
    import socketserver, sys, time

    class Slow(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                time.sleep(0.05)
                self.wfile.write(line)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    Server(("127.0.0.1", int(sys.argv[1])), Slow).serve_forever()
"""


@pytest.fixture
def panel_of(programs):
    """Runs a model under SCENE, slower and slower until `shows(panel)`; returns its panel."""

    def run(name: str, shows=lambda panel: True):
        for seconds in SERVICE_TIMES:
            scene = dataclasses.replace(SCENE, service_time=seconds)
            panel = measure(contender_of_model(name, programs, scene.options), scene)
            if shows(panel):
                break
        return panel

    return run


def test_an_iterative_server_serves_one_client_after_the_other(panel_of):
    panel = panel_of("iterative")
    assert panel.failures == ()
    assert panel.turns() == [1, 2, 3]
    assert panel.served_at_once() == 1


def test_who_waits_for_an_iterative_server_is_neither_accepted_nor_read(panel_of):
    def has_waited(panel) -> bool:
        first, second, third = (panel.of_client(number)[0][0] for number in (1, 2, 3))
        return (
            first.accepted < second.accepted < third.accepted
            and second.accepted >= panel.of_client(1)[-1][0].answered
            and second.unread_until >= first.answered
        )

    assert has_waited(panel_of("iterative", has_waited))


def test_threads_serve_all_clients_at_the_same_time(panel_of):
    panel = panel_of("thread-per-client", lambda panel: panel.served_at_once() == 3)
    assert panel.failures == ()
    assert panel.served_at_once() == 3


def test_a_loop_serves_one_request_at_a_time_and_accepts_all_clients(panel_of):
    panel = panel_of("select", lambda panel: len(panel.turns()) > 3)
    assert panel.served_at_once() == 1
    assert len(panel.turns()) > 3
    assert len(panel.requests) == 6


def test_times_come_in_their_order(panel_of):
    for one in panel_of("thread-pool --workers 2").requests:
        assert 0 <= one.ready <= one.sent <= one.unread_until <= one.read <= one.answered
        assert one.accepted <= one.answered


def test_a_server_that_does_not_answer_is_given_up(serve):
    with serve(SILENT) as server:
        seen = observe((server.host, server.port), 2, 1, patience=0.2)
    assert seen.requests == ()
    assert seen.failures[1] == "client 2: no answer to request 1 within 0.2 s"


def test_a_server_that_answers_something_else_is_told(serve):
    with serve(GARBLING) as server:
        seen = observe((server.host, server.port), 1, 1)
    (failure,) = seen.failures
    assert failure == r"client 1: b'CLIENT 1, REQUEST 1\n' came back for b'client 1, request 1\n'"


def test_a_stranger_is_drawn_beside_a_model_and_everything_is_kept(
    lab, programs, script, tmp_path
):
    files = {name: tmp_path / name for name in ("json", "trace", "html")}
    keep = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    mine = f"mine={' '.join(script(THREADS))} {{port}}"
    small = ["--clients", "3", "--requests", "1", "--service-time", "50ms"]
    status, output, _ = lab("timeline", "iterative", "--server", mine, *small, *keep)
    assert status == 0
    assert "One client at a time, each to its end." in output
    assert "\nmine\n  client 1 " in output
    written = json.loads(files["json"].read_text())
    assert [panel["server"] for panel in written["panels"]] == ["iterative", "mine"]
    assert [panel["service_time_us"] for panel in written["panels"]] == [50_000, None]
    assert json.loads(files["trace"].read_text())["traceEvents"]
    assert "<canvas" in files["html"].read_text()


def test_a_server_that_dies_is_one_line_and_the_others_are_drawn(lab, programs, script):
    dying = f"dying={' '.join(script(DYING))} {{port}}"
    status, output, errors = lab(
        "timeline", "epoll", "dying", "--server", dying, "--requests", "1", "--service-time", "5ms"
    )
    assert status == 1
    assert "lab: dying: died (exit status 1): enough\n" in errors
    assert "epoll: the kernel keeps the list" in output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["epol"], "unknown model 'epol': did you mean 'epoll'?"),
        (["--all", "epoll"], "--all: cannot stand beside names of servers"),
        (["--service-time", "1min"], "--service-time: '1min' is not from 0.001s to 10s"),
        (["--service-time", "soon"], "--service-time: 'soon' is not a duration"),
    ],
)
def test_bad_usage_is_told_at_once(lab, arguments, complaint):
    status, _, errors = lab("timeline", *arguments)
    assert status == 2
    assert complaint in errors


def test_a_file_that_cannot_be_written_is_told_after_the_picture(lab, programs):
    status, output, errors = lab(
        "timeline", "epoll", "--requests", "1", "--service-time", "5ms", "--json", "/dev/full/x"
    )
    assert status == 1
    assert "lab: cannot write /dev/full/x" in errors
    assert "All is done after" in output
