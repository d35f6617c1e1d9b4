#!/usr/bin/env python3
"""Names the tests that failed when CTest last ran in a build directory, a line each.

    .ci/failed_tests.py build/dev

Of a pytest suite, which is one entry for CTest, it names the cases.
"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def failed_entries(build: Path) -> list[str]:
    """Returns the names in CTest's own list, whose lines are NUMBER:NAME."""
    lines = (build / "Testing/Temporary/LastTestsFailed.log").read_text().splitlines()
    return [line.partition(":")[2] for line in lines]


def failed_cases(suite: Path) -> list[str]:
    """Returns the cases that failed in a suite's report; none if it left no report."""
    if not suite.exists():
        return []
    cases = xml.parse(suite).iter("testcase")
    failed = (case for case in cases if {"failure", "error"} & {part.tag for part in case})
    return [case.get("name", "") for case in failed]


def main() -> None:
    build = Path(sys.argv[1])
    for entry in failed_entries(build):
        cases = failed_cases(build / "test-results" / f"{entry}.xml")
        print(*(f"{entry}: {case}" for case in cases) if cases else [entry], sep="\n")


if __name__ == "__main__":
    main()
