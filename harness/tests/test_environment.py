import subprocess

import pytest

from echolab import environment
from echolab.measurement import Cores


@pytest.fixture
def sys_files(monkeypatch):
    """Stands for files below /sys: a dictionary to be filled."""
    files: dict[str, str] = {}
    monkeypatch.setattr(environment, "_of_sys", files.get)
    return files


def test_turbo_is_told_in_the_words_of_either_driver(sys_files):
    assert environment.turbo() is None
    sys_files["devices/system/cpu/cpufreq/boost"] = "1"
    assert environment.turbo() is True
    sys_files["devices/system/cpu/intel_pstate/no_turbo"] = "1"
    assert environment.turbo() is False


@pytest.mark.parametrize("printed, told", [("kvm\n", "kvm"), ("none\n", None)])
def test_the_hypervisor_is_the_one_that_systemd_names(monkeypatch, printed, told):
    answer = subprocess.CompletedProcess([], 0, stdout=printed)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: answer)
    assert environment.detect_virtualization("--vm") == told


def test_without_systemd_a_machine_is_still_described(monkeypatch, tmp_path):
    def missing(*_arguments, **_options):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    described = environment.environment(tmp_path, Cores())
    assert described["container"] is None and described["virtualization"] in (None, "unknown")
    assert described["commit"] is None
