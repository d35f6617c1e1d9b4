"""Reports as files, and the JSON files that they are made from."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echolab import page, results
from echolab.errors import BadUsage, LabError
from echolab.report.contents import report_of


def write_report(
    document: Mapping[str, Any], path: Path, scale: Mapping[str, Any] | None = None
) -> None:
    """Writes the report; raises CannotRun without the packages, LabError if it cannot write."""
    page.write(report_of(document, scale), path)


def leave(document: Mapping[str, Any], json_file: Path, asked_for: Path | None) -> None:
    """Writes the report beside a kept JSON, and where it was asked for.

    A comparison must not fail for a report that nobody asked for: why there is none beside the
    JSON is one line on stderr. Of the one asked for trouble is raised, as by write_report.
    """
    beside = json_file.with_suffix(".html")
    try:
        write_report(document, beside)
        print(f"Report: {beside}")
    except LabError as error:
        if not asked_for:
            print(f"lab: no report: {error}", file=sys.stderr)
    if asked_for:
        write_report(document, asked_for)


def read_json(path: Path, part: str) -> dict[str, Any]:
    """Returns the JSON of a comparison (which has `runs`) or of a scale (which has `points`).

    Raises BadUsage if the file cannot be read, is no JSON, lacks that part, or is of a newer
    format than this kit writes.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadUsage(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadUsage(f"{path}: not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get(part), list):
        command = "compare" if part == "runs" else "scale"
        raise BadUsage(f"{path}: not a result of ./lab {command}: it has no '{part}'")
    if part == "runs" and (document.get("format") or 0) > results.FORMAT:
        raise BadUsage(
            f"{path}: written by a newer Echo Lab (format {document['format']}, this one knows"
            f" {results.FORMAT})"
        )
    return document
