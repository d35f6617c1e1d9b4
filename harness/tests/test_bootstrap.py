import random

import pytest
from comparisons import noise

from echolab.bootstrap import LEAST_ROUNDS, paired_ratio, unpaired_ratio


def test_an_interval_lies_around_the_ratio():
    ratio = paired_ratio([2.0, 2.1, 1.9, 2.0, 2.05], [1.0, 1.0, 1.0, 1.0, 1.0])
    assert ratio.low < ratio.median < ratio.high
    assert 1.8 < ratio.low and ratio.high < 2.2


def test_few_rounds_carry_no_interval():
    values = [1.0] * (LEAST_ROUNDS - 1)
    assert paired_ratio(values, values) is None
    assert unpaired_ratio(values, [1.0] * 9) is None


def test_what_slows_both_alike_cancels_when_they_are_paired():
    slow = [1.0, 5.0, 2.0, 9.0, 3.0]
    ratio = paired_ratio([1.1 * value for value in slow], slow)
    assert ratio.low == pytest.approx(1.1) == ratio.high


def test_independent_series_do_not_pair_by_chance():
    slow = [1.0, 5.0, 2.0, 9.0, 3.0]
    assert unpaired_ratio([1.1 * value for value in slow], slow).spans_one


def test_the_same_figures_give_the_same_interval():
    values = [3.0, 3.1, 2.9, 3.2, 3.05]
    assert paired_ratio(values, values[::-1]) == paired_ratio(values, values[::-1])


def test_the_inverse_is_the_ratio_the_other_way_round():
    over, under = [2.0, 2.1, 1.9, 2.0, 2.05], [1.0, 1.1, 1.0, 0.9, 1.0]
    there, back = paired_ratio(over, under).inverse(), paired_ratio(under, over)
    assert (there.low, there.high) == pytest.approx((back.low, back.high))


def test_a_lone_outlier_widens_an_interval_instead_of_moving_it():
    even = [1.0, 1.01, 0.99, 1.02, 0.98, 1.0]
    assert paired_ratio([*even[:5], 3.0], even).spans_one


def test_equal_values_by_chance_do_not_blow_up_an_interval():
    """Seen with six rounds: four ratios were nearly the same, and the interval began at 0.5."""
    ratio = paired_ratio([1.465, 1.464, 1.4645, 1.45, 1.30, 1.466], [1.0] * 6)
    assert ratio.low > 1.2 and ratio.high < 1.7


@pytest.mark.usefixtures("few_resamples")
@pytest.mark.parametrize("ratio_of", [paired_ratio, unpaired_ratio])
@pytest.mark.parametrize("rounds", [5, 6])
def test_intervals_hold_the_truth_nineteen_times_in_twenty(ratio_of, rounds):
    generator = random.Random(rounds)

    def measured() -> list[float]:
        return [noise(generator, 0.05) for _ in range(rounds)]

    intervals = [ratio_of(measured(), measured()) for _ in range(120)]
    missed = sum(not interval.spans_one for interval in intervals)
    # 6 are to be expected; 15 or more come by chance once in a thousand tries, and the percentile
    # bootstrap misses 17 and more.
    assert missed < 15
