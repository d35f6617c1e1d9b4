"""Runs the Google Benchmark programs as if they were one."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echolab.bench_comparison import compare, print_comparison, read_figures
from echolab.build import build, left_out
from echolab.lineup import raise_descriptor_limit
from echolab.errors import BadUsage, LabError
from echolab.models import MODELS, ROOT
from echolab.tables import output_console

OUT_OPTION = "--benchmark_out="
FORMAT_OPTION = "--benchmark_format="


def run_benchmarks(options: Sequence[str]) -> None:
    """Builds the release preset and runs every benchmark program with these options.

    Each writes a file of its own. Then the files become one, where one is asked for.
    """
    if _value(options, "--benchmark_out_format=") not in (None, "json"):
        raise BadUsage("--benchmark_out_format: only json, the default, can be made one file")
    raise_descriptor_limit()  # a thousand clients need more than the usual 1024
    programs = [program for program in _build() if _has_benchmarks(program, options)]
    if not programs:
        raise BadUsage("no benchmark matches: see them with ./lab bench --benchmark_list_tests")
    # Several documents on stdout would not be JSON any more: there, too, they become one.
    as_json = _value(options, FORMAT_OPTION) == "json"
    documents = [_run(program, options, shown=not as_json) for program in programs]
    if out := _value(options, OUT_OPTION):
        _write(merge(documents), Path(out))
    if as_json:
        print(json.dumps(merge(documents), indent=2))


def compare_results(files: Sequence[Path], options: Sequence[str]) -> None:
    """Prints how the second of two results differs from the first; takes no `options`."""
    if options:
        raise BadUsage(f"--compare runs nothing, and so takes no option '{options[0]}'")
    before, after = map(read_figures, files)
    print_comparison(output_console(), compare(before, after), files)


def _build() -> list[Path]:
    benchmarks = sorted(path.stem for path in (ROOT / "harness/bench").glob("*_bench.cpp"))
    servers = [model.program for model in MODELS.values()]  # for the round trips
    directory = build("release", [*benchmarks, *servers])
    for program, reason in left_out(directory).items():
        if program in servers:
            print(f"lab: {program} is left out here: {reason}", file=sys.stderr)
    return [directory / benchmark for benchmark in benchmarks]


def merge(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns one document with the benchmarks of all, under the context of the first.

    Each program counts its families of benchmarks from 0; by these numbers Google's compare tool
    tells them apart, so they are counted through.
    """
    benchmarks: list[dict[str, Any]] = []
    for document in documents:
        families = 1 + max((entry.get("family_index", -1) for entry in benchmarks), default=-1)
        for entry in document["benchmarks"]:
            counted = {"family_index": families + entry.get("family_index", 0)}
            benchmarks.append(entry | counted)
    return {"context": documents[0]["context"], "benchmarks": benchmarks}


def _value(options: Sequence[str], name: str) -> str | None:
    values = [option.removeprefix(name) for option in options if option.startswith(name)]
    return values[-1] if values else None


def _has_benchmarks(program: Path, options: Sequence[str]) -> bool:
    filters = [option for option in options if option.startswith("--benchmark_filter=")]
    command = [str(program), "--benchmark_list_tests", *filters]
    listing = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return bool(listing.stdout.strip())


def _run(program: Path, options: Sequence[str], shown: bool) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [str(program), *options, OUT_OPTION + file.name]  # the last one counts
        status = subprocess.run(command, stdout=None if shown else subprocess.DEVNULL).returncode
        if status != 0:
            raise LabError(f"{program.name} ended with exit status {status}")
        text = Path(file.name).read_text()
    return json.loads(text) if text else {"context": {}, "benchmarks": []}


def _write(document: dict[str, Any], path: Path) -> None:
    try:
        path.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
