"""Starters in C++: all build, and fail what they are said to fail; one, solved, builds by itself.

That the solutions are right is what the conformance tests say of the kit's servers, whose sources
they are (test_starters.py).
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starter_checks import built, failed_checks, written

from echolab.starters.manifest import all_starters, find_starter

THIS_YEAR, NEXT_YEAR = 2027, 2028
BESIDE = 4  # checks at a time: they mostly wait
STARTERS = [starter for starter in all_starters() if starter.language == "cpp"]
# The part that all have in common is taken from the build that is tested: it is the same text.
PROJECT = """\
cmake_minimum_required(VERSION 3.25)
project(starters LANGUAGES CXX)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
add_library(common STATIC IMPORTED)
set_target_properties(common PROPERTIES IMPORTED_LOCATION "@LIBRARY@")
target_compile_definitions(common INTERFACE ECHOLAB_VERSION="starter")
target_link_libraries(common INTERFACE CLI11::CLI11 fmt::fmt Threads::Threads)
file(GLOB labs LIST_DIRECTORIES true 0*)
foreach(lab ${labs})
  add_subdirectory(${lab})
endforeach()
"""


@pytest.fixture(scope="module")
def failures_of_starters(tmp_path_factory, common_library) -> dict[str, dict[str, str]]:
    """The failing checks of each lab's starter, and why. They are built as one project."""
    directory = tmp_path_factory.mktemp("starters")
    folders = {starter.lab: written(starter, directory, None, False) for starter in STARTERS}
    project = PROJECT.replace("@LIBRARY@", str(common_library))
    (directory / "CMakeLists.txt").write_text(project)
    built(directory)
    with ThreadPoolExecutor(BESIDE) as pool:
        ends = {
            starter.lab: pool.submit(
                failed_checks,
                starter,
                folders[starter.lab],
                None,
                program=directory / "build" / folders[starter.lab].name / "server",
            )
            for starter in STARTERS
        }
    return {lab: end.result() for lab, end in ends.items()}


@pytest.fixture(scope="module")
def common_library(programs_directory: Path) -> Path:
    """What the kit's servers have in common, as they were built."""
    library = programs_directory.parent / "common" / "libcommon.a"
    if not library.exists():
        pytest.skip(f"not built: {library}")
    info = json.loads((programs_directory / "build_info.json").read_text())
    if info["sanitizers"]:
        pytest.skip("the kit was built with sanitizers")
    return library


@pytest.mark.parametrize("lab", [starter.lab for starter in STARTERS])
def test_a_starter_fails_what_it_is_said_to_fail(lab, failures_of_starters):
    failed = failures_of_starters[lab]
    assert list(failed) == list(find_starter(lab, "cpp").fails), failed


def test_one_builds_by_itself_and_is_this_years_solution_but_not_next_years(tmp_path):
    starter = find_starter("03", "cpp")
    folder = built(written(starter, tmp_path, THIS_YEAR, is_solved=True))
    assert failed_checks(starter, folder, THIS_YEAR) == {}
    failed = failed_checks(starter, folder, NEXT_YEAR, "--only", "ECHO-3,SERV-*")
    assert list(failed) == ["SERV-11b", "SERV-12", "SERV-13"], failed
