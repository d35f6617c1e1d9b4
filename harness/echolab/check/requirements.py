"""The requirements, read from the documents in which they stand."""

import functools
import itertools
import re
from dataclasses import dataclass

from echolab.models import ROOT

DOCUMENTS = (ROOT / "docs" / "protocol.md", ROOT / "docs" / "chat.md")
ROW = re.compile(r"^\| ([A-Z-]+-\d+) \| ((MUST\b|SHOULD\b|MAY\b|).*?) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Requirement:
    """One row of a document."""

    number: str  # "ECHO-4"
    level: str  # MUST, SHOULD or MAY, as in RFC 2119; MUST where the row has none of these words
    text: str  # what the server does, in the document's words
    reason: str  # why, and the source


@functools.cache
def requirements() -> dict[str, Requirement]:
    """Returns all requirements by their numbers, in the documents' order."""
    rows = itertools.chain.from_iterable(ROW.findall(text.read_text()) for text in DOCUMENTS)
    return {
        number: Requirement(number, level or "MUST", text, reason)
        for number, text, level, reason in rows
    }
