"""The options that several commands have, and how options are read."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from echolab.errors import BadUsage, unknown

DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|min)?")
UNITS = {None: 1.0, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
# For commands that hand their arguments over: those are not this program's to judge.
HAND_OVER = {"ignore_unknown_options": True, "allow_interspersed_args": False}

any_path = click.Path(path_type=Path)
existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def one_of(kind: str, valid: Sequence[str]):
    """Returns an option's callback that refuses what is not `valid`, with the nearest name."""

    def check(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
        if value is not None and value not in valid:
            raise unknown(kind, value, valid)
        return value

    return check


def duration(
    _context: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    """An option's callback that refuses what the servers do not take for a duration."""
    if value is not None and not DURATION.fullmatch(value):
        raise BadUsage(f"{option.opts[0]}: '{value}' is not a duration such as 5ms or 0.1s")
    return value


def percentage(
    _context: click.Context, option: click.Parameter, value: str | None
) -> float | None:
    """An option's callback that returns a share: 0.1 for "10%"."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", value)
    if not match:
        raise BadUsage(f"{option.opts[0]}: '{value}' is not a percentage such as 10%")
    return float(match[1]) / 100


def seconds_of(duration_text: str) -> float:
    """Returns the seconds of a duration; a number without a unit is seconds."""
    number, unit = DURATION.fullmatch(duration_text).groups()
    return float(number) * UNITS[unit]


def seconds(least: float, most: float):
    """Returns an option's callback that turns a duration within these limits into seconds."""

    def check(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
        if duration(context, option, value) is None:
            return None
        if not least <= (given := seconds_of(value)) <= most:
            raise BadUsage(f"{option.opts[0]}: '{value}' is not from {least:g}s to {most:g}s")
        return given

    return check


any_server = click.option(
    "--server",
    "commands",
    multiple=True,
    metavar="NAME=COMMAND",
    help="Add any server: {port} in its command becomes a free port, {host} the address.",
)


def no_install(command):
    """Shows in a command's help the options that the sh script at the root has taken out."""
    for option in (
        click.option("--bundle", expose_value=False, metavar="DIR", help="Install from this only."),
        click.option("--no-install", is_flag=True, expose_value=False, help="Never install."),
    ):
        command = option(command)
    return command
