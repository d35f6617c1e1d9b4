"""Compares two results of Google Benchmark: better, worse, or too close to call.

Every benchmark that both have is compared in its time and in its counters, all of which are costs:
less is better. Rates are left out, since they say again what the time says.
"""

import dataclasses
import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from echolab import quantities, tables
from echolab.errors import BadUsage

FEWEST_REPETITIONS = 4  # with 3 against 3, chance alone orders them perfectly once in ten times
FALSE_ALARMS = 0.05  # the share of the differences told that may be chance
IN_MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
TIME = "time"
RATES = ("/s", "_per_second")
WALL_CLOCK = ("/manual_time", "/real_time")
# What a benchmark's entry has besides its counters.
NO_COUNTERS = frozenset(
    "family_index per_family_instance_index repetitions repetition_index threads iterations"
    " real_time cpu_time".split()
)
STYLES = {"better": "green", "worse": "red"}
Figures = dict[tuple[str, str], list[float]]  # the repetitions, by benchmark and figure


@dataclass(frozen=True)
class Difference:
    """One figure of one benchmark, in both results."""

    benchmark: str
    figure: str  # "time", in microseconds, or the name of a counter
    before: Sequence[float]  # a value for each repetition
    after: Sequence[float]
    p_value: float  # Mann and Whitney's; corrected for the number of figures compared

    @property
    def ratio(self) -> float:
        """The median after over the median before."""
        before, after = statistics.median(self.before), statistics.median(self.after)
        return after / before if before else math.nan

    @property
    def verdict(self) -> str:
        """What may be said."""
        if min(len(self.before), len(self.after)) < FEWEST_REPETITIONS:
            return "too few"
        if self.p_value >= FALSE_ALARMS:
            return "too close"
        return "better" if sum(_ranks_above(self.before, self.after)) > 0 else "worse"


@dataclass(frozen=True)
class BenchComparison:
    """What two results have to say about each other."""

    differences: list[Difference]
    only_before: list[str]  # benchmarks
    only_after: list[str]


def read_figures(path: Path) -> Figures:
    """Returns the figures of a result; raises BadUsage if the file is none.

    Aggregates, and benchmarks that ended in an error, are passed over.
    """
    try:
        entries = json.loads(path.read_text())["benchmarks"]
        figures: Figures = {}
        for entry in filter(_is_measurement, entries):
            for figure, value in _figures_of(entry):
                figures.setdefault((entry["run_name"], figure), []).append(value)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BadUsage(f"{path}: is no JSON of Google Benchmark: {error!r}") from None
    if not figures:
        raise BadUsage(f"{path}: has no repetitions: aggregates alone cannot be compared")
    return figures


def compare(before: Figures, after: Figures) -> BenchComparison:
    """Compares the figures that both results have."""
    differences = [
        Difference(*key, before[key], after[key], mann_whitney(before[key], after[key]))
        for key in before
        if key in after
    ]
    names_before, names_after = _benchmarks(before), _benchmarks(after)
    return BenchComparison(
        _with_corrected_p_values(differences),
        [name for name in names_before if name not in names_after],
        [name for name in names_after if name not in names_before],
    )


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """Returns how likely two samples that differ so much are, if nothing but chance differs.

    Two-sided; the normal approximation with corrections for ties and continuity. Mann & Whitney,
    On a test of whether one of two random variables is stochastically larger than the other, 1947.
    """
    pairs = len(one) * len(other)
    total = len(one) + len(other)
    pooled = [*one, *other]
    ties = sum(count**3 - count for count in map(pooled.count, set(pooled)))
    variance = pairs / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0  # all values are the same
    distance = abs(sum(_ranks_above(one, other))) / 2
    z = max(0.0, distance - 0.5) / math.sqrt(variance)
    return 2 * statistics.NormalDist().cdf(-z)


def print_comparison(console: Console, comparison: BenchComparison, files: Sequence[Path]) -> None:
    """Prints the differences by benchmark, what only one result has, and how many there are."""
    benchmark = None
    heading = f"  {'':15}{'A':>18}{'B':>18}{'B/A':>8}"
    tables.show(console, Text(f"A: {files[0]}\nB: {files[1]}\n{heading}"))
    for difference in comparison.differences:
        if difference.benchmark != benchmark:
            benchmark = difference.benchmark
            tables.show(console, Text(benchmark, "bold"))
        tables.show(console, _row(difference))
    for letter, names in (("A", comparison.only_before), ("B", comparison.only_after)):
        for name in names:
            tables.show(console, Text(f"only in {letter}: {name}"))
    for line in _summary(comparison.differences):
        tables.show(console, Text(line))


def _is_measurement(entry: dict[str, Any]) -> bool:
    return entry.get("run_type", "iteration") == "iteration" and not entry.get("error_occurred")


def _figures_of(entry: dict[str, Any]) -> Iterator[tuple[str, float]]:
    # A round trip's time passes in other processes; elsewhere the processor's time is steadier.
    clock = "real_time" if entry["run_name"].endswith(WALL_CLOCK) else "cpu_time"
    yield TIME, entry[clock] * IN_MICROSECONDS[entry["time_unit"]]
    for name, value in entry.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and name not in NO_COUNTERS and not name.endswith(RATES):
            yield name, value


def _ranks_above(one: Sequence[float], other: Sequence[float]) -> Iterator[int]:
    """Yields of each pair 1 if the value of `one` is greater, -1 if less, 0 if equal."""
    return ((a > b) - (a < b) for a in one for b in other)


def _benchmarks(figures: Figures) -> list[str]:
    return list(dict.fromkeys(benchmark for benchmark, _ in figures))


def _with_corrected_p_values(differences: Sequence[Difference]) -> list[Difference]:
    """Corrects for the number of figures: among hundreds, some differ much by chance.

    Benjamini & Hochberg, Controlling the false discovery rate, 1995.
    """
    order = sorted(range(len(differences)), key=lambda i: differences[i].p_value, reverse=True)
    corrected = [0.0] * len(differences)
    least = 1.0
    for rank, index in zip(range(len(order), 0, -1), order):
        least = min(least, differences[index].p_value * len(order) / rank)
        corrected[index] = least
    pairs = zip(differences, corrected)
    return [dataclasses.replace(difference, p_value=p) for difference, p in pairs]


def _row(difference: Difference) -> Text:
    is_time = difference.figure == TIME or difference.figure.endswith("_us")
    show = _duration if is_time else quantities.digits
    before, after = (_with_spread(v, show) for v in (difference.before, difference.after))
    row = Text(f"  {difference.figure:15}{before:>18}{after:>18}{difference.ratio:>8.3f}  ")
    return row.append(difference.verdict, STYLES.get(difference.verdict, ""))


def _with_spread(values: Sequence[float], show) -> str:
    """Returns the median, and by how much the outermost values are apart from each other."""
    median = statistics.median(values)
    spread = (max(values) - min(values)) / median / 2 if median else 0.0
    return f"{show(median)} ±{spread:.0%}"


def _duration(microseconds: float) -> str:
    if microseconds < 1:
        return f"{quantities.digits(microseconds * 1e3)} ns"
    return quantities.duration(microseconds)


def _summary(differences: Sequence[Difference]) -> Iterator[str]:
    verdicts = [difference.verdict for difference in differences]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in ("better", "worse")]
    yield f"{', '.join(counts)}, {verdicts.count('too close')} too close to call"
    if too_few := verdicts.count("too few"):
        yield (
            f"{too_few} with too few repetitions to tell: make at least {FEWEST_REPETITIONS}, better"
            " --benchmark_repetitions=10 --benchmark_enable_random_interleaving=true"
        )
