"""The server that is watched: started for it, or found running."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.build import build_program
from echolab.check import process_state
from echolab.contenders import Contender, contender_of_model, model_of, names_model
from echolab.errors import BadUsage, LabError, unknown
from echolab.models import MODELS
from echolab.server_process import ServerProcess


@dataclass(frozen=True)
class FoundServer:
    """A server that runs already; it is left running."""

    pid: int

    def name(self) -> str:
        """Returns the name of its program, as the kernel keeps it."""
        return proc.read_status(self.pid).get("Name", "?")

    def tree(self) -> list[int]:
        """Returns its process and all that descend from it."""
        return proc.descendants([self.pid])

    def is_running(self) -> bool:
        """Tells whether it has not ended."""
        stat = proc.read_stat(self.pid)
        return stat is not None and stat.state != "Z"

    def ports(self) -> list[int]:
        """Returns the TCP ports on which it listens."""
        return sorted(process_state.listening_ports(self.tree()))

    def how_it_ended(self) -> str:
        """Returns the line that says that it has ended."""
        return f"process {self.pid} has ended"


class StartedServer:
    """A server that was started to be watched."""

    def __init__(self, process: ServerProcess):
        self.process = process

    @property
    def pid(self) -> int:
        """The process id of its command."""
        return self.process.pid

    def tree(self) -> list[int]:
        """Returns all its processes."""
        return self.process.tree()

    def is_running(self) -> bool:
        """Tells whether anything of it is left."""
        return self.process.is_running() or bool(self.process.tree())

    def ports(self) -> list[int]:
        """Returns the TCP port on which it listens."""
        return [self.process.port]

    def how_it_ended(self) -> str:
        """Returns the line that says that it has ended."""
        return self.process.death_in_words()


def find_server(pid: int) -> FoundServer:
    """Returns the server that runs as process `pid`; raises LabError if it cannot be watched."""
    found = FoundServer(pid)
    if not found.is_running():
        raise BadUsage(f"--pid {pid}: there is no such process")
    try:
        list(Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        raise LabError(f"--pid {pid}: another user's process: watch it as root") from None
    if not found.ports():
        raise LabError(f"--pid {pid}: listens on no TCP port")
    return found


def contender_of(words: Sequence[str]) -> Contender:
    """Returns the server that the words of the command line name, built if it is a model's."""
    if names_model(words[0]):
        name = " ".join(words)
        return contender_of_model(name, build_program(model_of(name)[0].program).parent)
    if not any("{port}" in word for word in words):
        if len(words) == 1:
            raise unknown("model", words[0], MODELS)
        raise BadUsage("the command has no {port}: write {port} where it takes the port")
    return Contender(" ".join(words), tuple(words))


def idea_of(contender: Contender) -> str:
    """Returns a model's idea; "" of other servers."""
    return MODELS[contender.name.partition(" ")[0]].idea if contender.is_model else ""
