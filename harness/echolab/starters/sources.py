"""Which files a program is made of, found by what they include or import of their own."""

import re
from collections.abc import Iterator
from pathlib import Path

INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
IMPORT = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)


def sources_of(root: Path, program: str) -> list[str]:
    """Returns the files of a C, C++ or Python program, as paths below `root`, sorted.

    With a header comes the source of the same name, if there is one.
    """
    found = {program}
    unread = [program]
    while unread:
        new = set(_used_by(root, unread.pop())) - found
        found |= new
        unread += new
    return sorted(found)


def _used_by(root: Path, path: str) -> Iterator[str]:
    text = (root / path).read_text()
    names = INCLUDE.findall(text) + [f"{module}.py" for module in IMPORT.findall(text)]
    for name in names:
        for candidate in (name, str(Path(name).with_suffix(".cpp"))):
            if (root / candidate).is_file():
                yield candidate
