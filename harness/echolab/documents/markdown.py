"""A page of Markdown as its tests see it: fenced blocks, headings, links, inline code.

CommonMark 0.30 as markdown-it reads it; headings are addressed as GitHub does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from echolab.errors import BadUsage

DIRECTIVES = ("not run", "types", "prompt", "terminal", "file", "listing")
DIRECTIVE = re.compile(rf"<!--\s*({'|'.join(DIRECTIVES)}):\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is the first line of its text, counted from 1."""

    language: str
    text: str
    line: int
    directives: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """A link or an image, and the line of the paragraph in which it stands."""

    target: str
    line: int


@dataclass(frozen=True)
class Page:
    """What a page holds. `anchors` are the names under which its headings can be linked to."""

    path: Path
    blocks: tuple[Block, ...]
    references: tuple[Reference, ...]
    anchors: frozenset[str]
    inline_code: tuple[Reference, ...]


def read_page(path: Path) -> Page:
    """Reads one page; raises BadUsage if it cannot be read."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadUsage(f"cannot read {path}: {error}") from None
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return Page(
        path,
        tuple(_blocks(tokens)),
        tuple(_references(tokens)),
        frozenset(_anchors(tokens)),
        tuple(_inline_code(tokens)),
    )


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    directives: dict[str, str] = {}
    for token in tokens:
        if token.type == "html_block":
            directives |= dict(DIRECTIVE.findall(token.content))
        elif token.type == "fence":
            language = token.info.strip().partition(" ")[0]
            yield Block(language, token.content, token.map[0] + 2, directives)
        if token.type != "html_block":
            directives = {}


def _inline(tokens: list[Token]) -> Iterator[tuple[Token, int]]:
    for token in tokens:
        for child in token.children or ():
            yield child, (token.map[0] + 1 if token.map else 0)


def _references(tokens: list[Token]) -> Iterator[Reference]:
    for token, line in _inline(tokens):
        if token.type == "link_open":
            yield Reference(str(token.attrs["href"]), line)
        elif token.type == "image":
            yield Reference(str(token.attrs["src"]), line)


def _inline_code(tokens: list[Token]) -> Iterator[Reference]:
    for token, line in _inline(tokens):
        if token.type == "code_inline":
            yield Reference(token.content, line)


def _anchors(tokens: list[Token]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for before, token in zip(tokens, tokens[1:]):
        if before.type != "heading_open":
            continue
        text = "".join(child.content for child in token.children or ())
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        times = seen.get(anchor, 0)
        seen[anchor] = times + 1
        yield f"{anchor}-{times}" if times else anchor
