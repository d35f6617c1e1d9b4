"""Who takes part in a comparison: the kit's models, its peers, and anybody's command."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.errors import BadUsage, unknown
from echolab.models import MODELS, Model
from echolab.peers import PEERS, Peer
from echolab.server_process import ServerProcess, free_port

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Contender:
    """A server that can be started any number of times."""

    name: str
    command: tuple[str, ...]  # {port} and {host} stand for what the driver chooses
    is_model: bool = False
    one_client_at_a_time: bool = False
    is_peer: bool = False
    program: str = ""  # the build target of what is built here
    process_class: type[ServerProcess] = ServerProcess

    def process(self, core: int | None = None) -> ServerProcess:
        """Returns a new, not yet started process of this server, to stay on `core` if given."""
        if self.is_model:
            return self.process_class(self.name, self.command, core=core)
        port = free_port(HOST)
        command = [
            word.replace("{port}", str(port)).replace("{host}", HOST) for word in self.command
        ]
        return self.process_class(self.name, command, host=HOST, port=port, core=core)


def contender_of_model(name: str, programs: Path, passed_on: Sequence[str] = ()) -> Contender:
    """Returns the contender that runs a model from the directory of the built programs.

    `name` is that of the model, perhaps with options: "epoll --edge-triggered". All options of
    `passed_on` are added to them.
    """
    model, options = model_of(name)
    command = (str(programs / model.program), "--host", HOST, "--port", "0", "--quiet")
    command = (*command, *options, *passed_on)
    return Contender(
        " ".join((model.name, *options)),
        command,
        True,
        model.one_client_at_a_time,
        program=model.program,
    )


def contender_of_peer(peer: Peer, programs: Path) -> Contender:
    """Returns the contender that runs a peer."""
    return Contender(peer.name, peer.command(programs), is_peer=True, program=peer.program)


def names_model(name: str) -> bool:
    """Tells whether `name` is that of a model, perhaps with options."""
    return name.partition(" ")[0] in MODELS


def model_of(name: str) -> tuple[Model, list[str]]:
    """Returns the model and the options of "epoll --edge-triggered"."""
    model, *options = shlex.split(name)
    return MODELS[model], options


def contender_of_option(text: str) -> Contender:
    """Reads one --server NAME=COMMAND; raises BadUsage if it is not of that form."""
    name, equals, command = text.partition("=")
    if not (name and equals and command):
        raise BadUsage(f"--server '{text}': is not of the form NAME=COMMAND")
    if name in MODELS:
        raise BadUsage(f"--server '{name}': is the name of a model, choose another")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadUsage(f"--server {name}: cannot split the command: {error}") from None
    if not any("{port}" in word for word in words):
        raise BadUsage(
            f"--server {name}: the command has no {{port}}: write {{port}} where it takes the port"
        )
    return Contender(name, tuple(words))


def choose(
    names: Sequence[str],
    options: Sequence[str],
    programs: Path,
    passed_on: Sequence[str] = (),
    all_peers: bool = False,
) -> list[Contender]:
    """Returns the contenders that the command line asks for: SERVER..., --peers and --server.

    Without any SERVER all models take part; every --server takes part in any case, in place of a
    peer that has its name. The models get the options `passed_on`.
    """
    strangers = {stranger.name: stranger for stranger in map(contender_of_option, options)}
    if len(strangers) < len(options):
        raise BadUsage("--server: the same name is given twice")
    for name in names:
        if not names_model(name) and name not in strangers and name not in PEERS:
            raise unknown("model", name, [*MODELS, *PEERS, *strangers])
    models = filter(names_model, dict.fromkeys(names)) if names else MODELS
    chosen = [contender_of_model(name, programs, passed_on) for name in models]
    peers = (peer for name, peer in PEERS.items() if all_peers or name in names)
    chosen += [contender_of_peer(peer, programs) for peer in peers if peer.name not in strangers]
    return chosen + list(strangers.values())
