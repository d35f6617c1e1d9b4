"""The pages that a check prints and writes, whole, against those in golden/: a change shows there.

PYTHONPATH=harness python3 harness/tests/test_check_pages.py writes them anew, to be read in a diff.
"""

import dataclasses
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from echolab.check import reports
from echolab.check.client import Ending
from echolab.check.outcomes import Difference, Outcome, Verdict
from echolab.check.printed import print_examination
from echolab.check.registry import all_checks
from echolab.check.replay import replay_program
from echolab.check.transcript import Action, Step
from echolab.check.verdict import Examination

GOLDEN = Path(__file__).with_name("golden")
NEWLINE = Outcome(
    "ECHO-3",
    Verdict.FAIL,
    "the answer differs from byte 0 on (0 bytes received, 5 expected)\n  received: ...b''...",
    seconds=0.75,
    facts={"hello_ending": Ending.STUCK, "hello_data": b"", "released_by": "newline"},
    steps=[
        Step(0.001, "the server", "is started: ./my_server 7007"),
        Step(0.052, "client 1", Action.CONNECT),
        Step(0.053, "client 1", Action.SEND, b"hello", length=5),
        Step(0.304, "client 1", Action.RECEIVE, b"", 5, Ending.STUCK.value),
        Step(0.305, "client 1", Action.SEND, b"\n", length=1),
        Step(0.306, "client 1", Action.RECEIVE, b"h", 1, length=1),
    ],
    difference=Difference(0, b"", b"hello"),
    server_stderr="client from 127.0.0.1\n\x1b[31mred\x1b[0m\n",
)
SIGPIPE = Outcome(
    "RUDE-2",
    Verdict.FAIL,
    "the server died (killed by SIGPIPE) after sending to a client that had closed",
    seconds=1.5,
    facts={"death_by_sending": "killed by SIGPIPE"},
    steps=[
        Step(0.06, "the server", Action.STOP),
        Step(0.07, "client 2", Action.SEND, bytes(300), length=300),
        Step(0.08, "client 2", Action.CLOSE),
        Step(0.09, "the server", Action.CONTINUE),
    ],
    server_end="killed by SIGPIPE",
)
OUTCOMES = [
    Outcome("ECHO-1", Verdict.PASS, seconds=0.25),
    NEWLINE,
    Outcome("CONC-7", Verdict.NON_STRICT, "of 16 clients only 1 could wait", 0.4),
    SIGPIPE,
    Outcome("RES-6", Verdict.INCONCLUSIVE, "the check was not over after 60 s", 60.0),
    Outcome("LIMIT-9", Verdict.SKIPPED, "it does not watch clients by epoll", 0.1),
    Outcome("LIFE-15", Verdict.INFO, "it listens on addresses of IPv4 only", 0.1),
]


def examination() -> Examination:
    """What is told, made by hand: no server, and no clock, has a part in it."""
    checks = {check.id: check for check in all_checks()}
    outcomes = [dataclasses.replace(outcome) for outcome in OUTCOMES]
    of = [checks[outcome.check_id] for outcome in outcomes]
    return Examination("./my_server {port}", of, outcomes, seconds=4.2)


def terminal(tmp_path: Path) -> str:
    text = io.StringIO()
    print_examination(Console(file=text, width=100, highlight=False), examination(), "remedy", True)
    return text.getvalue()


def as_json(tmp_path: Path) -> str:
    return json.dumps(reports.as_dictionary(examination()), indent=2, ensure_ascii=False) + "\n"


def junit(tmp_path: Path) -> str:
    reports.write_junit(examination(), tmp_path / "junit.xml")
    return (tmp_path / "junit.xml").read_text().replace("><", ">\n<") + "\n"


def markdown(tmp_path: Path) -> str:
    return reports.as_markdown(examination())


def replay(tmp_path: Path) -> str:
    (check, outcome), *_ = examination().failures()
    return replay_program(check, outcome)


PAGES = {
    "check.txt": terminal,
    "check.json": as_json,
    "check.xml": junit,
    "check.md": markdown,
    "replay.txt": replay,
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_it_was(name, tmp_path):
    assert PAGES[name](tmp_path) == (GOLDEN / name).read_text()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        for name, page in PAGES.items():
            (GOLDEN / name).write_text(page(Path(directory)))
