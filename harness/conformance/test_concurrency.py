"""CONC: several clients, and none of them another's problem."""

import pytest
from echolab.check.payloads import numbered_blocks

BURST = 64
SILENT_CLIENTS = 64
ANSWERS_IN_A_FLOOD = 20


@pytest.mark.documented_limit("iterative", "one client at a time is its lesson")
def test_two_clients_are_served_at_once(server):
    """CONC-1: the second is answered while the first is connected."""
    first, second = server.connect(), server.connect()
    first.echo(b"first")
    second.echo(b"second")
    first.echo(b"first again")


def test_a_client_that_waits_is_served_when_the_one_before_leaves(server):
    """CONC-5: what it sent meanwhile is answered too."""
    first, second = server.connect(), server.connect()
    first.echo(b"first")
    second.send(b"second")
    first.close()
    second.expect(b"second")


@pytest.mark.only("thread-pool", "prefork")
def test_client_eleven_is_served_as_soon_as_one_of_the_ten_leaves(start_server):
    """CONC-5: ten silent clients take all ten workers; which of them leaves does not matter."""
    server = start_server("--workers", "10")
    ten = server.connect_served(10)
    eleventh = server.connect()
    eleventh.send(b"eleven")
    eleventh.expect_silence()
    ten[4].close()
    eleventh.expect(b"eleven")


@pytest.mark.excused("iterative", "the first silent client would hold up all others")
def test_silent_clients_hold_up_nobody(start_server, subject):
    """CONC-1: a bystander is served beside 1, 2, 3... silent clients."""
    server = start_server(*subject.workers_for(SILENT_CLIENTS + 1))
    for _ in range(SILENT_CLIENTS):
        server.connect()
        server.assert_serves_a_newcomer()


def test_all_clients_of_a_burst_are_served(server):
    """CONC-4: they connect, and send, before the server looks."""
    with server.frozen():
        clients = [server.connect() for _ in range(BURST)]
        for number, client in enumerate(clients):
            client.send(b"%d" % number)
            client.finish_sending()
    for number, client in enumerate(clients):
        client.expect_end(b"%d" % number)


@pytest.mark.excused("iterative", "it serves one client at a time")
def test_clients_that_talk_at_once_get_their_own_bytes(server):
    """CONC-2: eight streams with nothing in common, all in flight together."""
    clients = [server.connect() for _ in range(8)]
    messages = [bytes([65 + number]) * 20_000 for number in range(8)]
    for _ in range(5):
        with server.frozen():
            for client, message in zip(clients, messages):
                client.send(message)
        for client, message in zip(clients, messages):
            client.expect(message)


@pytest.mark.excused("iterative", "it serves one client at a time")
def test_a_client_that_does_not_read_holds_up_nobody(server):
    """CONC-3: a bystander from before and a newcomer are served."""
    bystander = server.connect()
    server.connect(small_buffer=True).send_until_stalled(numbered_blocks)
    bystander.echo(b"bystander")
    server.assert_serves_a_newcomer()


@pytest.mark.excused("iterative", "it serves one client at a time")
def test_a_client_that_sends_without_pause_holds_up_nobody(start_server):
    """CONC-6: the flood ends only when a bystander has had its answers.

    So busy a server never gets to the end of what has come: one that must, serves nobody else.
    """
    server = start_server("--service-time", "1ms", "--service-work", "cpu")
    bystander, flooder = server.connect_served(2)
    with flooder.flooding():
        for _ in range(ANSWERS_IN_A_FLOOD):
            bystander.echo(b"bystander")
