"""Prefork-epoll: workers with many clients each, and a queue that outlives them."""

import os
import re
import signal

import pytest
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS, ServerUnderTest

pytestmark = pytest.mark.only("prefork-epoll")

WORKER_LINE = re.compile(r"^prefork-epoll: worker \d, process \d+: (\d+) clients?$", re.MULTILINE)


def kill_worker(server: ServerUnderTest, worker: int) -> None:
    """Kills a worker; returns at once."""
    server.note(f"SIGKILL to worker process {worker}")
    os.kill(worker, signal.SIGKILL)


def test_a_worker_serves_many_clients_at_once(start_server):
    """CONC-1: unlike a worker of prefork, which has one."""
    server = start_server("--workers", "1")
    clients = server.connect_served(20)
    for client in clients:
        client.echo(b"and again")
    assert len(server.children()) == 1


def test_clients_in_a_dead_workers_queue_are_served_by_its_successor(start_server):
    """LIFE-13, CONC-5: the parent has kept the listener, and so the kernel the connections."""
    server = start_server("--workers", "1")
    (worker,) = server.children()
    with server.frozen([worker]):
        clients = [server.connect() for _ in range(5)]
        for number, client in enumerate(clients):
            client.send(b"%d" % number)
        kill_worker(server, worker)
    for number, client in enumerate(clients):
        client.expect(b"%d" % number)


def test_the_clients_of_a_dead_worker_are_counted_out(start_server):
    """LIFE-13, LIMIT-6: and so there is room for as many others."""
    server = start_server("--workers", "1", "--max-clients", "3")
    lost = server.connect_served(3)
    assert server.connect().is_disconnected()
    kill_worker(server, server.children()[0])
    assert all(client.is_disconnected() for client in lost)
    assert wait_until(lambda: server.connect().is_served(), PATIENCE_SECONDS)


def test_max_clients_counts_the_clients_of_all_workers(start_server):
    """LIMIT-6: however the kernel shares them out among four."""
    server = start_server("--workers", "4", "--max-clients", "10")
    served = [client for client in (server.connect() for _ in range(30)) if client.is_served()]
    assert len(served) == 10


def test_the_summary_tells_how_many_clients_each_worker_had(start_server):
    """LIFE-4: each client is counted once."""
    server = start_server("--workers", "2")
    for _ in range(12):
        server.assert_serves_a_newcomer()
    assert server.terminate() == 0
    counts = WORKER_LINE.findall(server.stdout)
    assert len(counts) == 2
    assert sum(map(int, counts)) == 12
