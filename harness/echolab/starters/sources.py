"""Which files a program is made of, found by what they include or import of their own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
IMPORT = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)


def sources_of(
    root: Path, program: str, render: Callable[[str, str], str] = lambda path, text: text
) -> dict[str, str]:
    """Returns the files of a C, C++ or Python program, by their paths below `root`, in order.

    With a header comes the source of the same name, if there is one. `render` makes of a path and
    its text what is to become of it; what that includes or imports, counts.
    """
    found: dict[str, str] = {}
    unread = [program]
    while unread:
        path = unread.pop()
        if path not in found:
            found[path] = render(path, (root / path).read_text())
            unread += _used_by(root, found[path])
    return dict(sorted(found.items()))


def _used_by(root: Path, text: str) -> Iterator[str]:
    names = INCLUDE.findall(text) + [f"{module}.py" for module in IMPORT.findall(text)]
    for name in names:
        for candidate in (name, str(Path(name).with_suffix(".cpp"))):
            if (root / candidate).is_file():
                yield candidate
