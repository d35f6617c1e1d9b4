"""When a tree is configured anew, and when it is only built."""

import json

import pytest

from echolab import build


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """The commands of a build in a configured tree where `windows` is left out."""
    programs = tmp_path / "build" / "release" / "bin"
    programs.mkdir(parents=True)
    (programs / "build_info.json").write_text(json.dumps({"left_out": {"windows": "no library"}}))
    (tmp_path / "CMakePresets.json").touch()
    (programs.parent / "build.ninja").touch()
    commands = []
    monkeypatch.delenv("ECHOLAB_BIN", raising=False)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "_run", lambda command, *_: commands.append(command))
    return commands


def configure_steps(commands) -> list:
    return [command for command in commands if "--build" not in command]


def test_a_configured_tree_is_only_built(steps):
    build.build("release", ["server"])
    assert len(steps) == 1 and not configure_steps(steps)


def test_what_was_left_out_is_looked_for_again_when_it_is_wanted(steps):
    build.build("release", ["server", "windows"])
    assert len(configure_steps(steps)) == 1
    assert steps[-1][-1] == "server"
