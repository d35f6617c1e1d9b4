"""docs/protocol.md and the tests agree: what is required is tested, what is cited exists."""

import ast
import re
from pathlib import Path

from echolab.check.registry import all_checks

HERE = Path(__file__).resolve().parent
CHECKS = "test_checks.py"  # each of its cases is a check, which cites for itself
DOCUMENT = HERE.parents[1] / "docs" / "protocol.md"
ROW = re.compile(r"^\| ([A-Z]+-\d+) \| (MUST|SHOULD|MAY)\b", re.MULTILINE)
ANY_ROW = re.compile(r"^\| ([A-Z]+-\d+) \|", re.MULTILINE)
CITATION = re.compile(r"[A-Z]+-\d+")
PAGES = [*sorted(HERE.glob("test_*.py")), HERE.parent / "programs" / "test_udp_echo.py"]


def requirements() -> dict[str, str]:
    """Returns the strength of each numbered requirement."""
    return dict(ROW.findall(DOCUMENT.read_text()))


def citations() -> dict[str, set[str]]:
    """Returns what each test cites before the colon of its docstring's first line."""
    return {
        f"{path.name}::{function.name}": _cited_by(function)
        for path in PAGES
        if path != Path(__file__) and path.name != CHECKS
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_")
    }


def _cited_by(function: ast.FunctionDef) -> set[str]:
    first_line = (ast.get_docstring(function) or "").partition("\n")[0]
    return set(CITATION.findall(first_line.partition(":")[0]))


def test_every_row_of_the_document_says_must_should_or_may():
    """A requirement without one of the three words would escape the other tests."""
    assert ANY_ROW.findall(DOCUMENT.read_text()) == list(requirements())


def test_no_number_is_used_twice():
    """A citation must lead to one requirement."""
    numbers = ANY_ROW.findall(DOCUMENT.read_text())
    assert len(numbers) == len(set(numbers))


def test_every_must_is_cited_by_a_test():
    """What is required and not tested is a wish."""
    cited = set().union(*citations().values(), {c.requirement.number for c in all_checks()})
    assert {number for number, word in requirements().items() if word == "MUST"} - cited == set()


def test_every_test_cites_a_requirement():
    """A check that no requirement asks for is a private opinion."""
    assert [name for name, cited in citations().items() if not cited] == []


def test_every_citation_exists():
    """A number that leads nowhere helps no reader."""
    strangers = {name: cited - set(requirements()) for name, cited in citations().items()}
    assert {name: cited for name, cited in strangers.items() if cited} == {}
