"""RES: what clients cost, and that it is given back."""

import pytest
from echolab.check import process_state
from echolab.check.payloads import numbered_blocks
from echolab.waiting import wait_until
from server_under_test import PATIENCE_SECONDS

MEBIBYTE = 1024 * 1024


def test_everything_is_given_back_when_clients_have_gone(server):
    """RES-3, RES-4: descriptors, threads and children, after every way of leaving."""
    for number in range(30):
        client = server.connect()
        client.echo(b"hello")
        client.close() if number % 2 else client.reset()
    server.assert_gave_everything_back()


@pytest.mark.only("fork-per-client")
def test_children_that_end_together_leave_no_zombies(server):
    """RES-4: twelve children end while their parent is stopped, and one signal tells of them."""
    clients = [server.connect() for _ in range(12)]
    for client in clients:
        client.echo(b"hello")
    children = server.children()
    with server.frozen([server.pid]):
        for client in clients:
            client.close()
        ended = wait_until(lambda: process_state.zombies(children) == children, PATIENCE_SECONDS)
        assert ended, "the children have not ended"
    assert wait_until(lambda: not server.children(), PATIENCE_SECONDS), "zombies are left"


@pytest.mark.without_sanitizers
def test_the_address_space_does_not_grow_with_the_clients_served(start_server):
    """RES-6: the stacks of a hundred threads that nobody joined would be 800 MiB."""
    # One heap for all threads: glibc would give a new one to whatever thread meets a busy one.
    server = start_server(environment={"MALLOC_ARENA_MAX": "1"})
    _serve_clients(server, 30)
    before = process_state.address_space_bytes(server.pid)
    _serve_clients(server, 100)
    assert process_state.address_space_bytes(server.pid) - before < 80 * MEBIBYTE


@pytest.mark.without_sanitizers
def test_a_client_that_never_reads_costs_little_memory(server):
    """RES-1: the server stops reading (else the client could send on), and hoards nothing."""
    client = server.connect(small_buffer=True)
    client.echo(b"hello")
    before = process_state.resident_bytes(server.process.tree())
    sent = client.send_until_stalled(numbered_blocks)
    grown = process_state.resident_bytes(server.process.tree()) - before
    assert grown < MEBIBYTE, f"{grown} bytes more, after {sent} bytes received"


def test_a_client_that_reads_at_last_gets_every_byte(server):
    """RES-2: what was held back is delivered, and the echo goes on."""
    client = server.connect(small_buffer=True)
    sent = client.send_until_stalled(numbered_blocks)
    client.expect(numbered_blocks(sent))
    client.echo(b"and on")


def test_silent_clients_cost_no_cpu(server):
    """RES-5: nothing to do is nothing to do."""
    for _ in range(3):
        server.connect()
    server.assert_uses_no_cpu()


def test_a_stalled_client_costs_no_cpu(server):
    """RES-5: it has half-closed and does not read, so that neither recv nor send has a chance."""
    client = server.connect(small_buffer=True)
    client.send_until_stalled(numbered_blocks)
    client.finish_sending()
    server.assert_uses_no_cpu()


def _serve_clients(server, count: int) -> None:
    for _ in range(count):
        server.assert_serves_a_newcomer()
