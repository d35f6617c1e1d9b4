"""Variants of the course's task, a seed each, so that last year's solution is not this year's.

A variant is the service `polite` (docs/protocol.md, SERV-11 to SERV-13) with other words and
another limit. Without a seed they are those of Manners in common/services/service_options.h; no
seed yields any of these.
"""

from dataclasses import dataclass

from echolab.errors import BadUsage

SERVICE = "polite"

# The numbers of greetings, terminators and limits have no common divisor: so seeds that differ by
# less than eleven differ in all three, and all of 13 * 11 * 17 = 2431 in one at least.
GREETINGS = (
    "hello", "good morning", "good evening", "good day", "nice to see you", "come in",
    "how do you do", "what can I do for you?", "at your service", "who is there?", "greetings",
    "there you are", "long time no see",
)  # fmt: skip
TERMINATORS = (
    "farewell", "so long", "see you", "good night", "over and out", "the end", "that is all",
    "until tomorrow", "adieu", "ciao", "I must go",
)  # fmt: skip
LINE_LIMITS = tuple(range(600, 2300, 100))  # bytes; below a page of text, above what clients say


@dataclass(frozen=True)
class Variant:
    """What a server of the service `polite` says, and how long a line it goes on after."""

    seed: int | None  # None: the kit's own words
    greeting: str = "welcome"
    terminator: str = "bye"
    limit_bytes: int = 4096

    @classmethod
    def of(cls, seed: int) -> "Variant":
        """Returns the variant of a seed: each part is the seed's remainder in its table.

        Raises BadUsage for a negative seed.
        """
        if seed < 0:
            raise BadUsage(f"--seed: {seed} is negative: choose any number from 0 on")
        return cls(
            seed,
            GREETINGS[seed % len(GREETINGS)],
            TERMINATORS[seed % len(TERMINATORS)],
            LINE_LIMITS[seed % len(LINE_LIMITS)],
        )

    @property
    def options(self) -> tuple[str, ...]:
        """The words by which the kit's servers are told to be of this variant."""
        words = ("--greeting", self.greeting, "--terminator", self.terminator)
        return ("--service", SERVICE, *words, "--line-limit", str(self.limit_bytes))


THE_KITS = Variant(None)
