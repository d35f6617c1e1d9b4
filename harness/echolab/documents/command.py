"""The docs command: walks through pages, and says what is not as they say."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from echolab.documents import references
from echolab.documents.isolation import isolating_command
from echolab.documents.markdown import Page, read_page
from echolab.documents.prose import unknown_commands
from echolab.documents.walk import Outcome
from echolab.errors import LabError
from echolab.models import ROOT


@dataclass(frozen=True)
class Findings:
    """What was found on one page."""

    page: Page
    faults: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def is_right(self) -> bool:
        """Tells whether the page may stay as it is."""
        return not self.faults and all(one.verdict != "failed" for one in self.outcomes)


def all_pages() -> list[Path]:
    """Returns the pages that the kit keeps, as git knows them."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        raise LabError(f"cannot list the pages: {listed.stderr.strip()}: name them")
    return [ROOT / name for name in listed.stdout.splitlines()]


def examine(
    paths: Sequence[Path], jobs: int, report: Callable[[Findings], None]
) -> list[Findings]:
    """Examines pages, `jobs` at a time, and reports each as soon as its turn has come."""
    pages = [read_page(path) for path in paths]
    with ThreadPoolExecutor(jobs) as pool:
        all_findings = []
        for findings in pool.map(examine_page, pages):
            report(findings)
            all_findings.append(findings)
    return all_findings


def examine_page(page: Page) -> Findings:
    """Looks for what the page refers to, and types its commands."""
    faults = [
        *references.broken_links(page),
        *references.outdated_listings(page),
        *unknown_commands(page),
    ]
    return Findings(page, tuple(faults), tuple(_walk_apart(page)))


def _walk_apart(page: Page) -> Iterator[Outcome]:
    if not any(block.language == "console" for block in page.blocks):
        return
    # Here, and not in the walker: at Ctrl-C that one is killed with all that it has started.
    with tempfile.TemporaryDirectory(prefix="echolab-page-") as directory:
        command = [sys.executable, "-m", "echolab.documents", str(page.path), directory]
        if isolating := isolating_command():
            command = [*isolating, *command, "--own-network"]
        walker = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in walker.stdout.splitlines():
        yield Outcome(**json.loads(line))
    if walker.returncode != 0:
        last = (walker.stderr.strip().splitlines() or ["it said nothing"])[-1]
        yield Outcome(1, "failed", f"the walk ended with status {walker.returncode}: {last}")


def update_listings(paths: Sequence[Path]) -> Iterator[Path]:
    """Writes the listings anew from their sources; yields the pages that have changed."""
    for path in paths:
        page = read_page(path)
        text = references.with_current_listings(page)
        if text != path.read_text():
            path.write_text(text)
            yield path
