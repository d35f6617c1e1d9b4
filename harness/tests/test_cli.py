import pytest

from echolab.cli import lab as commands
from echolab.models import MODELS, PROGRAMS
from echolab.workloads import all_workloads


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["lsit"], "unknown command 'lsit': did you mean 'list'?"),
        (["compare", "selct"], "unknown model 'selct': did you mean 'select'?"),
        (["run", "selct"], "unknown model 'selct': did you mean 'select'?"),
        (["compare", "--workload", "bsy"], "unknown workload 'bsy': did you mean 'busy'?"),
        (["compare", "--rouds", "3"], "unknown option '--rouds': did you mean '--rounds'?"),
        (["test", "--preset", "dve"], "unknown preset 'dve': did you mean 'dev'?"),
        (["test", "--label", "server"], "unknown label 'server': did you mean 'servers'?"),
    ],
)
def test_a_mistyped_name_is_answered_in_one_line_with_the_nearest(lab, arguments, complaint):
    assert lab(*arguments) == (2, "", f"lab: {complaint}\n")


def test_without_a_command_the_commands_are_listed(lab):
    status, output, _ = lab()
    assert status == 0
    assert all(name in output for name in ("compare", "test", "run", "list", "doctor", "bench"))


@pytest.mark.parametrize("name", [name for name in commands.commands if name != "load"])
def test_every_command_has_help(lab, name):
    status, output, _ = lab(name, "--help")
    assert status == 0
    assert f"./lab {name}" in output


def test_list_names_every_program_and_workload(lab):
    status, output, _ = lab("list")
    assert status == 0
    names = [*MODELS, *PROGRAMS, *(workload.name for workload in all_workloads())]
    assert [name for name in names if f"  {name} " not in output] == []
