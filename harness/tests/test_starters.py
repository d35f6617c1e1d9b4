"""Starters: what a student's folder holds, and what ./lab starter says."""

import os
import subprocess

import pytest

from echolab.models import ROOT
from echolab.starters import marks
from echolab.starters.folder import sources, write_starter
from echolab.starters.manifest import all_starters, find_starter
from echolab.starters.sources import sources_of
from echolab.variants import Variant

NAMES = [f"{starter.lab}-{starter.language}" for starter in all_starters()]
every_starter = pytest.mark.parametrize("starter", all_starters(), ids=NAMES)
SOURCE = """\
first
  // BEGIN name
  // BEGIN SOLUTION: do it.
  solved();
  // BEGIN VARIANT
  varied();
  // END VARIANT
  // END SOLUTION, until then: int a = b; meanwhile(a);
  // END name
last
"""
OPEN = ["  // YOUR CODE HERE: do it.", "  int a = b;", "  meanwhile(a);", "last"]


@pytest.mark.parametrize(
    "has_open_tasks, is_variant, lines",
    [
        (True, False, ["first", *OPEN]),
        (True, True, ["first", *OPEN]),
        (False, False, ["first", "  solved();", "last"]),
        (False, True, ["first", "  solved();", "  varied();", "last"]),
    ],
)
def test_a_source_is_rendered_as_a_task_or_solved(has_open_tasks, is_variant, lines):
    rendered = marks.render(SOURCE, has_open_tasks=has_open_tasks, is_variant=is_variant)
    assert rendered.splitlines() == lines


def test_what_is_left_out_leaves_no_gap():
    text = "one\n\n# BEGIN VARIANT\ntwo\n# END VARIANT\n\nthree\n"
    rendered = marks.render(text, has_open_tasks=True, is_variant=False)
    assert rendered == "one\n\nthree\n"


@pytest.mark.parametrize("text", ["# BEGIN SOLUTION: a", "# END SOLUTION", "# BEGIN VARIANT"])
def test_a_mark_without_its_partner_is_refused(text):
    with pytest.raises(ValueError, match="SOLUTION|VARIANT"):
        marks.render(text, has_open_tasks=True, is_variant=True)


def test_a_headers_source_goes_with_it(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "main.cpp").write_text('#include "part/one.h"\n')
    (tmp_path / "part/one.h").write_text("#include <vector>\n")
    (tmp_path / "part/one.cpp").write_text('#include "part/one.h"\n#include "part/two.h"\n')
    (tmp_path / "part/two.h").write_text("")
    (tmp_path / "part/other.h").write_text("")
    expected = ["main.cpp", "part/one.cpp", "part/one.h", "part/two.h"]
    assert list(sources_of(tmp_path, "main.cpp")) == expected


@every_starter
@pytest.mark.parametrize("seed", [None, 7])
def test_every_task_is_open_and_no_mark_is_left(starter, seed):
    variant = None if seed is None else Variant.of(seed)
    texts = sources(starter, variant, is_solved=False)
    for path in starter.tasks:
        assert marks.tasks(texts[path]), path
    opened = {path for path, text in texts.items() if marks.tasks(text)}
    assert opened <= {*starter.tasks, *(starter.manners if variant else ())}
    for text in texts.values():
        assert "SOLUTION" not in text and "VARIANT" not in text


@pytest.mark.parametrize("lab", [s.lab for s in all_starters() if s.language == "cpp"])
def test_the_solution_in_cpp_is_the_shipped_source_without_its_marks(lab):
    """So the tests of the kit's servers are tests of the starters' solutions in C++."""
    starter = find_starter(lab, "cpp")
    for path, text in sources(starter, None, is_solved=True).items():
        shipped = (ROOT / path).read_text().splitlines()
        added = set(text.splitlines()) - set(shipped)
        dropped = [line for line in shipped if line not in text.splitlines()]
        assert not added
        assert all(marks.MARK.fullmatch(line) for line in dropped), path


@every_starter
def test_the_solution_of_a_variant_says_its_words(starter):
    variant = Variant.of(2027)
    words = sources(starter, variant, is_solved=True)[starter.manners[0]]
    for word in (variant.greeting, variant.terminator, str(variant.limit_bytes)):
        assert words.count(word) == 1
    assert not any(usual in words for usual in ('"welcome', '"bye"', "4096"))


def test_a_folder_tells_what_to_do_first(lab, tmp_path):
    directory = tmp_path / "my server"
    status, output, _ = lab("starter", "03", str(directory), "--language", "c", "--seed", "7")
    assert (status, "README.md" in output) == (0, True)
    page = (directory / "README.md").read_text()
    variant = Variant.of(7)
    for text in ("./check", "`select.c`", variant.greeting, variant.terminator):
        assert text in page
    assert {path.name for path in directory.iterdir()} == {
        "CMakeLists.txt", "README.md", "check", "handout.md", "listener.h", "manners.h", "select.c",
    }  # fmt: skip


def test_the_handouts_links_lead_to_the_kit(tmp_path):
    write_starter(find_starter("01", "python"), tmp_path)
    handout = (tmp_path / "handout.md").read_text()
    assert f"]({ROOT}/01_iterative/iterative_server.cpp)" in handout
    assert "](../" not in handout


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["9", "DIR"], "unknown lab with a starter '9'"),
        (["04", "DIR", "--language", "c"], "lab 04-poll has no starter in c: choose from cpp"),
        (["01", "FULL"], "FULL is not empty: name a folder that is new or empty"),
        (["01", "FULL/file"], "FULL/file is a file: name a folder that is new or empty"),
        (["01", "DIR", "--seed", "-1"], "--seed: -1 is negative"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, complaint, lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL/file").touch()
    status, _, error = lab("starter", *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert complaint in error
    assert not (tmp_path / "DIR").exists()


def test_an_empty_folder_will_do(lab, tmp_path):
    assert lab("starter", "01", str(tmp_path), "--language", "python")[0] == 0


def test_a_folder_that_cannot_be_written_is_one_line(lab):
    status, _, error = lab("starter", "01", "/proc/here", "--language", "python")
    assert (status, error.count("\n")) == (1, 1)
    assert "cannot write /proc/here" in error


@pytest.fixture
def checked(tmp_path):
    """Runs ./check of a Python starter with a kit that says how it was called."""
    folder = tmp_path / "starter"
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "lab").write_text('#!/bin/sh\npwd\nfor word; do echo "$word"; done\n')
    (kit / "lab").chmod(0o755)
    write_starter(find_starter("02", "python"), folder, Variant.of(7))

    def run(home, *options):
        command = [str(folder / "check"), *options]
        environment = {**os.environ, "ECHOLAB_HOME": str(home)}
        return subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, timeout=60
        )

    return lambda *options, home=kit: run(home, *options)


def test_check_calls_the_kit_and_passes_options_on(checked, tmp_path):
    ended = checked("--only", "ECHO-*")
    assert ended.stdout.splitlines() == [
        str(tmp_path / "starter"),
        *("check", "--model", "threads", "--seed", "7", "--only", "ECHO-*"),
        *("--", "python3", "threads.py", "{port}"),
    ]


def test_check_says_in_one_line_that_the_kit_is_not_there(checked, tmp_path):
    ended = checked(home=tmp_path / "nowhere")
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
    assert "set ECHOLAB_HOME" in ended.stderr
