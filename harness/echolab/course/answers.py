"""How a question can be answered, and what an answer that was measured looks like."""

import re
from collections.abc import Callable
from dataclasses import dataclass

UNITS = {
    "time": {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "": 1.0},
    "bytes": {"": 1, "B": 1, "KB": 1e3, "KIB": 1024, "MB": 1e6, "MIB": 1024**2, "GB": 1e9},
    "count": {"": 1},
}
NUMBER = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([A-Za-zµ]*)")
CLOSE = 2.0  # within this factor a guess of a quantity is called close


@dataclass(frozen=True)
class Kind:
    """A kind of answer: what to type, how to read it, and how to say how good a guess was."""

    asked: str
    read: Callable[[str], object]
    compare: Callable[[object, object], str]


@dataclass(frozen=True)
class Measured:
    """What a measurement says: the value that the prediction is held against, and what was seen."""

    value: object
    seen: str


def _read_yes_or_no(text: str) -> bool:
    answers = {"y": True, "yes": True, "n": False, "no": False}
    if text.lower() not in answers:
        raise ValueError("yes or no?")
    return answers[text.lower()]


def _right_or_not(guess: object, value: object) -> str:
    return "As you said." if guess == value else "Not what you expected: keep this one in mind."


YES_OR_NO = Kind("yes or no", _read_yes_or_no, _right_or_not)


def choice(*options: str) -> Kind:
    """Returns the kind of answer that is one of `options`."""

    def read(text: str) -> str:
        found = [option for option in options if option.startswith(text.lower())]
        if len(found) != 1:
            raise ValueError(f"one of {', '.join(options)}?")
        return found[0]

    return Kind(", ".join(options), read, _right_or_not)


def quantity(of: str, example: str) -> Kind:
    """Returns the kind of answer that is a number of `of`: time (in s), bytes or count."""
    units = UNITS[of]

    def read(text: str) -> float:
        match = NUMBER.fullmatch(text.strip())
        unit = match and (match[2] if of == "time" else match[2].upper())
        if not match or unit not in units:
            raise ValueError(f"a number such as {example}?")
        return float(match[1].replace("_", "").replace(",", "")) * units[unit]

    return Kind(f"such as {example}", read, _how_far_off)


def _how_far_off(guess: object, value: object) -> str:
    if guess == value:
        return "Exactly as you said."
    if not guess or not value:
        return "Not what you expected: keep this one in mind."
    factor = max(guess / value, value / guess)
    if factor <= CLOSE:
        return "Close to what you said."
    times = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}"
    return f"{times} times {'less' if guess > value else 'more'} than you said."
