"""A console block: who types what, and what is then to be seen.

    $ COMMAND                 typed at a shell; it ends before the next one is typed
    server$ COMMAND           typed at the shell of the terminal `server`, where it may go on; what
                              still runs there is ended by Ctrl-C first
    text                      what the program shows; `...` stands for any text in a line, and
                              alone on a line for any lines
    ^C  ^D  ^Z                the keys, pressed when all before them was seen
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

PROMPT = re.compile(r"(?P<terminal>[a-z][a-z0-9-]*)?\$ (?P<command>.*)")
CONTINUED = re.compile(r"\\$")
KEYS = {"^C": "\x03", "^D": "\x04", "^Z": "\x1a"}


@dataclass
class Command:
    """One command, or with command None what goes on where one runs already."""

    terminal: str  # "" for one that is not named
    command: str | None
    line: int
    shown: list[str] = field(default_factory=list)

    @property
    def may_go_on(self) -> bool:
        """Tells whether the program may still run when all that is listed was seen."""
        return bool(self.terminal)


def parse(text: str, line: int, terminal: str = "") -> list[Command]:
    """Returns the commands of a block whose text begins at `line`.

    With `terminal` the text before the first prompt is what that terminal goes on to show.
    """
    commands = [Command(terminal, None, line)] if terminal else []
    continued = False
    for number, content in enumerate(text.splitlines(), line):
        match = None if continued else PROMPT.fullmatch(content)
        if continued:
            commands[-1].command += "\n" + content
        elif match:
            commands.append(Command(match["terminal"] or "", match["command"], number))
        elif commands:
            commands[-1].shown.append(content)
        elif content:
            raise ValueError(f"line {number}: shown by no command: {content}")
        continued = bool(commands) and not commands[-1].shown and _is_open(commands[-1].command)
    return [command for command in commands if command.command or command.shown]


def _is_open(command: str | None) -> bool:
    """Tells whether a shell would read on: after a backslash, or within quotes."""
    if command is None:
        return False
    quote = ""
    escaped = False
    for character in command:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return escaped or bool(quote)


@dataclass(frozen=True)
class Act:
    """What is to be seen, `prompt` on a line begun, and the keys to be pressed thereafter."""

    lines: list[str]
    prompt: str = ""
    keys: str = ""


def acts(shown: Sequence[str], typed: Sequence[str], prompt: str = "") -> Iterator[Act]:
    """Yields what the reader sees and does, in turn.

    A line of `typed` is pressed where the text shown ends with it, and whatever stands behind
    `prompt`: the terminal echoes it there, so that it is also the first that is to be seen then.
    """
    waiting = list(typed)
    seen: list[str] = []
    for line in shown:
        if line in KEYS:
            yield Act(seen, keys=KEYS[line])
            seen = []
        elif prompt and line.startswith(f"{prompt} "):
            yield Act(seen, f"{prompt} ", line.removeprefix(f"{prompt} ") + "\n")
            seen = [line]
        elif waiting and line.endswith(waiting[0]):
            yield Act(seen, line.removesuffix(waiting[0]), waiting.pop(0) + "\n")
            seen = [line]
        else:
            seen.append(line)
    yield Act(seen)


def pattern(lines: Sequence[str]) -> str:
    """Returns the regular expression for what is shown; each line ends with a newline.

    Blank lines do not count, nor does how wide a gap is: columns are as wide as a terminal lets them.
    """
    return "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else _line_pattern(line) + "\n"
        for line in lines
        if line.strip()
    )


def _line_pattern(line: str) -> str:
    return ".*?".join(_words_pattern(part) for part in line.split("...")) + r"[ \t]*"


def _words_pattern(text: str) -> str:
    return "[ \t]+".join(re.escape(part) for part in re.split(r"[ \t]+", text))
