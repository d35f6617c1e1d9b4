"""The labs, found by their handouts in docs/labs, and the questions that these ask.

A question is an item of the list under the heading Predict, and begins with a comment that names
the measurement which answers it, on a line of its own:

    1. <!-- question: backlog -->
       How many ...?
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from echolab.errors import LabError, unknown
from echolab.models import ROOT

HANDOUTS = ROOT / "docs" / "labs"
QUESTION = re.compile(r"<!--\s*question:\s*([a-z0-9-]+)\s*-->\s*(.*)")


@dataclass(frozen=True)
class Question:
    """What a handout asks: `name` is that of the measurement that answers it."""

    name: str
    text: str


@dataclass(frozen=True)
class Lab:
    """A lab: its number, such as "00", its title, and its handout."""

    number: str
    title: str
    handout: Path


def all_labs() -> list[Lab]:
    """Returns the labs in their order."""
    paths = sorted(HANDOUTS.glob("[0-9][0-9]-*.md"))
    return [Lab(path.name[:2], _title(path), path) for path in paths]


def find_lab(name: str) -> Lab:
    """Returns the lab of that number or name; raises BadUsage if there is none."""
    labs = {lab.number: lab for lab in all_labs()} | {lab.handout.stem: lab for lab in all_labs()}
    if name not in labs:
        raise unknown("lab", name, labs)
    return labs[name]


def questions(lab: Lab) -> list[Question]:
    """Returns what the lab asks to predict; raises LabError if it asks nothing, or not rightly."""
    found = list(_questions(lab.handout.read_text()))
    if not found:
        raise LabError(f"lab {lab.number} asks nothing: {lab.handout}")
    return found


def _title(path: Path) -> str:
    return path.read_text().partition("\n")[0].lstrip("# ")


def _questions(text: str) -> Iterator[Question]:
    name = None
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "html_block" and (match := QUESTION.match(token.content)):
            name = match[1]
            if match[2]:  # to Markdown that line is all comment
                raise LabError(f"question {name}: begin a new line behind the comment: {match[2]}")
        elif token.type == "inline" and name:
            words = token.content.replace("`", "").replace("*", "")
            yield Question(name, " ".join(words.split()))
            name = None
