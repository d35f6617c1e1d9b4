"""Writes a starter into a folder that needs the kit for its check only."""

import re
import shlex
from pathlib import Path

from echolab.errors import BadUsage, LabError
from echolab.models import ROOT
from echolab.starters import marks, readme
from echolab.starters.manifest import Starter
from echolab.starters.sources import sources_of
from echolab.variants import THE_KITS, Variant

CHECK_SCRIPT = ROOT / "harness" / "starters" / "check.sh"
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def write_starter(
    starter: Starter, directory: Path, variant: Variant | None = None, is_solved: bool = False
) -> None:
    """Writes the folder; with `is_solved` its solution, which passes all checks.

    Raises BadUsage if the folder is there and not empty, LabError if it cannot be written.
    """
    files = _files(starter, variant, is_solved)
    try:
        _require_new(directory)
        for path, text in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        (directory / "check").chmod(0o755)
    except OSError as error:
        raise LabError(f"cannot write {error.filename}: {error.strerror}") from None


def _require_new(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise BadUsage(f"{directory} is a file: name a folder that is new or empty")
    if directory.is_dir() and any(directory.iterdir()):
        raise BadUsage(f"{directory} is not empty: name a folder that is new or empty")


def _files(starter: Starter, variant: Variant | None, is_solved: bool) -> dict[str, str]:
    """Returns the folder's files, with their texts."""
    files = sources(starter, variant, is_solved)
    if starter.build_file:
        name = starter.lab.replace("-", "_")
        files["CMakeLists.txt"] = starter.build_file.read_text().replace("@LAB@", name)
    handout = _handout(starter)
    files["handout.md"] = LINK.sub(lambda link: _absolute(link, handout), handout.read_text())
    files["README.md"] = readme.text(starter, files, variant)
    files["check"] = _check_script(starter, variant)
    return files


def sources(starter: Starter, variant: Variant | None, is_solved: bool) -> dict[str, str]:
    """Returns the program's files, with their texts as the student gets them."""
    tasks = starter.tasks + (starter.manners if variant else ())

    def render(path: str, source: str) -> str:
        is_open = path in tasks and not is_solved
        return marks.render(source, has_open_tasks=is_open, is_variant=variant is not None)

    texts = sources_of(starter.root, starter.server, render)
    if variant and is_solved:
        texts[starter.manners[0]] = _in_words_of(variant, texts[starter.manners[0]])
    return texts


def _in_words_of(variant: Variant, text: str) -> str:
    for usual, varied in (
        (f'"{THE_KITS.greeting}', f'"{variant.greeting}'),
        (f'"{THE_KITS.terminator}"', f'"{variant.terminator}"'),
        (str(THE_KITS.limit_bytes), str(variant.limit_bytes)),
    ):
        assert text.count(usual) == 1, f"{usual} stands there {text.count(usual)} times"
        text = text.replace(usual, varied)
    return text


def _handout(starter: Starter) -> Path:
    """Returns the lab's handout, or the page of its directory while there is none."""
    number = starter.lab.partition("-")[0]
    handouts = sorted((ROOT / "docs" / "labs").glob(f"{number}-*.md"))
    return [*handouts, *ROOT.glob(f"{number}_*/README.md")][0]


def _absolute(link: re.Match, page: Path) -> str:
    """Lets a link lead to the kit's file from wherever the folder is."""
    path, hash_sign, anchor = link[1].partition("#")
    target = (page.parent / path).resolve()
    is_link = target.exists()  # in a listing, [](Error) is C++
    return f"]({target}{hash_sign}{anchor})" if is_link else link[0]


def _check_script(starter: Starter, variant: Variant | None) -> str:
    options = ["--model", starter.model]
    if variant:
        options += ["--seed", str(variant.seed)]
    text = CHECK_SCRIPT.read_text().replace("@HOME@", shlex.quote(str(ROOT)))
    text = text.replace("@OPTIONS@", " ".join(options))
    return text.replace("@COMMAND@", " ".join(starter.command(variant is not None)))
