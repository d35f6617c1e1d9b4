"""What ./lab starter hands out is built and started by the grader as its own README says."""

import pytest
from starter_checks import written

from echolab.grading.confinement import Level, best_level
from echolab.grading.rubric import find_rubric
from echolab.grading.submission import find_out
from echolab.starters.manifest import find_starter

CHECK = "ECHO-3"

pytestmark = pytest.mark.skipif(
    best_level() is not Level.FULL, reason="no sandbox with users of its own on this machine"
)


def verdict_on(submission, lab: str) -> str:
    """Returns how ECHO-3 has ended, or why it was not tried."""
    found = find_out(find_rubric(lab), submission, only=(CHECK,))
    return found.checks[CHECK]["verdict"] if found.built else found.output


@pytest.mark.parametrize(
    ("lab", "language"), [("01", "c"), ("02", "python"), ("03", "c"), ("03", "python")]
)
def test_a_solution_is_built_and_started(lab, language, tmp_path):
    submission = written(find_starter(lab, language), tmp_path, seed=None, is_solved=True)
    assert verdict_on(submission, lab) == "pass"


def test_what_was_built_elsewhere_does_not_matter(tmp_path):
    submission = written(find_starter("01", "c"), tmp_path, seed=None, is_solved=True)
    (submission / "build").mkdir()
    cache = "CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\nCMAKE_GENERATOR:INTERNAL=Unix Makefiles\n"
    (submission / "build" / "CMakeCache.txt").write_text(cache)
    assert verdict_on(submission, "01") == "pass"
