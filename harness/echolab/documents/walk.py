"""Walks through a page as its reader does: types its commands, and compares what is shown."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from echolab.documents.markdown import Block, Page
from echolab.documents.terminal import Terminal
from echolab.documents.transcript import Act, Command, acts, parse, pattern
from echolab.models import ROOT

PATIENCE_SECONDS = 120.0
TOLD_LINES = 12


@dataclass(frozen=True)
class Outcome:
    """What became of a block: "passed", or "failed", "not run" or "not tried" with the reason."""

    line: int
    verdict: str
    reason: str = ""
    seconds: float = 0.0


class NotAsListed(Exception):
    """What is shown is not what the page lists."""


def walk(page: Page, directory: Path) -> Iterator[Outcome]:
    """Yields the outcome of each console block; the reader's files are left in `directory`.

    The page's terminals keep their programs running from block to block, as the reader's do.
    What comes after a block that failed is not typed: it builds on it.
    """
    _furnish(directory)
    failed_at = None
    with ExitStack() as stack:
        reader = Reader(directory, stack)
        for block in page.blocks:
            if name := block.directives.get("file"):
                (directory / name).write_text(block.text)
            if block.language != "console":
                continue
            if reason := block.directives.get("not run"):
                yield Outcome(block.line, "not run", reason)
            elif failed_at:
                yield Outcome(block.line, "not tried", f"the block of line {failed_at} failed")
            else:
                outcome = reader.type_block(block)
                failed_at = block.line if outcome.verdict == "failed" else None
                yield outcome


def _furnish(directory: Path) -> None:
    """Lets the kit's files be found in `directory`, where what is written does not harm them.

    Earlier results are not among them: a page's reader has none.
    """
    for path in ROOT.iterdir():
        if path.name not in (".git", "results"):
            (directory / path.name).symlink_to(path)


@dataclass(frozen=True)
class Typing:
    """What a block's reader types into programs: these lines, and what stands behind a prompt."""

    lines: tuple[str, ...]
    prompt: str

    @staticmethod
    def of(block: Block) -> "Typing":
        """Returns what the comments before the block say."""
        lines = block.directives.get("types", "").split("|")
        prompt = block.directives.get("prompt", "")
        return Typing(tuple(line.strip() for line in lines if line.strip()), prompt)

    def lines_in(self, shown: Sequence[str]) -> list[str]:
        """Returns those that are typed into the program that shows this."""
        return [line for line in self.lines if any(text.endswith(line) for text in shown)]


class Reader:
    """Who sits before the terminals, and looks from the page to the screen and back."""

    def __init__(self, directory: Path, stack: ExitStack):
        self._directory = directory
        self._stack = stack
        self._terminals: dict[str, Terminal] = {}
        self._left_open: set[Terminal] = set()

    def type_block(self, block: Block) -> Outcome:
        """Types all of a block."""
        started = time.monotonic()
        typing = Typing.of(block)
        try:
            for command in parse(block.text, block.line, block.directives.get("terminal", "")):
                self._carry_out(command, typing)
            verdict, reason = "passed", ""
        except (NotAsListed, ValueError) as error:
            verdict, reason = "failed", str(error)
        return Outcome(block.line, verdict, reason, time.monotonic() - started)

    def _carry_out(self, command: Command, typing: Typing) -> None:
        terminal = self._terminal(command.terminal)
        if command.command is not None:
            self._end_what_runs(terminal, command)
            terminal.run(command.command)
        # Any lines may still follow where the block before it has left them open.
        shown = ["..."] * (command.command is None and terminal in self._left_open) + command.shown
        self._left_open.discard(terminal)
        for act in acts(shown, typing.lines_in(shown), typing.prompt):
            if act.keys or command.may_go_on:
                self._expect(terminal, command, act)
                terminal.press(act.keys)
            else:
                self._expect_to_the_end(terminal, command, act.lines)
        if shown[-1:] == ["..."]:
            self._left_open.add(terminal)

    def _end_what_runs(self, terminal: Terminal, command: Command) -> None:
        """As a reader does who types the next command on the terminal of a server."""
        if terminal.runs and not terminal.interrupt(PATIENCE_SECONDS):
            raise NotAsListed(f"line {command.line}: what ran there does not end at Ctrl-C")

    def _terminal(self, name: str) -> Terminal:
        if name not in self._terminals:
            environment = {**os.environ, "ECHOLAB_RESULTS": str(self._directory / "results")}
            terminal = self._stack.enter_context(Terminal(self._directory, environment))
            self._terminals[name] = terminal
        return self._terminals[name]

    def _expect(self, terminal: Terminal, command: Command, act: Act) -> None:
        expected = re.compile(f"{pattern(act.lines)}(?={re.escape(act.prompt)})")
        terminal.wait_for(
            lambda screen: bool(expected.match(screen)) or not terminal.runs, PATIENCE_SECONDS
        )
        match = expected.match(terminal.shown())
        if not match:
            lines = [*act.lines, act.prompt] if act.prompt else act.lines
            raise NotAsListed(_difference(command, lines, terminal.shown()))
        terminal.forget(match.end())

    def _expect_to_the_end(self, terminal: Terminal, command: Command, lines: list[str]) -> None:
        if not terminal.wait_until_ready(PATIENCE_SECONDS):
            raise NotAsListed(
                f"line {command.line}: it has not ended: {command.command}\n{terminal.shown()}"
            )
        if not re.fullmatch(pattern(lines), terminal.shown()):
            raise NotAsListed(_difference(command, lines, terminal.shown()))


def _difference(command: Command, expected: list[str], screen: str) -> str:
    typed = command.command or f"terminal {command.terminal}"
    listed, shown = _some("-", expected), _some("+", screen.splitlines())
    return f"line {command.line}: {typed}\nlisted:\n{listed}\nshown:\n{shown}"


def _some(mark: str, lines: list[str]) -> str:
    more = [f"  ... and {len(lines) - TOLD_LINES} lines more"] if len(lines) > TOLD_LINES else []
    return "\n".join([f"  {mark} {line}" for line in lines[:TOLD_LINES]] + more) or "  (nothing)"
