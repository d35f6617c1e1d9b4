"""The commands that stand in running text: they are not typed, but they must exist."""

import re
import shlex
from collections.abc import Iterator

import click

from echolab.documents.markdown import Page
from echolab.errors import LabError

LAB = re.compile(r"\./lab\s+[a-z]")


def unknown_commands(page: Page) -> Iterator[str]:
    """Yields each `./lab ...` in the text whose command or options ./lab does not know."""
    for code in page.inline_code:
        if LAB.match(code.target):
            if complaint := _complaint(code.target):
                yield f"line {code.line}: {complaint}"


def _complaint(text: str) -> str | None:
    from echolab.cli import lab  # that module knows this package's commands

    try:
        words = shlex.split(text)[1:]
    except ValueError as error:
        return f"{text}: {error}"
    context = click.Context(lab)
    try:
        name, command, rest = lab.resolve_command(context, words)
    except (LabError, click.ClickException) as error:
        return f"{text}: {error}"
    if command is None or command.context_settings.get("ignore_unknown_options"):
        return None
    known = {option for parameter in command.get_params(context) for option in parameter.opts}
    own = rest[: rest.index("--")] if "--" in rest else rest
    foreign = [word for word in own if _option(word) and _option(word) not in known]
    return f"{text}: ./lab {name} has no option {foreign[0]}" if foreign else None


def _option(word: str) -> str | None:
    return word.partition("=")[0] if word.startswith("-") and word != "-" else None
