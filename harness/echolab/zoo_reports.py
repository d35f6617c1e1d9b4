"""What ./lab zoo prints and writes: a line a sighting, a summary, a page of Markdown, JSON."""

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from echolab.check.diagnosis import all_bugs
from echolab.zoo import Sighting, known_findings

HEAD = """# The zoo: what the checker finds

Written by `./lab zoo --markdown docs/zoo.md`: {right} of {count} right.

The checker has been let loose on servers that have one known bug each, pages of
[harness/zoo](../harness/zoo/README.md), and on good ones. Right means of a bad server that its bug
is the first diagnosis, and of a good one that nothing is found but what is known of it. "Also" are
other diagnoses: consequences of the bug, or what else is true of the server. "Failed" counts the
checks that failed; the last column is how long all of it took, several servers at a time. What the
checker cannot see, and how often all of this was tried, is told in [reliability.md](reliability.md).
"""


def as_line(sighting: Sighting) -> str:
    """Returns one sighting for people."""
    found = ", ".join(sighting.diagnosed) or "nothing"
    failed = f" (failed: {', '.join(sighting.failed)})" if not sighting.is_right else ""
    unsure = f" (inconclusive: {', '.join(sighting.unsure)})" if sighting.unsure else ""
    verdict = "right" if sighting.is_right else "WRONG"
    name, seconds = sighting.inhabitant.name, sighting.seconds
    return f"{verdict}  {name}: {found}{failed}{unsure}, {seconds:.1f} s"


def summary(sightings: Sequence[Sighting]) -> Iterator[str]:
    """Returns a line a server: how often it was right, for how long, and what else was said."""
    for name, seen in _by_server(sightings).items():
        seconds = [sighting.seconds for sighting in seen]
        right = sum(sighting.is_right for sighting in seen)
        others = Counter(_finding(sighting) for sighting in seen if not sighting.is_right)
        instead = "".join(f"; {count} times {what}" for what, count in others.most_common())
        yield (
            f"{name}: right {right} of {len(seen)},"
            f" median {statistics.median(seconds):.1f} s, worst {max(seconds):.1f} s{instead}"
        )


def _finding(sighting: Sighting) -> str:
    return ", ".join(sighting.diagnosed or sighting.failed) or "nothing"


def _by_server(sightings: Sequence[Sighting]) -> dict[str, list[Sighting]]:
    servers: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        servers.setdefault(sighting.inhabitant.name, []).append(sighting)
    return servers


def as_json(sightings: Sequence[Sighting]) -> str:
    """Returns the sightings for programs."""
    return json.dumps([as_dictionary(sighting) for sighting in sightings], indent=2)


def as_dictionary(sighting: Sighting) -> dict[str, Any]:
    """Returns one sighting for programs."""
    return {
        "server": sighting.inhabitant.name,
        "bug": sighting.inhabitant.bug,
        "diagnosed": list(sighting.diagnosed),
        "failed": list(sighting.failed),
        "inconclusive": list(sighting.unsure),
        "right": sighting.is_right,
        "seconds": round(sighting.seconds, 3),
    }


def as_markdown(sightings: Sequence[Sighting]) -> str:
    """Returns the kill matrix as a page of Markdown: the bad servers, then the good ones.

    Of a server that was seen several times, a sighting that is wrong counts before others.
    """
    right = sum(sighting.is_right for sighting in sightings)
    shown = [min(seen, key=lambda s: s.is_right) for seen in _by_server(sightings).values()]
    lines = [HEAD.format(right=right, count=len(sightings)), "## Servers with a bug", ""]
    lines += ["| the server | named first | also | failed | s |", "|---|---|---|---|---|"]
    lines += [_bad_row(sighting) for sighting in shown if sighting.inhabitant.bug]
    lines += ["", "## Good servers", "", "| the server | found | why | s |", "|---|---|---|---|"]
    lines += [_good_row(sighting) for sighting in shown if not sighting.inhabitant.bug]
    return "\n".join(lines) + "\n"


def _bad_row(sighting: Sighting) -> str:
    bug = all_bugs().get(sighting.inhabitant.bug)
    first, *also = sighting.diagnosed or ("nothing",)
    cells = (
        f"`{sighting.inhabitant.name}` {bug.title if bug else ''}",
        first + ("" if sighting.is_right else " (wrong)"),
        ", ".join(also) or "–",
        f"{len(sighting.failed)}",
        f"{sighting.seconds:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _good_row(sighting: Sighting) -> str:
    name = sighting.inhabitant.name
    reason = " ".join(known_findings().get(name, {}).get("reason", "").split())
    mark = "" if sighting.is_right else " (wrong)"
    return f"| `{name}` | {_finding(sighting)}{mark} | {reason} | {sighting.seconds:.0f} |"
