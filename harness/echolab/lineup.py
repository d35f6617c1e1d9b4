"""Who takes part in a measurement, built and present."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.build import build
from echolab.compare import present_here, programs_of, raise_descriptor_limit
from echolab.contenders import Contender, choose


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
    servers: Sequence[str], commands: Sequence[str], passed_on: Sequence[str] = ()
) -> Lineup:
    """Builds what the command line asks for, and leaves out, by name, what is not possible here.

    The arguments are those of contenders.choose. Each server may then have as many descriptors as
    the hard limit allows.
    """
    expected = choose(servers, commands, Path())  # a mistyped name is told before a long build
    raise_descriptor_limit()
    programs = build("release", ["loadgen", *programs_of(expected)])
    contenders = choose(servers, commands, programs, passed_on)
    return Lineup(programs, present_here(contenders, programs))
