"""The page with which a starter's folder is opened: what to do first, and what is to be written."""

from collections.abc import Iterator, Mapping

from echolab.starters import marks
from echolab.starters.manifest import Starter
from echolab.variants import Variant

PAGE = """\
# Lab {lab}: begin here

1. Read [the handout](handout.md), and answer what it asks you to predict.
2. Write what is listed below: `grep -rn '{task}' .` finds the places.
3. Run `./check`. It asks Echo Lab what is right, what is not, and which classic bug it looks like.
   Options are passed on: `./check --only ECHO --hints remedy`.

To talk to the server yourself, begin it, and call it from another terminal:

    {run}

    nc -N 127.0.0.1 7007

## What is to be written

{tasks}
"""
BUILD = "cmake -G Ninja -S . -B build && cmake --build build\n    "
VARIANT = """
## This year's variant

Variant {seed} is an echo server with manners (SERV-11 to SERV-13 in Echo Lab's docs/protocol.md):

- To whoever connects it says `{greeting}`, on a line, before anything else.
- Then every byte comes back at once, as in any echo server.
- It closes after it has echoed the line `{terminator}`, and echoes nothing behind it.
- It closes as well after it has echoed a line of more than {limit} bytes. What has no end yet is
  no line: it comes back, however long it is.

A line ends with `\\n`, or `\\r\\n`, which do not count as bytes of it. The words and the limit
belong into `{words}`.
"""


def text(starter: Starter, files: Mapping[str, str], variant: Variant | None) -> str:
    """Returns README.md for a folder with these files, by their paths."""
    command = " ".join(starter.command(variant is not None)).replace("{port}", "7007")
    page = PAGE.format(
        lab=starter.lab,
        task=marks.TASK,
        run=BUILD + command if starter.build_file else command,
        tasks="\n".join(_listed(files)) or "Nothing: it is solved.",
    )
    if variant is None:
        return page
    return page + VARIANT.format(
        seed=variant.seed,
        greeting=variant.greeting,
        terminator=variant.terminator,
        limit=variant.limit_bytes,
        words=starter.manners[0],
    )


def _listed(files: Mapping[str, str]) -> Iterator[str]:
    """Yields the files with open tasks, and behind each what belongs there."""
    for path, source in files.items():
        if tasks := marks.tasks(source):
            yield f"- `{path}`"
            yield from (f"  - {task}" for task in tasks)
