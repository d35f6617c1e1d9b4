"""Runs all tests through CTest and counts the cases, those inside the pytest suites too."""

import subprocess
import tempfile
import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from echolab.build import build
from echolab.models import ROOT

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def run_tests(preset: str, label: str | None, ctest_options: Sequence[str]) -> Counter:
    """Builds a preset, runs its tests with their output shown, and returns the counts."""
    directory = build(preset).parent
    suites = directory / "test-results"
    for stale in suites.glob("*.xml"):
        stale.unlink()
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = ["ctest", "--preset", preset, "--output-junit", report.name]
        command += ["--label-regex", f"^{label}$"] if label else []
        subprocess.run([*command, *ctest_options], cwd=ROOT)
        return count(Path(report.name), suites)


def count(report: Path, suites: Path) -> Counter:
    """Counts CTest's report, with each pytest suite replaced by the cases that it reported.

    A suite that ended without a report of its own counts as the one test that CTest saw.
    """
    counts: Counter = Counter()
    if report.stat().st_size == 0:  # ctest could not even start
        return Counter({FAILED: 1})
    for case in xml.parse(report).iter("testcase"):
        suite = suites / f"{case.get('name')}.xml"
        cases = xml.parse(suite).iter("testcase") if suite.exists() else [case]
        outcomes = Counter(map(_outcome, cases))
        if case.get("status") == "fail" and not outcomes[FAILED]:
            outcomes[FAILED] += 1  # it broke off, or CTest ended it
        counts += outcomes
    return counts


def summary_line(counts: Counter) -> str:
    """Returns the line on which `./lab test` closes."""
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in (PASSED, FAILED, SKIPPED))


def _outcome(case: xml.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return FAILED
    skipped = case.find("skipped")
    if skipped is None:
        return FAILED if case.get("status") == "fail" else PASSED
    # A test that documents a limit, and is expected to fail, did what it should.
    return PASSED if skipped.get("type") == "pytest.xfail" else SKIPPED
