"""A cohort's variant of a lab: other words and another limit, and points for having them."""

import dataclasses

from echolab.check.registry import chosen
from echolab.grading.rubric import Rubric
from echolab.variants import SERVICE, Variant


def rubric_of_cohort(rubric: Rubric, seed: int | None) -> Rubric:
    """Returns the rubric of a lab for the cohort with that seed; without one, as it is.

    The checks of the variant come on top, and the maximum stays: the others then count for less.
    Raises BadUsage for what is no seed.
    """
    if seed is None:
        return rubric
    Variant.of(seed)
    ids = {check.id for check in chosen((), SERVICE)}
    points = {**rubric.points, **rubric.variant_points}
    kinds = (dataclasses.replace(k, start=(*k.start, *k.start_variant)) for k in rubric.kinds)
    return dataclasses.replace(
        rubric,
        service=SERVICE,
        points={check_id: worth for check_id, worth in points.items() if check_id in ids},
        kinds=tuple(kinds),
        best=rubric.max_score,
    )
