"""The pages about pictures say what is so."""

import re
import shlex

import pytest
from timeline_fakes import one_after_the_other

from echolab.cli import lab
from echolab.models import ROOT
from echolab.timeline.document import document
from echolab.watch.gauges import GAUGES

COMMAND = re.compile(r"`?\./lab ((?:timeline|watch)(?: [^`\n>]+)?)")
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("timeline", "watch")}


@pytest.mark.parametrize("line", [line for page in PAGES.values() for line in COMMAND.findall(page)])
def test_a_command_on_a_page_is_one_that_the_command_line_takes(line):
    name, *arguments = shlex.split(line)
    lab.commands[name].make_context(name, arguments)


def test_the_page_names_every_field_of_the_json():
    (panel,) = document({}, [one_after_the_other()])["panels"]
    for field in [*panel, *panel["requests"][0]]:
        assert f"`{field}`" in PAGES["timeline"]


def test_the_page_names_every_gauge():
    rows = [line.split("|")[1] for line in PAGES["watch"].splitlines() if line.startswith("|")]
    named = " ".join(rows)
    for gauge in GAUGES:
        assert gauge.title in named
