"""Pages are tested: what they list must be shown, what they refer to must exist."""

import re
import textwrap

import psutil
import pytest
from echolab.documents import references
from echolab.documents.markdown import read_page
from echolab.documents.prose import unknown_commands
from echolab.documents.transcript import Act, acts, parse, pattern
from echolab.documents.walk import walk
from echolab.interrupts import end_children
from echolab.proc import adopt_orphans


@pytest.fixture
def page(tmp_path):
    """Returns a function that makes a page of a text."""

    def make(text):
        path = tmp_path / "page.md"
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return read_page(path)

    return make


@pytest.fixture
def outcomes(page, tmp_path):
    """Returns a function that walks through a page of that text, and returns what came of it."""
    adopt_orphans()

    def do(text):
        directory = tmp_path / "reader"
        directory.mkdir()
        return list(walk(page(text), directory))

    yield do
    end_children()


def test_a_command_ends_where_the_shell_would_end_it():
    first, second = parse("$ echo \\\n  a\na\n$ printf 'b\nc'\nb\nc\n", 1)
    assert (first.command, first.shown) == ("echo \\\n  a", ["a"])
    assert (second.command, second.shown) == ("printf 'b\nc'", ["b", "c"])


def test_a_prompt_can_name_its_terminal():
    (command,) = parse("server$ ./lab run poll\n", 1)
    assert (command.terminal, command.command, command.may_go_on) == (
        "server",
        "./lab run poll",
        True,
    )


def test_dots_stand_for_any_text_in_a_line_and_for_any_lines():
    listed = re.compile(pattern(["port ...", "...", "end"]))
    assert listed.fullmatch("port 7007\nx\ny\nend\n")
    assert listed.fullmatch("port 7007\nend\n")
    assert not listed.fullmatch("port 7007\nx\ny\n")
    assert not listed.fullmatch("a port 7007\nend\n")


def test_what_is_typed_is_seen_again_where_the_page_lists_it():
    assert list(acts(["[CONNECTED]", "> hello", "hello", "^D", "[END]"], ["hello"])) == [
        Act(["[CONNECTED]"], prompt="> ", keys="hello\n"),
        Act(["> hello", "hello"], keys="\x04"),
        Act(["[END]"]),
    ]


def test_what_stands_behind_the_prompt_of_a_program_is_typed(outcomes):
    (outcome,) = outcomes(
        """
        <!-- prompt: >>> -->
        ```console
        $ python3 -q
        >>> 6 * 7
        42
        >>> exit()
        ```
        """
    )
    assert outcome.verdict == "passed", outcome.reason


def test_what_is_shown_as_listed_passes(outcomes):
    (outcome,) = outcomes(
        """
        ```console
        $ printf 'one\\ntwo\\nthree\\n'
        one
        ...
        three
        ```
        """
    )
    assert outcome.verdict == "passed", outcome.reason


@pytest.mark.parametrize("listed", ["two", "one\ntwo", "o", ""])
def test_what_is_shown_otherwise_fails_and_is_set_side_by_side(outcomes, listed):
    (outcome,) = outcomes(f"```console\n$ echo one\n{listed}\n```\n")
    assert outcome.verdict == "failed"
    assert "+ one" in outcome.reason
    assert all(f"- {line}" in outcome.reason for line in listed.splitlines())


def test_what_comes_after_a_block_that_failed_is_not_typed(outcomes, tmp_path):
    text = "```console\n$ echo one\ntwo\n```\n\n```console\n$ touch here\n```\n"
    assert [outcome.verdict for outcome in outcomes(text)] == ["failed", "not tried"]
    assert not (tmp_path / "reader" / "here").exists()


def test_a_block_that_is_not_run_is_counted_with_its_reason(outcomes):
    (outcome,) = outcomes("<!-- not run: takes a day -->\n```console\n$ sleep 86400\n```\n")
    assert (outcome.verdict, outcome.reason) == ("not run", "takes a day")


def test_a_program_on_a_named_terminal_goes_on_from_block_to_block(outcomes):
    verdicts = [
        (outcome.verdict, outcome.reason)
        for outcome in outcomes(
            """
            <!-- types: hello -->
            ```console
            other$ cat
            hello
            hello
            $ echo meanwhile
            meanwhile
            ```

            <!-- terminal: other -->
            <!-- types: again -->
            ```console
            again
            again
            ^D
            other$ echo ended
            ended
            ```
            """
        )
    ]
    assert verdicts == [("passed", ""), ("passed", "")]


def test_ctrl_c_interrupts_what_runs(outcomes):
    (outcome,) = outcomes(
        """
        ```console
        $ sh -c 'echo ready; exec sleep 3600'
        ready
        ^C
        $ echo $?
        130
        ```
        """
    )
    assert outcome.verdict == "passed", outcome.reason


def test_the_reader_writes_the_files_that_a_page_shows(outcomes):
    (outcome,) = outcomes(
        """
        <!-- file: greet.py -->
        ```python
        print("hello")
        ```

        ```console
        $ python3 greet.py
        hello
        ```
        """
    )
    assert outcome.verdict == "passed", outcome.reason


def test_nothing_that_a_page_has_started_is_left(outcomes):
    (outcome,) = outcomes("```console\n$ setsid sleep 3600 &\n```\n")
    assert outcome.verdict == "passed", outcome.reason
    end_children()
    assert not psutil.Process().children(recursive=True)


def test_a_link_must_lead_to_a_file_and_to_a_heading(page, tmp_path):
    (tmp_path / "other.md").write_text("# The `one` idea\n\n# Twice\n\n# Twice\n")
    text = """
        [a](other.md#the-one-idea) [b](other.md#twice-1) [c](https://example.org/#x) [d](#here)
        [e](other.md#twice-2) [f](missing.md) ![g](missing.png)

        # Here
        """
    assert [fault.split(": ", 1)[1] for fault in references.broken_links(page(text))] == [
        "no such heading: other.md#twice-2",
        "no such file: missing.md",
        "no such file: missing.png",
    ]


def test_a_listing_is_the_marked_part_of_its_source(page, tmp_path, monkeypatch):
    monkeypatch.setattr(references, "ROOT", tmp_path)
    (tmp_path / "a.cpp").write_text(
        "x\n  // BEGIN loop\n  for (;;) {\n    // BEGIN SOLUTION\n    f();\n"
        "    // END SOLUTION\n  }\n  // END loop\ny\n"
    )
    listing = "for (;;) {\n  f();\n}\n"
    right = page(f"<!-- listing: a.cpp loop -->\n```cpp\n{listing}```\n")
    assert not list(references.outdated_listings(right))
    wrong = page("Text\n\n<!-- listing: a.cpp loop -->\n```cpp\nold\n```\n\nMore\n")
    assert len(list(references.outdated_listings(wrong))) == 1
    assert references.with_current_listings(wrong) == (
        f"Text\n\n<!-- listing: a.cpp loop -->\n```cpp\n{listing}```\n\nMore\n"
    )


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("./lab compare --quick", None),
        ("./lab run select --nap 3", None),
        ("./lab check --only ECHO-4 -- ./server --anything", None),
        ("./lab compair", "unknown command 'compair'"),
        ("./lab compare --quik", "./lab compare has no option --quik"),
    ],
)
def test_a_command_in_the_text_must_exist(page, command, complaint):
    faults = list(unknown_commands(page(f"Try `{command}`.\n")))
    assert bool(faults) == bool(complaint)
    assert not complaint or complaint in faults[0]
