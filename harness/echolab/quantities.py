"""Numbers for people: three digits and a unit."""


def digits(value: float) -> str:
    """Returns a number with three significant digits: 3.07, 12.5, 301."""
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def scaled(value: float, units: list[tuple[float, str]]) -> tuple[float, str]:
    """Returns the largest unit that `value` reaches, and its name; units in rising order."""
    fitting = [unit for unit in units if value >= unit[0]]
    return fitting[-1] if fitting else units[0]


def rate(median: float, least: float, most: float) -> str:
    """Returns a rate and, in fewer digits, its range in the same unit: "49.2k (48–51)"."""
    size, unit = scaled(median, [(1, ""), (1e3, "k"), (1e6, "M")])
    text = digits(median / size) + unit
    if least == most:
        return text
    places = 0 if median / size >= 9.995 else 1
    return f"{text} ({least / size:.{places}f}–{most / size:.{places}f})"


def duration(microseconds: float) -> str:
    """Returns a duration: "19.5 µs", "1.24 ms", "2.00 s"."""
    size, unit = scaled(microseconds, [(1, "µs"), (1e3, "ms"), (1e6, "s")])
    return f"{digits(microseconds / size)} {unit}"


def size(number: float) -> str:
    """Returns a number of bytes: "310 B", "3.41 MiB"; a difference may be negative."""
    if abs(number) < 2**10:
        return f"{round(number)} B"
    unit_size, unit = scaled(abs(number), [(2**10, "KiB"), (2**20, "MiB"), (2**30, "GiB")])
    return f"{digits(number / unit_size)} {unit}"


def counted(number: int, noun: str) -> str:
    """Returns a number of things: "1 client", "10,000 clients"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def count(number: float) -> str:
    """Returns a whole number (medians of an even number of rounds may end on a half)."""
    return f"{number:g}"


def short(number: float) -> str:
    """Returns any number in three digits: "3.07", "49.2k"."""
    return rate(number, number, number)
