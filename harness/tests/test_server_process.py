import signal
import socket
import subprocess

import pytest

from echolab import proc
from echolab.models import MODELS
from echolab.port_claims import claim
from echolab.server_process import ServerError, ServerProcess, free_port
from echolab.waiting import wait_until

LISTENING = """
    import os, signal, socket, sys

    {before}
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    {after}
    while True:
        signal.pause()
"""
COUNTING = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        listener.accept()
        print("accepted", flush=True)
"""


def test_readiness_is_found_without_a_connection(serve):
    with serve(COUNTING) as server:
        with socket.create_connection((server.host, server.port)):
            assert wait_until(lambda: "accepted" in server.stdout, 60)
        assert server.stdout.splitlines() == ["accepted"], "someone connected before this test"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_ready_line_says_where_a_server_of_the_kit_listens(programs, host):
    command = [str(programs / MODELS["poll"].program), "--host", host, "--port", "0", "--quiet"]
    with ServerProcess("poll", command) as server:
        assert server.host == host
        with socket.create_connection((server.host, server.port), 60) as client:
            client.sendall(b"hello")
            assert client.recv(5, socket.MSG_WAITALL) == b"hello"


def test_a_server_that_dies_at_the_start_is_reported_with_its_last_words(serve):
    server = serve("import sys; sys.exit('the stove is on fire')")
    with pytest.raises(ServerError, match=r"ended before .*exit status 1.*the stove is on fire"):
        server.start()


def test_a_server_that_never_listens_is_given_up_and_ended(serve):
    server = serve("import signal; signal.pause()")
    with pytest.raises(ServerError, match="does not listen after 0.2 s"):
        server.start(seconds=0.2)
    assert not server.tree()


def test_a_missing_program_is_reported():
    with pytest.raises(ServerError, match="cannot start '/no/such': no such program"):
        ServerProcess("test", ["/no/such"]).start()


def test_a_server_that_ignores_sigterm_is_killed(serve):
    server = serve(LISTENING.format(before="signal.signal(15, signal.SIG_IGN)", after=""))
    server.start()
    assert server.stop(grace=0.2) == -signal.SIGKILL
    assert server.killed


def test_children_that_a_server_leaves_behind_are_ended(serve):
    server = serve(LISTENING.format(before="", after="os.fork() or signal.pause()"))
    with server:
        assert wait_until(lambda: len(server.tree()) == 2, 60)
        family = server.tree()
    assert not [pid for pid in family if proc.read_stat(pid)]


def test_a_server_that_becomes_a_daemon_is_followed_and_ended(serve):
    become_daemon = "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"
    with serve(LISTENING.format(before=become_daemon, after="")) as server:
        assert wait_until(lambda: not server.is_running(), 60)
        assert wait_until(lambda: len(server.tree()) == 1, 60)
        (daemon,) = server.tree()
        assert daemon != server.pid
    assert proc.read_stat(daemon) is None


def test_the_final_account_counts_children_that_ended(serve):
    burn = "import time\n    if os.fork() == 0:\n        while time.process_time() < 0.1: pass"
    wait = "        os._exit(0)\n    os.wait()"
    with serve(LISTENING.format(before=f"{burn}\n{wait}", after="")) as server:
        pass
    assert server.rusage.ru_utime + server.rusage.ru_stime >= 0.1


def test_what_a_server_printed_is_still_there_after_it_ended(serve):
    with serve(LISTENING.format(before="", after="print('hello', flush=True)")) as server:
        assert wait_until(lambda: server.stdout == "hello\n", 60)
    assert server.stdout == "hello\n"


def test_a_server_dies_with_the_process_that_started_it(script):
    listening = script(LISTENING.format(before="", after=""), "listening.py")
    driver = script(
        f"""
        import signal
        from echolab.server_process import ServerProcess, free_port

        port = free_port()
        server = ServerProcess("test", {listening!r} + [str(port)], port=port)
        server.start()
        print(server.pid, flush=True)
        signal.pause()
        """,
        "driver.py",
    )
    with subprocess.Popen(driver, stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        assert proc.read_stat(pid)
        process.kill()
    assert wait_until(lambda: _has_ended(pid), 60)


def _has_ended(pid: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is None or stat.state == "Z"


def test_a_free_port_is_not_one_that_clients_are_given():
    first_ephemeral, _ = proc.ephemeral_ports()
    assert 1024 <= free_port() < first_ephemeral


def test_a_free_port_has_no_listener():
    assert not proc.is_listening(free_port())


def test_a_port_is_given_to_one_program_only_before_its_server_listens(script):
    claims = script(
        """
        import signal, socket, sys
        from echolab.port_claims import claim

        print(claim(int(sys.argv[1]), socket.SOCK_STREAM), flush=True)
        signal.pause()
        """
    )
    port = free_port()
    with subprocess.Popen([*claims, str(port)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "False\n"
        other.kill()


def test_a_port_of_udp_is_none_of_tcp():
    port = free_port()
    assert claim(port, socket.SOCK_DGRAM) and not claim(port, socket.SOCK_DGRAM)
