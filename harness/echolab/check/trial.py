"""What a check works with."""

import contextlib
from collections.abc import Iterator
from typing import Any

from echolab.check import fault_injection
from echolab.check.fault_injection import Faults
from echolab.check.outcomes import Failed
from echolab.check.specimen import Command, Specimen
from echolab.check.transcript import Transcript
from echolab.variants import SERVICE as POLITE
from echolab.variants import THE_KITS, Variant

DATAGRAM_SERVICES = ("udp-echo",)


class Facts(dict[str, Any]):
    """What checks have observed, by name. What was not observed is None."""

    def __missing__(self, _name: str) -> None:
        return None


class Trial:
    """One carrying out of one check.

    `known` are the facts of the basic checks, made before: what kind of server this is.
    """

    def __init__(self, command: Command, known: Facts, service: str = "echo"):
        self.command = command
        self.known = known
        self.service = service
        self.facts = Facts()
        self.specimens: list[Specimen] = []

    @property
    def variant(self) -> Variant:
        """What a server of the service `polite` has to say."""
        return self.known["variant"] or THE_KITS

    def start(self, **how) -> Specimen:
        """Starts an instance of the server: see Specimen.start for how."""
        specimen = Specimen(
            self.command,
            takes_datagrams=self.service in DATAGRAM_SERVICES,
            greets=self.service == POLITE,
        )
        self.specimens.append(specimen)
        return specimen.start(**how)

    def state(self, **facts: Any) -> None:
        """States what was observed, for the diagnosis."""
        self.facts.update(facts)

    def require(self, condition: bool, message: str) -> None:
        """Fails the check, unless the condition holds, with what the server did instead."""
        if not condition:
            raise Failed(message)

    def require_alive(self, specimen: Specimen, after: str, seconds: float = 0.0) -> None:
        """Fails the check if the server has died, and states how; waits for that for a while."""
        if specimen.dies_within(seconds):
            end = specimen.how_it_ended()
            self.state(died_after=after, died_of=end)
            raise Failed(f"the server died ({end}) after {after}")

    @contextlib.contextmanager
    def faults(self, specimen: Specimen, *injections: str) -> Iterator[Faults]:
        """While it lasts, system calls of the server fail, or take longer: see fault_injection."""
        pids = specimen.process.tree()
        with fault_injection.faults(pids, specimen.note, *injections) as faults:
            yield faults

    @property
    def transcript(self) -> Transcript:
        """The steps taken with all instances, in order of the instances."""
        whole = Transcript()
        for specimen in self.specimens:
            whole.steps += specimen.transcript.steps
        return whole

    def end(self) -> None:
        """Ends all instances."""
        for specimen in self.specimens:
            specimen.destroy()
