"""The highest rate that a server keeps up with: the search, which runs nothing by itself.

Answers are noisy, so every rate is asked several times and most answers count. What spoils an
answer on the asking side (a load generator that falls behind its own schedule, a disturbed machine)
makes it void: it is asked again, and where that does not help, the search ends there.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

REPEATS = 3
VOID_RETRIES = 2
RESOLUTION = 1.05  # the ratio between a rate that is kept and one that is not, at the end
HIGHEST_RATE = 10e6  # a second


@dataclass(frozen=True)
class Answer:
    """How one run at one rate went. `void` says why it is none."""

    kept: bool
    p99_us: float | None = None
    owed: int = 0  # requests that were never answered
    void: str | None = None
    void_through: str = "generator"  # or "machine": what spoilt it


@dataclass(frozen=True)
class Probe:
    """All answers for one rate, requests a second."""

    rate: float
    answers: tuple[Answer, ...]

    @property
    def times_kept(self) -> int:
        """How many of the answers kept the promise."""
        return sum(answer.kept for answer in self.answers)

    @property
    def is_kept(self) -> bool:
        """Tells whether most did."""
        return 2 * self.times_kept > len(self.answers)


class NoAnswer(Exception):
    """A rate at which every run was void. The message is the last one's reason."""

    def __init__(self, rate: float, last: Answer):
        super().__init__(f"at {rate:,.0f}/s: {last.void}")
        self.limited_by = last.void_through


@dataclass
class Knee:
    """What a search found. Rates are requests a second, all clients together."""

    rate: float | None = None  # the highest that most runs kept; None: not even the lowest
    all_kept: float | None = None  # the highest that every run kept, as they did all below
    none_kept: float | None = None  # the lowest that no run kept, nor any above; None: unknown
    limited_by: str = "server"  # or what made further runs void; or "interruption"
    reason: str | None = None  # then why
    probes: list[Probe] = field(default_factory=list)


class Search:
    """Looks for a knee: doubles or halves the rate up to a bracket, then bisects it in ratios."""

    def __init__(
        self,
        ask: Callable[[float], Answer],
        report: Callable[[Probe], None],
        lowest_rate: float,
    ):
        """`ask` does one run at a rate; `report` is told of each probe when it is complete."""
        self.probes: list[Probe] = []
        self._ask = ask
        self._report = report
        self._lowest_rate = lowest_rate

    def find(self, start: float) -> Knee:
        """Returns the knee, searched from the rate `start` on."""
        try:
            low, high = self._bracket(max(start, self._lowest_rate))
            if low and high:
                self._bisect(low, high)
        except NoAnswer as trouble:
            return self.knee(trouble.limited_by, str(trouble))
        return self.knee()

    def knee(self, limited_by: str = "server", reason: str | None = None) -> Knee:
        """Returns what the probes so far amount to; `reason`: why there could not be more."""
        kept = [probe.rate for probe in self.probes if probe.is_kept]
        not_kept = [probe.rate for probe in self.probes if not probe.is_kept]
        rate = max((rate for rate in kept if rate < min(not_kept, default=math.inf)), default=None)
        all_kept, none_kept = _spread(self.probes)
        return Knee(rate, all_kept, none_kept, limited_by, reason, list(self.probes))

    def _bracket(self, rate: float) -> tuple[float | None, float | None]:
        """Returns a rate that is kept and a higher one that is not; None where there is none."""
        if not self._keeps(rate):
            while rate > self._lowest_rate:
                rate, high = max(rate / 2, self._lowest_rate), rate
                if self._keeps(rate):
                    return rate, high
            return None, rate
        while rate < HIGHEST_RATE:
            low, rate = rate, rate * 2
            if not self._keeps(rate):
                return low, rate
        return rate, None

    def _bisect(self, low: float, high: float) -> None:
        while high / low > RESOLUTION:
            middle = float(f"{math.sqrt(low * high):.3g}")  # digits that people can repeat
            if self._keeps(middle):
                low = middle
            else:
                high = middle

    def _keeps(self, rate: float) -> bool:
        probe = Probe(rate, tuple(self._valid_answer(rate) for _ in range(REPEATS)))
        self.probes.append(probe)
        self._report(probe)
        return probe.is_kept

    def _valid_answer(self, rate: float) -> Answer:
        for _ in range(1 + VOID_RETRIES):
            answer = self._ask(rate)
            if not answer.void:
                return answer
        raise NoAnswer(rate, answer)


def _spread(probes: Sequence[Probe]) -> tuple[float | None, float | None]:
    """Returns the highest rate below all failures, and the lowest above all successes."""
    first_failure = min((p.rate for p in probes if p.times_kept < len(p.answers)), default=math.inf)
    last_success = max((p.rate for p in probes if p.times_kept > 0), default=0.0)
    all_kept = max((p.rate for p in probes if p.rate < first_failure), default=None)
    none_kept = min((p.rate for p in probes if p.rate > last_success), default=None)
    return all_kept, none_kept


def usual_probes(start: float, knee: float) -> int:
    """Returns how many probes a search takes from `start` to a knee at `knee`."""
    bracketing = 1 + max(1, math.ceil(abs(math.log2(knee / start))))
    return bracketing + math.ceil(math.log2(math.log(2) / math.log(RESOLUTION)))
