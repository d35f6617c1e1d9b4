"""Which starters there are: harness/starters/starters.toml."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from echolab.errors import BadUsage, unknown
from echolab.models import ROOT

MANIFEST = ROOT / "harness" / "starters" / "starters.toml"


@dataclass(frozen=True)
class Starter:
    """What a student begins a lab with, in one language."""

    lab: str  # "03-select"
    language: str  # "cpp", "c" or "python"
    model: str  # as ./lab check --model names it
    fails: tuple[str, ...]  # the checks that fail while nothing is written
    root: Path  # where the sources lie
    server: str  # the program's source, below the root
    tasks: tuple[str, ...]  # the files with something to be written
    manners: tuple[str, ...]  # those of a variant; the first has its words and limit
    run: tuple[str, ...]  # the server's command, in the folder; {port} is for the checker to choose
    run_variant: tuple[str, ...]  # more words for a variant
    build_file: Path | None  # None where nothing is built

    def command(self, is_variant: bool) -> tuple[str, ...]:
        """Returns how the built server is started in the starter's folder."""
        words = tuple(word.replace("{server}", self.server) for word in self.run)
        return words + (self.run_variant if is_variant else ())


@functools.cache
def all_starters() -> tuple[Starter, ...]:
    """Returns the starters, by lab and language."""
    manifest = tomllib.loads(MANIFEST.read_text())
    return tuple(
        _starter(lab, properties, language, manifest["languages"][language])
        for lab, properties in manifest["labs"].items()
        for language in manifest["languages"]
        if language in properties
    )


def find_starter(lab: str, language: str) -> Starter:
    """Returns a starter by the lab's name or the beginning of it; raises BadUsage."""
    labs = list(dict.fromkeys(starter.lab for starter in all_starters()))
    named = [name for name in labs if name.startswith(lab)]
    if len(named) != 1:
        raise unknown("lab with a starter", lab, labs)
    languages = {s.language: s for s in all_starters() if s.lab == named[0]}
    if language not in languages:
        raise BadUsage(
            f"lab {named[0]} has no starter in {language}: choose from {', '.join(languages)}"
        )
    return languages[language]


def _starter(lab: str, properties: dict, language: str, shared: dict) -> Starter:
    own = properties[language]
    return Starter(
        lab,
        language,
        properties["model"],
        tuple(properties["fails"]),
        ROOT / shared["root"],
        own["server"],
        tuple(own["tasks"]),
        tuple(shared["manners"]),
        tuple(shared["run"]),
        tuple(shared.get("run_variant", ())),
        ROOT / shared["build_file"] if "build_file" in shared else None,
    )
