#!/usr/bin/env python3
"""Looks for mistakes with clang-tidy, many files at a time: prints them, exits 1 if there are any.

    .ci/check_mistakes.py build/dev

Nine tenths of clang-tidy's time go into the headers of others, once for each file. So many files
are included in one, a lot, and looked at together. If anything is wrong with a lot, smaller ones
are made of its files, and in the end they are looked at one by one: what they are blamed for is
their own.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Without the static analyzer, which takes four fifths of the time: the sanitizers see more of what
# it looks for.
CLANG_TIDY = ["clang-tidy", "--quiet", "--checks=-clang-analyzer-*"]
FOR_LOTS = [
    f"--config-file={ROOT / '.clang-tidy'}",
    r"--header-filter=(common|0[1-6]_[a-z]+|harness)/.*\.(h|cpp)$",
]
INCLUDE = re.compile(r"^#include .*$", re.MULTILINE)
HAS_MAIN = re.compile(r"^int main\(", re.MULTILINE)
READS_OPTIONS = re.compile(r"^#include <CLI/CLI\.hpp>$", re.MULTILINE)
LOT_LINE = '#include "{}"  // NOLINT(bugprone-suspicious-include)\n'
# Several programs have names in common, such as main and run; and so have those that read options.
# In a namespace of its own each sees the kit, and no other program.
PROGRAM = """namespace echolab::bench {{}}
namespace echolab::loadgen {{}}
namespace echolab::program_{} {{
namespace echolab {{
using namespace ::echolab;
namespace bench {{
using namespace ::echolab::bench;
}}
namespace loadgen {{
using namespace ::echolab::loadgen;
}}
}}
{}}}
"""


@dataclass(frozen=True)
class Source:
    """A file, and the words of the command that compiles it."""

    path: Path
    words: tuple[str, ...]

    def flags(self) -> tuple[str, ...]:
        """Returns what does not depend on the file: files with the same flags fit into a lot."""
        output = self.words.index("-o")
        return self.words[:output]


@dataclass(frozen=True)
class Doubt:
    """A lot, and what clang-tidy says about it: perhaps just that its files do not fit together."""

    lot: list[Source]
    words: str


def sources(build: Path) -> list[Source]:
    """Returns what is to be looked at. The zoo is mistaken on purpose; in cmake/ there is no code."""
    entries = json.loads((build / "compile_commands.json").read_text())
    found = (Source(Path(e["file"]), tuple(shlex.split(e["command"]))) for e in entries)
    return [source for source in found if _is_looked_at(source.path)]


def _is_looked_at(path: Path) -> bool:
    is_code = path.suffix == ".cpp" and not path.stem.endswith("_test")
    left_out = (ROOT / "harness" / "zoo", ROOT / "cmake")
    return is_code and not any(path.is_relative_to(directory) for directory in left_out)


def by_kind(source: Source) -> str:
    """Makes the largest lots. Names that are local to a file are different within each."""
    text = source.path.read_text()
    if READS_OPTIONS.search(text):  # CLI11's headers take longer than all others
        return "reads options"
    if HAS_MAIN.search(text):
        return "program"
    is_of_a_lab = source.path.relative_to(ROOT).parts[0][0] == "0"
    return "of a lab" if is_of_a_lab else "of no lab"


def by_directory(source: Source) -> str:
    """Makes smaller lots."""
    return str(source.path.parent)


def lots_of(files: list[Source], kind: Callable[[Source], str]) -> list[list[Source]]:
    """Returns the files of each kind that are compiled alike, the largest lots first."""
    lots = defaultdict(list)
    for source in files:
        lots[kind(source), source.flags()].append(source)
    return sorted(lots.values(), key=len, reverse=True)


def text_of(lot: list[Source]) -> str:
    """Returns the text of the one file that includes them all: libraries first, then programs."""
    texts = {source.path: source.path.read_text() for source in lot}
    programs = [
        path for path, text in texts.items() if HAS_MAIN.search(text) or READS_OPTIONS.search(text)
    ]
    if len(programs) == 1:
        programs.clear()
    lines = [LOT_LINE.format(path) for path in texts if path not in programs]
    # What a program includes must have been included before its namespace begins.
    lines += sorted({f"{line}\n" for path in programs for line in INCLUDE.findall(texts[path])})
    for number, path in enumerate(programs):
        lines.append(PROGRAM.format(number, LOT_LINE.format(path)))
    return "".join(lines)


def write_lots(lots: list[list[Source]], directory: Path) -> list[Path]:
    """Writes a file for each lot, and the database of their commands, which clang-tidy reads."""
    directory.mkdir(exist_ok=True)
    paths = [directory / f"lot_{number}.cpp" for number in range(len(lots))]
    commands = []
    for path, lot in zip(paths, lots):
        path.write_text(text_of(lot))
        arguments = [*lot[0].flags(), "-c", str(path)]
        commands.append({"directory": str(ROOT), "file": str(path), "arguments": arguments})
    (directory / "compile_commands.json").write_text(json.dumps(commands))
    return paths


def complaints_about(path: Path, database: Path, *options: str) -> str:
    """Returns what clang-tidy says about a file; nothing if it finds nothing."""
    command = [*CLANG_TIDY, *options, "-p", str(database), str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return ended.stdout or ended.stderr if ended.returncode else ""


def doubtful_lots(lots: list[list[Source]], directory: Path, pool: Executor) -> list[Doubt]:
    """Returns the lots with which something is wrong, and what."""
    paths = write_lots(lots, directory)
    said = pool.map(lambda path: complaints_about(path, directory, *FOR_LOTS), paths)
    return [Doubt(lot, words) for lot, words in zip(lots, said) if words]


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    files, doubts = sources(build), []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for kind in (by_kind, by_directory):
            found = doubtful_lots(lots_of(files, kind), build / "clang-tidy", pool)
            files = [source for doubt in found for source in doubt.lot]
            doubts += found
        mistakes = list(pool.map(lambda source: complaints_about(source.path, build), files))
    print("\n".join(filter(None, mistakes)), end="")
    if any(mistakes):
        return 1
    for doubt in doubts:
        names = ", ".join(str(source.path.relative_to(ROOT)) for source in doubt.lot)
        print(f"All well, but not all at once: {names}\n{doubt.words[:1000]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
