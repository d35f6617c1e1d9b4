"""The requirements, read from the document in which they stand: docs/protocol.md."""

import functools
import re
from dataclasses import dataclass

from echolab.models import ROOT

DOCUMENT = ROOT / "docs" / "protocol.md"
ROW = re.compile(r"^\| ([A-Z]+-\d+) \| ((MUST|SHOULD|MAY)\b.*?) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Requirement:
    """One row of the document."""

    number: str  # "ECHO-4"
    level: str  # MUST, SHOULD or MAY, as in RFC 2119
    text: str  # what the server does, in the document's words
    reason: str  # why, and the source


@functools.cache
def requirements() -> dict[str, Requirement]:
    """Returns all requirements by their numbers, in the document's order."""
    rows = ROW.findall(DOCUMENT.read_text())
    return {
        number: Requirement(number, level, text, reason) for number, text, level, reason in rows
    }
