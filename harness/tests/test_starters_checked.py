"""Starters in C and Python: they build, fail what they are said to fail, and, solved, nothing."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from starter_checks import built, failed_checks, written

from echolab.starters.manifest import Starter, all_starters

SEED = 2027
BESIDE = 4  # at a time: they mostly wait
STARTERS = [starter for starter in all_starters() if starter.language != "cpp"]
# All checks of the plain task; of a variant, what is its own, and the basic checks with it.
PLAIN, VARIANT = (None, ()), (SEED, ("--only", "SERV-*"))
CASES = [
    (starter, is_solved, of)
    for starter in STARTERS
    for is_solved, of in ((False, PLAIN), (True, PLAIN), (True, VARIANT))
]


def _name(case) -> str:
    starter, is_solved, (seed, _) = case
    return f"{starter.lab}-{starter.language}-{'solved' if is_solved else 'open'}-{seed or 'plain'}"


def _examined(starter: Starter, is_solved: bool, of, directory: Path) -> dict[str, str]:
    seed, options = of
    folder = written(starter, directory, seed, is_solved)
    if starter.build_file:
        built(folder)
    return failed_checks(starter, folder, seed, *options)


@pytest.fixture(scope="module")
def examinations(tmp_path_factory, request) -> dict[str, Future]:
    """The failing checks of the cases that are asked for, by their names; all begin at once."""
    directory = tmp_path_factory.mktemp("starters")
    wanted = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(BESIDE) as pool:
        yield {
            _name(case): pool.submit(_examined, *case, directory)
            for case in CASES
            if _name(case) in wanted
        }


@pytest.mark.parametrize("case", CASES, ids=map(_name, CASES))
def test_it_fails_what_it_is_said_to_fail_and_solved_nothing(case, examinations):
    starter, is_solved, _ = case
    failed = examinations[_name(case)].result()
    assert list(failed) == ([] if is_solved else list(starter.fails)), failed
