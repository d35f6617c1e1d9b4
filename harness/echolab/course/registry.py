"""The measurements that answer the labs' questions, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from echolab.course.answers import Kind, Measured


@dataclass(frozen=True)
class Measurement:
    """Measures what a question asks; `kind` is that of the answer."""

    name: str
    kind: Kind
    measure: Callable[[], Measured]


MEASUREMENTS: dict[str, Measurement] = {}


def measurement(name: str, kind: Kind):
    """Returns a decorator that registers a function as the measurement of that name."""

    def register(function: Callable[[], Measured]) -> Callable[[], Measured]:
        MEASUREMENTS[name] = Measurement(name, kind, function)
        return function

    return register


def find_measurement(name: str) -> Measurement:
    """Returns the measurement of that name, whichever lab asks for it."""
    # These register their measurements.
    from echolab.course import (  # noqa: F401
        lab_00, lab_01, lab_02, lab_03, lab_04, lab_05, lab_06, lab_07,
    )  # fmt: skip

    return MEASUREMENTS[name]
