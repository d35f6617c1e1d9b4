"""The page with which a starter's folder is opened: what to do first, and what is to be written."""

from collections.abc import Mapping

from echolab.starters import marks
from echolab.starters.manifest import Starter
from echolab.variants import Variant

BEGIN = """\
# Lab {lab}: begin here

1. Read [the handout](handout.md): its *Predict* before anything else.
2. Look for `{task}`: there your part belongs. `grep -rn '{task}' .` finds the
   {count} listed below.
3. Run `./check`. It {builds}asks Echo Lab what is right, what is not, and which classic bug it
   looks like. Options are passed on: `./check --only ECHO --hints remedy`.

To run the server yourself: `{build}{run}`.
Then, in another terminal: `nc -N 127.0.0.1 7007`.

## What is to be written

"""
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
    open_tasks = [(path, task) for path, source in files.items() for task in marks.tasks(source)]
    is_built = starter.build_file is not None
    page = BEGIN.format(
        lab=starter.lab,
        task=marks.TASK,
        count=f"{len(open_tasks)} places" if len(open_tasks) > 1 else "place",
        builds="builds the server, and " if is_built else "",
        build="cmake -S . -B build && cmake --build build && " if is_built else "",
        run=" ".join(starter.command(variant is not None)).replace("{port}", "7007"),
    )
    listed = "".join(f"- `{path}`: {task}\n" for path, task in open_tasks)
    page += listed or "Nothing: it is solved.\n"
    if variant:
        page += VARIANT.format(
            seed=variant.seed,
            greeting=variant.greeting,
            terminator=variant.terminator,
            limit=variant.limit_bytes,
            words=starter.manners[0],
        )
    return page
