"""Who takes part in a measurement, built and present, and what the driver provides for them."""

import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab import processors
from echolab.build import build, left_out
from echolab.contenders import Contender, choose
from echolab.errors import LabError
from echolab.measurement import Cores
from echolab.peers import PEERS


@dataclass(frozen=True)
class Lineup:
    """What a measurement needs."""

    programs: Path  # the directory of the built programs
    contenders: list[Contender]

    @property
    def loadgen(self) -> Path:
        """The load generator."""
        return self.programs / "loadgen"


def line_up(
    servers: Sequence[str],
    commands: Sequence[str],
    passed_on: Sequence[str] = (),
    all_peers: bool = False,
) -> Lineup:
    """Builds what the command line asks for, and leaves out, by name, what is not possible here.

    The arguments are those of contenders.choose. Each server may then have as many descriptors as
    the hard limit allows.
    """
    # A mistyped name is told before a long build.
    expected = choose(servers, commands, Path(), all_peers=all_peers)
    raise_descriptor_limit()
    programs = build("release", ["loadgen", *_programs_of(expected)])
    contenders = choose(servers, commands, programs, passed_on, all_peers)
    return Lineup(programs, _present_here(contenders, programs))


def raise_descriptor_limit() -> None:
    """Lets every server have as many descriptors as the hard limit allows: getrlimit(2).

    Shells often set a soft limit of 1024, at which a comparison with more clients would end.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def two_cores() -> Cores:
    """Returns a processor for the server and another one for the load generator."""
    available = processors.available()
    if len(available) < 2:
        raise LabError("--pin needs two processors, and this process may use one only")
    return Cores(*processors.on_separate_cores(available))


def _programs_of(contenders: Sequence[Contender]) -> list[str]:
    return list(dict.fromkeys(one.program for one in contenders if one.program))


def _present_here(contenders: Sequence[Contender], programs: Path) -> list[Contender]:
    """Returns those that could be built on this machine, and names the others."""
    absent = {one.name: _absence(one, programs) for one in contenders}
    for name, reason in absent.items():
        if reason:
            print(f"lab: {name} is left out here: {reason}", file=sys.stderr)
    return [one for one in contenders if not absent[one.name]]


def _absence(contender: Contender, programs: Path) -> str | None:
    if contender.is_peer:
        return PEERS[contender.name].absence(programs)
    return left_out(programs).get(contender.program)
