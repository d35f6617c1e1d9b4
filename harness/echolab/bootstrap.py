"""How sure a ratio of two series of measurements is: bootstrap intervals.

The interval is the symmetric bootstrap-t (P. Hall, On symmetric bootstrap confidence intervals,
J. R. Statist. Soc. B 50, 1988; Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 12) of the mean logarithm. The better known percentile bootstrap is too narrow for the few
rounds of a comparison: with six of them it misses the truth one time in seven, not in twenty.
"""

import math
import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter, mul

CONFIDENCE = 0.95
LEAST_ROUNDS = 5  # fewer carry no interval of 95 %: the extremes of three hold it in 75 of 100
RESAMPLES = 1000
NORMAL_QUANTILE = 1.96  # no interval is narrower than if the deviation were known for certain
# A resample of few values that are alike by chance claims to know the mean to many digits: it is
# allowed a third of the sample's own error. Without this, six ratios between 1.3 and 1.5 now and
# then get an interval from 0.5 to 4; with it, no more orders are wrong (test_ranking.py).
LEAST_SHARE_OF_ERROR = 0.3
NEGLIGIBLE = 1e-7  # a standard error that only rounding makes


@dataclass(frozen=True)
class Interval:
    """A ratio: the median of the measured ones, and the 95 % interval of their geometric mean."""

    median: float
    low: float
    high: float

    @property
    def spans_one(self) -> bool:
        """Tells whether the order of the two is open."""
        return self.low <= 1 <= self.high

    def inverse(self) -> "Interval":
        """Returns the ratio the other way round."""
        return Interval(1 / self.median, 1 / self.high, 1 / self.low)


def paired_ratio(over: Sequence[float], under: Sequence[float]) -> Interval | None:
    """Returns over/under, where both were measured in the same rounds, in the same order.

    What slows a whole round slows both and cancels. None if there are too few rounds.
    """
    if len(over) < LEAST_ROUNDS:
        return None
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    sample = _Sample([math.log(ratio) for ratio in ratios], seed=1)
    return _interval(statistics.median(ratios), sample.mean, sample.error, sample.resampled())


def unpaired_ratio(over: Sequence[float], under: Sequence[float]) -> Interval | None:
    """Returns over/under of two independent series. None if one of them has too few rounds."""
    if min(len(over), len(under)) < LEAST_ROUNDS:
        return None
    above = _Sample([math.log(value) for value in over], seed=1)
    below = _Sample([math.log(value) for value in under], seed=2)
    resampled = (
        (deviation_above - deviation_below, math.hypot(error_above, error_below))
        for (deviation_above, error_above), (deviation_below, error_below) in zip(
            above.resampled(), below.resampled()
        )
    )
    middle = statistics.median(over) / statistics.median(under)
    error = math.hypot(above.error, below.error)
    return _interval(middle, above.mean - below.mean, error, resampled)


class _Sample:
    """Measured values, and what they would be if other rounds had been drawn from the same."""

    def __init__(self, values: Sequence[float], seed: int):
        self.mean = sum(values) / len(values)
        self._centred = [value - self.mean for value in values]
        self._seed = seed
        self.error = _standard_error(self._centred)

    def resampled(self) -> Iterator[tuple[float, float]]:
        """Yields how far a resample's mean is from this mean, and its own standard error."""
        count = len(self._centred)
        for draw in _draws(count, self._seed):
            values = draw(self._centred)
            yield sum(values) / count, _standard_error(values)


def _standard_error(values: Sequence[float]) -> float:
    count = len(values)
    squares = sum(map(mul, values, values)) - sum(values) ** 2 / count
    return math.sqrt(max(squares, 0.0) / (count - 1) / count)


def _interval(
    median: float, mean: float, error: float, resampled: Iterable[tuple[float, float]]
) -> Interval:
    if error < NEGLIGIBLE:
        return Interval(median, math.exp(mean), math.exp(mean))
    least = LEAST_SHARE_OF_ERROR * error
    studentized = sorted(abs(deviation) / max(own, least) for deviation, own in resampled)
    quantile = max(studentized[int(CONFIDENCE * len(studentized))], NORMAL_QUANTILE)
    return Interval(median, math.exp(mean - quantile * error), math.exp(mean + quantile * error))


@cache
def _draws(count: int, seed: int) -> list[Callable[[Sequence[float]], tuple[float, ...]]]:
    """Returns what draws each resample. Always the same ones: a result must not depend on luck."""
    generator = random.Random(seed)
    indices = range(count)
    return [itemgetter(*generator.choices(indices, k=count)) for _ in range(RESAMPLES)]
