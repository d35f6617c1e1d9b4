"""Walks through one page, and prints a JSON object a block.

usage: python3 -m echolab.documents PAGE DIRECTORY [--own-network]
"""

import dataclasses
import json
import sys
from pathlib import Path

from echolab.documents.isolation import start_loopback
from echolab.documents.markdown import read_page
from echolab.documents.walk import walk
from echolab.interrupts import end_children
from echolab.proc import adopt_orphans


def main() -> int:
    """Returns 0 whatever the outcomes are: they are printed."""
    page = read_page(Path(sys.argv[1]))
    adopt_orphans()
    if "--own-network" in sys.argv:
        start_loopback()
    try:
        for outcome in walk(page, Path(sys.argv[2])):
            print(json.dumps(dataclasses.asdict(outcome)), flush=True)
    finally:
        end_children()
    return 0


if __name__ == "__main__":
    sys.exit(main())
