"""Rubrics: what each check of a lab is worth, and how submissions are built and started."""

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echolab.check.checks.model import MODELS
from echolab.check.registry import chosen
from echolab.errors import BadUsage, unknown
from echolab.models import ROOT

DIRECTORY = ROOT / "harness" / "grading"
LANGUAGES = DIRECTORY / "languages.toml"


@dataclass(frozen=True)
class Kind:
    """What a submission may consist of."""

    name: str
    file: str  # a pattern that some file of it matches
    build: tuple[tuple[str, ...], ...]
    start: tuple[str, ...]
    start_variant: tuple[str, ...] = ()  # words that are added for a cohort's variant


@dataclass(frozen=True)
class Rubric:
    """One lab's."""

    lab: str  # "03-select"
    title: str
    service: str
    model: str | None  # attested by MODEL-1
    missed_should: float  # the share of a check's points that is left where a SHOULD is missed
    points: dict[str, int]  # by the id of the check; what is not in it counts nothing
    kinds: tuple[Kind, ...]
    variant_points: dict[str, int] = field(default_factory=dict)  # more, for a cohort's variant
    best: int = 0  # the maximum, where that is not the sum of the points

    @property
    def max_score(self) -> int:
        """What a server gets that passes everything, of whichever cohort it is."""
        return self.best or sum(self.points.values())


def all_rubrics() -> list[str]:
    """Returns the names of the labs that have one, in their order."""
    return sorted(path.stem for path in DIRECTORY.glob("[0-9][0-9]-*.toml"))


def find_rubric(name: str) -> Rubric:
    """Returns the rubric of a lab, by a beginning that no other lab has: "03"."""
    begun = [lab for lab in all_rubrics() if lab.startswith(name)]
    if len(begun) != 1 or not name:
        raise unknown("lab", name, all_rubrics())
    return read_rubric(DIRECTORY / f"{begun[0]}.toml")


def read_rubric(path: Path) -> Rubric:
    """Reads a rubric; raises BadUsage where it is none."""
    try:
        found = tomllib.loads(path.read_text())
        return _rubric(path.stem, found)
    except OSError as error:
        raise BadUsage(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadUsage(f"{path}: this is no rubric: {error}") from None


def _rubric(lab: str, found: dict[str, Any]) -> Rubric:
    service, model = found.get("service", "echo"), found.get("model")
    if model is not None and model not in MODELS:
        raise ValueError(f"model '{model}' is none of {', '.join(MODELS)}")
    ids = {check.id for check in chosen((), service)}
    for check_id, points in found["points"].items():
        if check_id not in ids:
            raise ValueError(f"the service {service} has no check '{check_id}'")
        if not (isinstance(points, int) and points > 0):
            raise ValueError(f"{check_id}: points are whole numbers above 0")
    return Rubric(
        lab,
        found["title"],
        service,
        model,
        float(found.get("missed_should", 0.5)),
        found["points"],
        (*_kinds(found), *_common_kinds()),
        found.get("variant_points", {}),
    )


@functools.cache
def _common_kinds() -> tuple[Kind, ...]:
    return tuple(_kinds(tomllib.loads(LANGUAGES.read_text())))


def _kinds(found: dict[str, Any]) -> Iterator[Kind]:
    for kind in found.get("kind", ()):
        commands = tuple(tuple(command) for command in kind["build"])
        more = tuple(kind.get("start_variant", ()))
        yield Kind(kind["name"], kind["file"], commands, tuple(kind["start"]), more)
