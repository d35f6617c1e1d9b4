"""Prefork: workers that are there before their clients, and are replaced when they die."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from echolab.check.process_state import footprint
from echolab.models import MODELS
from echolab.waiting import wait_until
from process_limits import as_limited_user, is_within_reach
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

pytestmark = pytest.mark.only("prefork")

PROCESSES_AT_MOST = 4  # the parent among them
WORKER_LINE = re.compile(r"^prefork: worker (\d+), process (\d+): (\d+) clients?$", re.MULTILINE)


def worker_with_client(server: ServerUnderTest) -> int:
    """Returns the worker that serves the only client: it holds one more descriptor."""
    return max(server.children(), key=lambda pid: footprint(pid).descriptors)


def kill(server: ServerUnderTest, worker: int) -> None:
    """Kills a worker, and waits until another has its place."""
    count = len(server.children())
    server.note(f"SIGKILL to worker process {worker}")
    os.kill(worker, signal.SIGKILL)
    replaced = wait_until(
        lambda: worker not in server.children() and len(server.children()) == count,
        PATIENCE_SECONDS,
    )
    assert replaced, f"{len(server.children())} workers, {count} before"


def test_the_workers_stay_whoever_comes_and_goes(start_server):
    """RES-3: no fork a client: the processes at the end are those of the beginning."""
    server = start_server("--workers", "3")
    workers = server.children()
    assert len(workers) == 3
    for _ in range(10):
        server.assert_serves_a_newcomer()
    assert server.children() == workers


def test_a_killed_worker_is_replaced_and_its_client_counted_out(start_server):
    """LIFE-13: its client is disconnected, the others go on, the count is right."""
    server = start_server("--workers", "2")
    (victim,) = server.connect_served(1)
    worker = worker_with_client(server)
    (bystander,) = server.connect_served(1)
    kill(server, worker)
    assert victim.is_disconnected()
    bystander.echo(b"still here")
    server.wait_for_log(rf"\[ERROR\] worker \d, process {worker}, was killed by signal 9")
    server.connect().echo(b"newcomer")
    assert re.findall(r"\[ACTIVE CONNECTIONS\] (\d+)", server.stderr) == ["1", "2", "2"]


def test_a_killed_workers_client_makes_room_for_another(start_server):
    """LIFE-13, LIMIT-6: --max-clients counts those who are connected, not those who were lost."""
    server = start_server("--workers", "2", "--max-clients", "1")
    server.connect_served(1)
    assert server.connect().is_disconnected()
    kill(server, worker_with_client(server))
    server.assert_serves_a_newcomer()


def test_a_worker_without_a_client_is_replaced_as_well(start_server):
    """LIFE-13: nobody was lost, so nobody is counted out."""
    server = start_server("--workers", "1")
    kill(server, server.children()[0])
    server.connect().echo(b"hello")
    assert "[ACTIVE CONNECTIONS] 1" in server.stderr


def test_a_stopped_worker_does_not_hold_up_the_end(start_server):
    """LIFE-6, LIFE-9: it does not hear SIGTERM, and is killed after the grace."""
    server = start_server("--workers", "2")
    os.kill(server.children()[0], signal.SIGSTOP)
    assert server.terminate() == 0
    assert "was killed by signal 9" in server.stderr


def test_the_summary_counts_the_clients_of_each_worker(start_server):
    """LIFE-4: a line a worker, and together they make the total."""
    server = start_server("--workers", "3")
    workers = set(server.children())
    for _ in range(7):
        server.assert_serves_a_newcomer()
    server.assert_gave_everything_back()
    server.terminate()
    lines = WORKER_LINE.findall(server.stdout)
    assert [number for number, *_ in lines] == ["1", "2", "3"]
    assert {int(process) for _, process, _ in lines} == workers
    assert sum(int(clients) for *_, clients in lines) == 7
    assert "prefork: clients served: 7," in server.stdout


def test_the_clients_of_a_worker_that_died_stay_in_the_summary(start_server):
    """LIFE-4, LIFE-13: its successor has its place."""
    server = start_server("--workers", "1")
    server.connect_served(1)
    kill(server, server.children()[0])
    (successor,) = server.children()
    server.assert_serves_a_newcomer()
    server.assert_gave_everything_back()
    server.terminate()
    assert WORKER_LINE.findall(server.stdout) == [("1", str(successor), "2")]


@pytest.mark.without_sanitizers
def test_without_processes_for_all_workers_it_does_not_start(model, programs: Path):
    """LIMIT-3: status 1, no worker is left running, and the last line says what to do."""
    if not is_within_reach(programs):
        pytest.skip("the limit does not bind root, and no other user may run these programs")
    program = str(programs / MODELS[model].program)
    limited = [*as_limited_user(), "prlimit", f"--nproc={PROCESSES_AT_MOST}"]
    ended = subprocess.run(
        [*limited, program, "--port", "0"],
        capture_output=True,  # waits until the last worker has closed its copy of stderr
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 1
    complaint = r"prefork: no process for worker \d+ of 10 \(try fewer --workers\): fork: .+"
    assert re.fullmatch(complaint, ended.stderr.splitlines()[-1]), ended.stderr
