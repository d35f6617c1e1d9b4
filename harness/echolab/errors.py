"""The trouble that the driver foresees: each kind is one line for the user and one exit status."""

import difflib
from collections.abc import Iterable


class LabError(Exception):
    """Something failed. The message is one sentence, with the remedy where there is one."""

    exit_status = 1


class BadUsage(LabError):
    """The command line, or a file that it names, asks for something that does not exist."""

    exit_status = 2


class CannotRun(LabError):
    """This machine lacks something that the command needs."""

    exit_status = 3


def unknown(kind: str, given: str, valid: Iterable[str]) -> BadUsage:
    """Returns the error for a name that is none of `valid`, with the nearest one that is."""
    names = sorted(valid)
    begun = [name for name in names if name.startswith(given)]
    nearest = begun or difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    advice = f"did you mean '{nearest[0]}'?" if nearest else f"choose from {', '.join(names)}"
    return BadUsage(f"unknown {kind} '{given}': {advice}")
