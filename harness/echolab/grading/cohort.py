"""A cohort's variant of a lab: other words and another limit, and points for having them."""

import dataclasses
import importlib
from typing import Any

from echolab.check.registry import chosen
from echolab.errors import CannotRun
from echolab.grading.rubric import Rubric

VARIANTS = "echolab.variants"


def variant_of(seed: int) -> Any:
    """Returns what the checks are told of the variant; raises CannotRun in a kit without any."""
    return _variants().Variant.of(seed)


def rubric_of_cohort(rubric: Rubric, seed: int | None) -> Rubric:
    """Returns the rubric of a lab for the cohort with that seed; without one, as it is."""
    if seed is None:
        return rubric
    variant_of(seed)  # which refuses what is no seed
    service = _variants().SERVICE
    ids = {check.id for check in chosen((), service)}
    points = {id: points for id, points in rubric.points.items() if id in ids}
    kinds = (dataclasses.replace(k, start=(*k.start, *k.start_variant)) for k in rubric.kinds)
    return dataclasses.replace(
        rubric,
        service=service,
        points=points | {id: p for id, p in rubric.variant_points.items() if id in ids},
        kinds=tuple(kinds),
    )


def _variants() -> Any:
    try:
        return importlib.import_module(VARIANTS)
    except ModuleNotFoundError:
        raise CannotRun("--seed: this kit has no variants") from None
