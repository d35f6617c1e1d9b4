"""The peers: who takes part, how they are marked, and that each is an echo server."""

import json
import os
import select
import socket
from pathlib import Path

import pytest

from echolab import doctor, peers
from echolab.contenders import choose, contender_of_peer
from echolab.errors import BadUsage
from echolab.measurement import verify_echo
from echolab.models import MODELS
from echolab.peers import PEERS, Peer

SENT_BYTES = 16 << 20  # more than the buffers on the way hold: servers meet short writes
RECEIVE_BYTES = 1 << 16
SOCAT_BYTES = 48 << 10  # with more, it may block on the pipe to itself (harness/zoo/findings.toml)
PATIENCE_SECONDS = 30


def names(contenders) -> list[str]:
    return [contender.name for contender in contenders]


def test_peers_stand_beside_the_models():
    assert names(choose([], [], Path(), all_peers=True)) == [*MODELS, *PEERS]


def test_peers_stand_beside_the_chosen_models():
    assert names(choose(["poll"], [], Path(), all_peers=True)) == ["poll", *PEERS]


def test_a_peer_can_be_chosen_by_its_name():
    assert names(choose(["poll", "libuv"], [], Path())) == ["poll", "libuv"]


def test_a_server_option_takes_the_place_of_the_peer_of_that_name():
    (mine,) = choose(["socat"], ["socat=./mine {port}"], Path())
    assert mine.command == ("./mine", "{port}") and not mine.is_peer


@pytest.mark.parametrize("peer", PEERS.values(), ids=lambda peer: peer.name)
def test_every_page_of_a_peer_exists_and_is_a_page(peer):
    pages = [Path(word) for word in peer.command(Path("bin")) if str(peers.DIRECTORY) in word]
    for page in pages:
        assert page.exists() and len(page.read_text().splitlines()) <= 100
    assert pages or peer.program or peer.packages


def test_a_peer_that_was_not_built_says_what_to_install(tmp_path):
    reason = "libuv is missing: install libuv1-dev"
    info = {"left_out": {"peer_libuv": reason}}
    (tmp_path / "build_info.json").write_text(json.dumps(info))
    assert PEERS["libuv"].absence(tmp_path) == reason
    assert PEERS["libevent"].absence(tmp_path) is None


def test_a_peer_whose_tool_is_missing_says_what_to_install():
    peer = Peer("x", "", ("no-such-tool", "{port}"), ("one", "two"), tool="no-such-tool")
    assert peer.absence(Path()) == "no-such-tool is missing: install one and two"


def test_a_peer_whose_python_module_is_missing_says_what_to_install():
    peer = Peer("x", "", ("{python}", "{port}"), ("python3-x",), module="no_such_module")
    assert peer.absence(Path()) == "no_such_module is missing: install python3-x"


def test_what_is_left_out_is_named_and_the_others_are_compared(programs, lab, tiny, monkeypatch):
    monkeypatch.setattr(peers.Peer, "is_provided", lambda self: False)
    status, output, errors = lab("compare", "node", "asyncio", "--rounds", "1", "--workload", tiny)
    assert status == 0, errors
    assert "lab: node is left out here: node is missing: install nodejs" in errors
    assert "asyncio †" in output and "node †" not in output


def test_peers_are_marked_in_the_table_and_in_the_json(programs, lab, tiny, tmp_path):
    file = tmp_path / "result.json"
    options = ["--rounds", "1", "--workload", tiny, "--json", str(file)]
    status, output, errors = lab("compare", "poll", "asyncio", *options)
    assert status == 0, errors
    assert "† peer: on another library" in output
    result = json.loads(file.read_text())
    for part in ("runs", "summary"):
        assert {entry["server"]: entry["peer"] for entry in result[part]} == {
            "poll": False,
            "asyncio": True,
        }


@pytest.mark.parametrize("name", PEERS)
def test_it_echoes_every_byte_up_to_the_end_of_stream(programs, name):
    if reason := PEERS[name].absence(programs):
        pytest.skip(reason)
    sent = os.urandom(SOCAT_BYTES if name == "socat" else SENT_BYTES)
    with contender_of_peer(PEERS[name], programs).process() as server:
        verify_echo(server)
        with socket.create_connection((server.host, server.port), PATIENCE_SECONDS) as client:
            assert echoed_by(client, sent) == sent


def echoed_by(client: socket.socket, data: bytes) -> bytes:
    """Receives only while nothing can be sent, so that all buffers on the way are full."""
    unsent, echoed = memoryview(data), bytearray()
    while unsent:
        _, writable, _ = select.select([], [client], [], 0)
        if writable:
            unsent = unsent[client.send(unsent) :]
        else:
            echoed += client.recv(RECEIVE_BYTES)
    client.shutdown(socket.SHUT_WR)
    while received := client.recv(RECEIVE_BYTES):
        echoed += received
    return bytes(echoed)


def test_a_mistyped_peer_is_told_with_the_nearest_name():
    with pytest.raises(BadUsage, match="unknown peer 'peers/libux': did you mean 'peers/libuv'?"):
        peers.peer_of("peers/libux")


@pytest.mark.parametrize("options", [(), ("7007", "more"), ("--port",)])
def test_a_peer_takes_a_port_and_nothing_else(options):
    with pytest.raises(BadUsage, match="peers/asyncio takes a port, and nothing else"):
        peers.command_of_peer(PEERS["asyncio"], options)


def test_a_peer_runs_on_the_port_that_it_is_given():
    assert peers.command_of_peer(PEERS["asyncio"], ["7007"])[-1] == "7007"


def test_the_doctor_says_what_a_peer_needs(monkeypatch):
    monkeypatch.setattr(doctor, "_is_installed", lambda package: package == "cargo")
    findings = {finding.name: finding for finding in doctor.examine()}
    tokio = findings["peer tokio and tokio-1-thread"]
    assert tokio.status == "warning"
    assert tokio.remedy.endswith(" librust-tokio-dev") and "cargo" not in tokio.remedy
