"""The benchmarks: what is registered, how results become one, and what Google's tool makes of it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from echolab.bench import merge
from echolab.build import left_out
from echolab.models import MODELS

GOOGLES_TOOL = Path("/usr/share/benchmark/compare.py")  # of libbenchmark-tools
ROUND_TRIP = "round_trip_bench"


def listed(program: Path) -> list[str]:
    command = [str(program), "--benchmark_list_tests"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def models_of(names: list[str]) -> set[str]:
    return {name.split("/")[1] for name in names}


@pytest.fixture
def benchmarks(programs):
    """The directory of the programs, with the benchmarks in it."""
    if not (programs / ROUND_TRIP).exists():
        pytest.skip(f"not built: {ROUND_TRIP}")
    return programs


def entry(name: str, family: int) -> dict:
    return {"name": name, "family_index": family}


def test_documents_become_one_with_all_benchmarks_and_families_of_their_own():
    one = {"context": {"host_name": "x"}, "benchmarks": [entry("A", 0), entry("B", 1)]}
    two = {"context": {"host_name": "x"}, "benchmarks": [entry("C", 0), entry("C", 0)]}
    assert merge([one, two]) == {
        "context": {"host_name": "x"},
        "benchmarks": [entry("A", 0), entry("B", 1), entry("C", 2), entry("C", 2)],
    }


def test_every_model_that_was_built_has_its_round_trips(benchmarks):
    built = {model.name for model in MODELS.values() if model.program not in left_out(benchmarks)}
    assert models_of(listed(benchmarks / ROUND_TRIP)) == built


def test_round_trips_are_named_by_model_clients_and_bytes(benchmarks):
    names = listed(benchmarks / ROUND_TRIP)
    for clients in (1, 10, 100, 1000):
        for size in (64, 16384):
            assert f"round_trip/epoll/clients:{clients}/bytes:{size}/manual_time" in names


@pytest.mark.parametrize("model, most", [("iterative", 1), ("prefork", 10), ("thread-pool", 10)])
def test_a_model_for_few_clients_is_not_asked_for_more(benchmarks, model, most):
    names = [n for n in listed(benchmarks / ROUND_TRIP) if n.startswith(f"round_trip/{model}/")]
    assert max(int(name.split("clients:")[1].split("/")[0]) for name in names) == most


def test_a_model_that_was_not_built_is_left_out(benchmarks, tmp_path):
    program = Path(shutil.copy(benchmarks / ROUND_TRIP, tmp_path))
    (tmp_path / "poll_server").symlink_to(benchmarks / "poll_server")
    assert models_of(listed(program)) == {"poll"}


@pytest.fixture
def round_trips(benchmarks, lab, tmp_path):
    """The file of a short result with repetitions."""
    file = tmp_path / "result.json"
    one = "^round_trip/(poll|fork-per-client)/clients:10/bytes:64/manual_time$"
    status, _, errors = lab(
        "bench",
        f"--benchmark_filter={one}",
        "--benchmark_min_time=0.005",
        "--benchmark_repetitions=2",
        f"--benchmark_out={file}",
    )
    assert status == 0, errors
    return file


def test_a_round_trip_has_latency_and_the_servers_processor_time(round_trips):
    entries = json.loads(round_trips.read_text())["benchmarks"]
    measured = [entry for entry in entries if entry["run_type"] == "iteration"]
    assert len(measured) == 4
    for one in measured:
        assert 0 < one["p50_us"] <= one["p99_us"]
        assert one["server_cpu_us"] > 0


@pytest.mark.skipif(not GOOGLES_TOOL.exists(), reason="libbenchmark-tools is not installed")
@pytest.mark.skipif(not importlib.util.find_spec("scipy"), reason="python3-scipy is not installed")
def test_googles_own_tool_compares_the_result(round_trips):
    command = [sys.executable, str(GOOGLES_TOOL), "--no-color", "benchmarks", *[round_trips] * 2]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert "round_trip/poll/clients:10/bytes:64/manual_time_median" in done.stdout
