"""Reads the marks of a source: what a starter leaves out, and what only variants have."""

import re
from collections.abc import Iterable, Iterator

TASK = "YOUR CODE HERE"
MARK = re.compile(
    r"(?P<indent>\s*)(?P<comment>//|#) (?P<edge>BEGIN|END) (?P<name>[\w-]+)"
    r"(?:: (?P<sentence>.+)|, until then: (?P<stand_in>.+))?"
)
STATEMENT_END = re.compile(r"(?<=;) ")


def render(text: str, *, has_open_tasks: bool, is_variant: bool) -> str:
    """Returns a source as a student gets it, without marks.

    With open tasks each solution is replaced by YOUR CODE HERE and its sentence; else it stays.
    Parts of variants are left out unless `is_variant`. Raises ValueError for marks without partner.
    """
    lines = list(_of_variant(text.splitlines(), is_variant))
    lines = list(_without_solutions(lines) if has_open_tasks else lines)
    return "".join(f"{line}\n" for line in lines if not MARK.fullmatch(line))


def tasks(text: str) -> list[str]:
    """Returns the sentences behind YOUR CODE HERE in a rendered source."""
    return re.findall(rf"{TASK}: (.+)", text)


def _of_variant(lines: Iterable[str], is_variant: bool) -> Iterator[str]:
    """Yields the lines, those of variants only if it is one."""
    is_inside = was_blank = just_left_out = False
    for line in lines:
        mark = MARK.fullmatch(line)
        if mark and mark["name"] == "VARIANT":
            is_inside = _inside(mark, is_inside)
            just_left_out = not is_variant
            continue
        if is_inside and not is_variant:
            continue
        if not (just_left_out and was_blank and not line):  # where nothing is left, one gap is
            yield line
        was_blank, just_left_out = not line, False
    _require_closed("VARIANT", is_inside)


def _without_solutions(lines: Iterable[str]) -> Iterator[str]:
    """Yields the lines, with YOUR CODE HERE in place of each solution."""
    is_inside = False
    for line in lines:
        mark = MARK.fullmatch(line)
        if mark and mark["name"] == "SOLUTION":
            is_inside = _inside(mark, is_inside)
            if mark["sentence"]:
                yield f"{mark['indent']}{mark['comment']} {TASK}: {mark['sentence']}"
            if mark["stand_in"]:
                yield from (mark["indent"] + it for it in STATEMENT_END.split(mark["stand_in"]))
        elif not is_inside:
            yield line
    _require_closed("SOLUTION", is_inside)


def _inside(mark: re.Match, is_inside: bool) -> bool:
    begins = mark["edge"] == "BEGIN"
    if begins == is_inside:
        raise ValueError(f"'{mark[0].strip()}' has no partner")
    return begins


def _require_closed(name: str, is_inside: bool) -> None:
    if is_inside:
        raise ValueError(f"BEGIN {name} has no END")
