"""Long runs of ./lab zoo: what was seen is written as it comes, and counts when one goes on."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from echolab import zoo
from echolab.errors import BadUsage
from echolab.zoo import Inhabitant, Sighting
from echolab.zoo_reports import as_dictionary

CHECKED = zoo.look_at.__name__  # the way of logs that name none
CHECKER = Path(__file__).with_name("check")


class Log:
    """A file of JSON lines, one a sighting, written as they come: a long run can be split.

    What is in it counts, if the same checker saw it in the same way, beside the same load.
    """

    def __init__(self, path: Path, load: int, way: str = CHECKED):
        self._path = path
        self._conditions = {"load": load, "way": way, "checker": checker_digest()}

    def sightings(self, inhabitants: Sequence[Inhabitant]) -> list[Sighting]:
        """Returns what was seen of these before; raises BadUsage for a file of another kind."""
        by_name = {inhabitant.name: inhabitant for inhabitant in inhabitants}
        return [
            Sighting(
                by_name[entry["server"]],
                tuple(entry["diagnosed"]),
                tuple(entry["failed"]),
                tuple(entry["inconclusive"]),
                entry["seconds"],
            )
            for entry in self._entries()
            if entry["server"] in by_name
            and {"way": CHECKED, **entry}.items() >= self._conditions.items()
        ]

    def add(self, sighting: Sighting) -> None:
        """Writes one more line."""
        with self._path.open("a") as lines:
            lines.write(json.dumps({**as_dictionary(sighting), **self._conditions}) + "\n")

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        for number, line in enumerate(self._path.read_text().splitlines(), start=1):
            try:
                entry = json.loads(line)
                entry["server"], entry["diagnosed"], entry["failed"], entry["inconclusive"]
                yield entry
            except (ValueError, KeyError, TypeError):
                raise BadUsage(f"{self._path}, line {number}: this is no sighting") from None


def checker_digest() -> str:
    """Returns what tells one state of the checker's sources from another."""
    digest = hashlib.sha256()
    for path in sorted(CHECKER.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def visit_repeatedly(
    chosen: Sequence[Inhabitant],
    repeat: int,
    load: int,
    jobs: int,
    log: Path | None,
    on_sighting: Callable[[Sighting], None],
    look: Callable[[Inhabitant], Sighting] = zoo.look_at,
) -> list[Sighting]:
    """Visits each of the chosen until it was seen `repeat` times, those in the log counted.

    What a visit is, `look` says. Returns all sightings in the order of the chosen; `on_sighting` is
    told of the new ones.
    """
    written = Log(log, load, look.__name__) if log else None
    seen = written.sightings(chosen) if written else []

    def take(sighting: Sighting) -> None:
        if written:
            written.add(sighting)
        on_sighting(sighting)

    seen += zoo.visit(missing(chosen, repeat, seen), load, jobs, take, look)
    return sorted(seen, key=lambda sighting: chosen.index(sighting.inhabitant))


def missing(
    chosen: Sequence[Inhabitant], repeat: int, seen: Sequence[Sighting]
) -> list[Inhabitant]:
    """Returns whom to visit, in rounds: so an early end leaves something of everybody."""
    times = Counter(sighting.inhabitant.name for sighting in seen)
    return [
        inhabitant
        for number in range(repeat)
        for inhabitant in chosen
        if times[inhabitant.name] <= number
    ]
