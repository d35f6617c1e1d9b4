"""What a page refers to must exist: files, headings, and parts of sources."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from echolab.documents.markdown import Block, Page, read_page
from echolab.models import ROOT

ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def broken_links(page: Page) -> Iterator[str]:
    """Yields what is wrong with each link and image that does not lead to a file or heading."""
    for reference in page.references:
        if ELSEWHERE.match(reference.target):
            continue
        path, _, anchor = reference.target.partition("#")
        target = (page.path.parent / unquote(path)) if path else page.path
        if not target.exists():
            yield f"line {reference.line}: no such file: {reference.target}"
        elif anchor and anchor not in read_page(target).anchors:
            yield f"line {reference.line}: no such heading: {reference.target}"


def outdated_listings(page: Page) -> Iterator[str]:
    """Yields each listing that is not what its source holds."""
    for block in page.blocks:
        if "listing" in block.directives:
            try:
                current = listing(block.directives["listing"])
            except ValueError as error:
                yield f"line {block.line}: {error}"
                continue
            if current != block.text:
                yield f"line {block.line}: not what {block.directives['listing']} holds any more"


def with_current_listings(page: Page) -> str:
    """Returns the page's text with every listing as its source holds it."""
    lines = page.path.read_text().splitlines(keepends=True)
    for block in reversed(page.blocks):
        if "listing" in block.directives:
            lines[_rows(block)] = [listing(block.directives["listing"])]
    return "".join(lines)


def listing(source: str) -> str:
    """Returns the lines of a file between the markers BEGIN NAME and END NAME, without others.

    `source` is "FILE NAME", the file's path counted from the root of the kit. What is indented
    together is moved to the left together. Raises ValueError if there is no such part.
    """
    path, _, name = source.partition(" ")
    try:
        lines = (ROOT / path).read_text().splitlines()
    except OSError:
        raise ValueError(f"no such file: {path}") from None
    begin = [i for i, line in enumerate(lines) if re.search(rf"\bBEGIN {re.escape(name)}$", line)]
    end = [i for i, line in enumerate(lines) if re.search(rf"\bEND {re.escape(name)}$", line)]
    if len(begin) != 1 or len(end) != 1 or begin > end:
        raise ValueError(f"{path} has no part between BEGIN {name} and END {name}")
    part = [line for line in lines[begin[0] + 1 : end[0]] if not _is_marker(line)]
    indent = min((len(line) - len(line.lstrip()) for line in part if line.strip()), default=0)
    return "".join(line[indent:] + "\n" for line in part)


def _is_marker(line: str) -> bool:
    return bool(re.fullmatch(r"\s*(//|#|/\*)\s*(BEGIN|END) ([\w -]+(\*/)?|SOLUTION\b.*)", line))


def _rows(block: Block) -> slice:
    return slice(block.line - 1, block.line - 1 + len(block.text.splitlines()))
