from pathlib import Path

import pytest

from echolab.contenders import choose, contender_of_option
from echolab.errors import BadUsage
from echolab.models import MODELS, PROGRAMS, ROOT


def names(contenders) -> list[str]:
    return [contender.name for contender in contenders]


def test_without_a_choice_all_models_take_part():
    assert names(choose([], [], Path())) == list(MODELS)


def test_a_server_option_joins_the_chosen_models():
    assert names(choose(["poll"], ["mine=./mine {port}"], Path())) == ["poll", "mine"]


def test_a_server_option_can_be_chosen_alone():
    assert names(choose(["mine"], ["mine=./mine {port}"], Path())) == ["mine"]


def test_a_model_may_have_options():
    (contender,) = choose(["poll --backlog 10"], [], Path("bin"))
    assert contender.name == "poll --backlog 10"
    assert contender.is_model
    assert contender.command[-3:] == ("--quiet", "--backlog", "10")


def test_options_that_are_passed_on_reach_the_models_only():
    contenders = choose(["poll"], ["mine=./mine {port}"], Path(), ["--service-time", "5ms"])
    assert contenders[0].command[-2:] == ("--service-time", "5ms")
    assert contenders[1].command == ("./mine", "{port}")


def test_the_command_is_split_as_a_shell_does():
    contender = contender_of_option("mine=python3 'my server.py' --port={port}")
    assert contender.command == ("python3", "my server.py", "--port={port}")


def test_port_and_host_are_filled_in():
    process = contender_of_option("mine=serve {host}:{port} {other}").process()
    assert process.command == ["serve", f"127.0.0.1:{process.port}", "{other}"]


@pytest.mark.parametrize(
    "option, complaint",
    [
        ("mine", "is not of the form NAME=COMMAND"),
        ("=serve {port}", "is not of the form NAME=COMMAND"),
        ("mine=serve 7007", "has no {port}"),
        ("mine=serve '{port}", "cannot split the command: No closing quotation"),
        ("poll=serve {port}", "is the name of a model"),
    ],
)
def test_a_wrong_server_option_is_explained(option, complaint):
    with pytest.raises(BadUsage, match=complaint):
        contender_of_option(option)


def test_a_name_given_twice_is_refused():
    with pytest.raises(BadUsage, match="given twice"):
        choose([], ["a=x {port}", "a=y {port}"], Path())


@pytest.mark.parametrize(
    "program", [*MODELS.values(), *PROGRAMS.values()], ids=lambda program: program.name
)
def test_every_program_has_its_source(program):
    assert (ROOT / program.source).exists()
