"""Bugs that a black box cannot see, and that a server built with a sanitizer reports by itself."""

from echolab.check.diagnosis import Finding, Tier, bug, certain
from echolab.check.trial import Facts


@bug(
    "use-after-free",
    "uses memory that it has given back",
    tier=Tier.UNDEFINED,
    question="Who owns a client's data, and may that one end while somebody else still uses them?",
    pointer="g++ -fsanitize=address prints where it was freed; 02_threads",
    remedy="Let the thread that uses the data own them, or wait for it before you free them.",
)
def use_after_free(facts: Facts) -> Finding | None:
    """AddressSanitizer says so."""
    report = facts["sanitizer_report"] or ""
    return certain(report) if "use-after" in report else None


@bug(
    "data-race",
    "lets two threads use the same data without a lock",
    tier=Tier.UNDEFINED,
    question="Which data do several threads change, and what keeps them from doing it at once?",
    pointer="g++ -fsanitize=thread prints both places; pthread_mutex_lock(3); 02_threads",
    remedy="Give the data one owner, or hold one lock wherever they are used.",
)
def data_race(facts: Facts) -> Finding | None:
    """ThreadSanitizer says so."""
    report = facts["sanitizer_report"] or ""
    return certain(report) if "data race" in report else None


@bug(
    "memory-error",
    "breaks the rules of the language, by its own sanitizer's report",
    tier=Tier.UNDEFINED,
    question="What does the first report on your server's stderr say?",
    pointer="gcc(1), -fsanitize",
    remedy="Mend what the first report names: those after it may be its consequences.",
)
def memory_error(facts: Facts) -> Finding | None:
    """Some sanitizer has reported something else."""
    report = facts["sanitizer_report"]
    named = use_after_free(facts) or data_race(facts)
    return certain(report) if report and not named else None
