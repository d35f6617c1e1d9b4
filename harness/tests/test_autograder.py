"""The zip for Gradescope, unpacked as its documentation says, and what else grades elsewhere."""

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

from echolab.errors import LabError
from echolab.grading.autograder import SCRIPTS, write_autograder
from echolab.grading.rubric import DIRECTORY
from echolab.models import MODELS, ROOT

LAB = "01-iterative"
SECONDS = 500
NOT_PYTHON = "def serve(:\n"
METADATA = {"id": 1, "assignment": {"title": "Lab 1"}, "users": [{"name": "Ada"}]}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("upload") / "autograder.zip"
    write_autograder(LAB, path, seed=None, hints="first", command=())
    return path


@pytest.fixture
def root(archive):
    """A scratch root whose autograder/ is as Gradescope makes it, before somebody submits.

    Everybody can enter it, other than a test's usual directory: who keeps out is the autograder.
    """
    with tempfile.TemporaryDirectory(prefix="echolab-test-") as scratch:
        Path(scratch).chmod(0o755)
        yield _furnished(Path(scratch, "autograder"), archive)


def _furnished(autograder, archive):
    for name in ("source", "submission", "results"):
        (autograder / name).mkdir(parents=True)
    zipfile.ZipFile(archive).extractall(autograder / "source")  # which forgets who is a program
    shutil.copy(autograder / "source" / "run_autograder", autograder)
    (autograder / "run_autograder").chmod(0o755)
    (autograder / "submission_metadata.json").write_text(json.dumps(METADATA))
    return autograder


def run_autograder(autograder, **variables):
    """Runs it as Gradescope does; returns the process, and results.json or None."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ECHOLAB", "PYTHON"))}
    environment |= variables
    done = subprocess.run(
        [autograder / "run_autograder"], cwd=autograder, env=environment,
        capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    results = autograder / "results" / "results.json"
    return done, json.loads(results.read_text()) if results.exists() else None


def test_the_scripts_are_at_the_top_of_the_zip_and_can_be_run(archive):
    with zipfile.ZipFile(archive) as files:
        modes = {entry.filename: entry.external_attr >> 16 for entry in files.infolist()}
    assert [modes[name] & 0o111 for name in ("setup.sh", "run_autograder", "lab")] == [0o111] * 3


def test_neither_the_solutions_nor_the_other_labs_rubrics_are_in_the_zip(archive):
    names = zipfile.ZipFile(archive).namelist()
    sources = {Path(model.source).name for model in MODELS.values()}
    assert not sources & {Path(name).name for name in names}
    assert not [name for name in names if name.startswith(("0", "harness/zoo", "harness/tests"))]
    rubrics = [name for name in names if name.startswith("harness/grading/0")]
    assert rubrics == [f"harness/grading/{LAB}.toml"]


def test_the_same_kit_gives_the_same_zip(archive, tmp_path):
    write_autograder(LAB, tmp_path / "again.zip", seed=None, hints="first", command=())
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_what_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot write .*: File exists"):
        write_autograder(LAB, tmp_path / "file" / "it.zip", seed=None, hints=None, command=())


def test_seed_hints_and_command_reach_the_grader(tmp_path):
    path = tmp_path / "it.zip"
    write_autograder(LAB, path, seed=7, hints="all", command=("./server", "a b", "{port}"))
    options = zipfile.ZipFile(path).read("grade_options").decode().splitlines()
    assert options == ["--seed", "7", "--hints", "all", LAB, "--", "./server", "a b", "{port}"]


def test_a_submission_is_graded_where_gradescope_puts_it(root):
    (root / "submission" / "server.py").write_text(NOT_PYTHON)
    done, results = run_autograder(root)
    assert done.returncode == 0, done.stderr
    assert results["score"] == 0 and results["tests"]
    assert all(test["max_score"] >= test["score"] for test in results["tests"])


THIEF = """all:
	-echo '{{"score": 100}}' >{root}/results/results.json
	-cat {root}/source/secret {root}/submission_metadata.json
	-echo all: >{root}/source/run_autograder
	false
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="other users take root, which Gradescope gives")
@pytest.mark.parametrize("namespaces", [True, False], ids=["namespaces", "none, as in a container"])
def test_a_submission_can_neither_read_the_grader_nor_write_its_score(root, tmp_path, namespaces):
    path = os.environ["PATH"]
    if not namespaces:
        (tmp_path / "unshare").symlink_to(shutil.which("false"))
        path = f"{tmp_path}:{path}"
    (root / "source" / "secret").write_text("what the checks do")
    (root / "submission" / "Makefile").write_text(THIEF.format(root=root))
    done, results = run_autograder(root, PATH=path)
    assert done.returncode == 0, done.stderr
    assert results["score"] == 0
    shown = json.dumps(results)
    assert "what the checks do" not in shown and "Ada" not in shown
    assert "Permission denied" in shown or "No such file" in shown
    assert "autograder" in (root / "source" / "run_autograder").read_text()


def test_a_grader_that_fails_leaves_no_result_rather_than_a_score(root):
    (root / "source" / "harness" / "grading" / f"{LAB}.toml").unlink()
    (root / "results" / "results.json").write_text('{"score": 100}')  # a forged one
    done, results = run_autograder(root)
    assert done.returncode != 0 and results is None


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize(
    "script", [*SCRIPTS.iterdir(), DIRECTORY / "class.sbatch"], ids=lambda path: path.name
)
def test_the_scripts_that_run_elsewhere_are_sound(script):
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_task_of_the_array_grades_the_submission_with_its_number(tmp_path):
    for name in ("bob", "ada", "with space"):
        (tmp_path / "class" / name).mkdir(parents=True)
    (tmp_path / "class" / "notes.txt").touch()
    lab = tmp_path / "lab"
    lab.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    lab.chmod(0o755)
    said = [
        subprocess.run(
            ["bash", DIRECTORY / "class.sbatch", "03", "class", "grades"], cwd=tmp_path, check=True,
            env={**os.environ, "SLURM_ARRAY_TASK_ID": str(number)}, capture_output=True, text=True,
        ).stdout.splitlines()
        for number in (1, 2, 3)
    ]  # fmt: skip
    assert [words[4] for words in said] == ["class/ada", "class/bob", "class/with space"]
    assert said[0] == [
        "--no-install", "grade", "03", "--submission", "class/ada", "--format", "json",
        "--out", "grades/ada",
    ]  # fmt: skip


def test_setup_installs_what_the_kit_needs():
    script = (SCRIPTS / "setup.sh").read_text()
    lab = (ROOT / "lab").read_text()
    imported = lab.partition("-c 'import ")[2].partition("'")[0].replace("_", "-").split(", ")
    modules = script.partition("modules=(")[2].partition(")")[0].split()
    assert [module.removesuffix("-py") for module in modules] == imported
