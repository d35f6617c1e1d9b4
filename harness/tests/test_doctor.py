import json

import pytest

from echolab import doctor


@pytest.fixture
def installed(monkeypatch):
    """The packages that this machine seems to have; add to it."""
    packages = set(doctor.required_packages()) | set(doctor.OPTIONAL_PACKAGES)
    monkeypatch.setattr(doctor, "_is_installed", lambda package: package in packages)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name if name == "dpkg-query" else None)
    return packages


def test_a_complete_machine_exits_0(lab, installed):
    assert lab("doctor")[0] == 0


def test_a_missing_required_package_exits_1_and_says_how_to_get_it(lab, installed):
    installed.remove("ninja-build")
    status, output, _ = lab("doctor")
    assert status == 1
    assert "missing  package ninja-build" in output
    assert "remedy: sudo apt-get install -y --no-install-recommends ninja-build" in output


def test_a_missing_optional_package_is_only_a_warning(lab, installed):
    installed.remove("strace")
    status, output, _ = lab("doctor")
    assert status == 0
    assert "warning  package strace" in output


def test_every_warning_carries_its_remedy(installed):
    installed.clear()
    assert all(finding.remedy for finding in doctor.examine() if finding.status != "ok")


def test_json_has_every_finding(lab, installed):
    findings = json.loads(lab("doctor", "--json")[1])
    names = {finding["name"] for finding in findings}
    assert {"descriptor limit", "listen backlog", "ephemeral ports", "load", "cores"} <= names


def test_packages_are_read_without_their_comments():
    packages = doctor.required_packages()
    assert "python3-pytest" in packages
    assert all(" " not in package and "#" not in package for package in packages)
