"""./lab bench --compare: what may be said of two results, and what not."""

import json
import random

import pytest

from echolab import bench_comparison
from echolab.bench_comparison import compare, mann_whitney, read_figures
from echolab.errors import BadUsage

STEADY = [5.0, 5.1, 5.2, 4.9, 4.8, 5.05]


def entry(name: str = "round_trip/epoll/clients:10/bytes:64/manual_time", **fields) -> dict:
    return {
        "name": name,
        "run_name": name,
        "run_type": "iteration",
        "repetitions": 6,
        "iterations": 1000,
        "real_time": 5.0,
        "cpu_time": 0.3,
        "time_unit": "us",
        "echoes/s": 2e5,
        **fields,
    }


def result(path, *entries):
    path.write_text(json.dumps({"context": {}, "benchmarks": entries}))
    return path


def repeated(values, name: str = "round_trip/epoll/manual_time") -> list[dict]:
    return [entry(name, real_time=value) for value in values]


def verdict(before, after) -> str:
    (difference,) = compare({("x", "time"): before}, {("x", "time"): after}).differences
    return difference.verdict


@pytest.fixture
def told(lab, tmp_path):
    """Compares two lists of entries on the command line; returns the exit status and the output."""

    def run(before, after):
        files = result(tmp_path / "A.json", *before), result(tmp_path / "B.json", *after)
        status, output, errors = lab("bench", "--compare", *map(str, files))
        return status, output + errors

    return run


def test_less_is_better():
    assert verdict(STEADY, [value * 0.8 for value in STEADY]) == "better"


def test_more_is_worse():
    assert verdict(STEADY, [value * 1.2 for value in STEADY]) == "worse"


def test_the_same_is_too_close():
    assert verdict(STEADY, STEADY) == "too close"


def test_a_difference_within_the_noise_is_too_close():
    assert verdict([4.0, 6.0, 5.0, 7.0, 3.0], [4.5, 6.5, 5.5, 7.5, 3.5]) == "too close"


def test_three_repetitions_are_too_few_however_clear_the_difference():
    assert verdict([1.0, 1.1, 1.2], [9.0, 9.1, 9.2]) == "too few"


def test_among_many_figures_one_that_differs_by_chance_is_not_told():
    generator = random.Random(1)
    samples = [
        {(str(name), "time"): [generator.gauss(5, 1) for _ in range(10)] for name in range(200)}
        for _ in range(2)
    ]
    assert {difference.verdict for difference in compare(*samples).differences} == {"too close"}


@pytest.mark.parametrize(
    "one, other, p_value",
    [  # what scipy.stats.mannwhitneyu(method="asymptotic") says
        ([1, 2, 3, 4], [5, 6, 7, 8], 0.030383),
        ([1, 2, 3, 4], [2, 3, 4, 5], 0.377822),
        ([1, 1, 1, 1], [1, 1, 1, 1], 1.0),
        ([1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7, 8, 9, 10], 0.040029),
    ],
)
def test_the_test_is_that_of_mann_and_whitney(one, other, p_value):
    assert mann_whitney(one, other) == pytest.approx(p_value, abs=1e-5)


def test_the_command_says_what_is_better_and_what_is_worse(told):
    faster = [value * 0.5 for value in STEADY]
    one, two = "BM_A/manual_time", "BM_B/manual_time"
    before = repeated(STEADY, one) + repeated(faster, two)
    status, output = told(before, repeated(faster, one) + repeated(STEADY, two))
    assert status == 0, output
    lines = [line.split() for line in output.splitlines()]
    first = next(line for line in lines if line[:1] == ["time"])
    assert first[-2:] == ["0.500", "better"]
    assert "1 better, 1 worse, 0 too close to call" in output


def test_a_benchmark_that_only_one_result_has_is_named(told):
    _, output = told(repeated(STEADY, "BM_A") + repeated(STEADY, "BM_Old"), repeated(STEADY, "BM_A"))
    assert "only in A: BM_Old" in output and "only in B" not in output


def test_too_few_repetitions_are_told_with_the_remedy(told):
    _, output = told(repeated(STEADY[:1]), repeated(STEADY[:1]))
    assert "1 with too few repetitions to tell" in output
    assert "--benchmark_repetitions=10" in output


def test_counters_are_compared_and_rates_are_not(tmp_path):
    file = result(tmp_path / "x.json", entry("BM", p50_us=3.0, bytes_per_second=1e9, threads=4))
    assert set(read_figures(file)) == {("BM", "time"), ("BM", "p50_us")}


def test_a_round_trip_is_timed_by_the_clock_and_other_parts_by_the_processor(tmp_path):
    file = result(tmp_path / "x.json", entry("a/manual_time"), entry("b"))
    figures = read_figures(file)
    assert (figures["a/manual_time", "time"], figures["b", "time"]) == ([5.0], [0.3])


def test_units_of_time_do_not_matter(tmp_path):
    file = result(tmp_path / "x.json", entry("a/real_time", real_time=5000, time_unit="ns"))
    assert read_figures(file)["a/real_time", "time"] == [5.0]


def test_errors_and_aggregates_are_passed_over(tmp_path):
    failed = entry("BM", error_occurred=True)
    mean = entry("BM", run_type="aggregate")
    assert len(read_figures(result(tmp_path / "x.json", failed, mean, entry("BM")))) == 1


def test_aggregates_alone_are_refused(tmp_path):
    with pytest.raises(BadUsage, match="x.json: has no repetitions"):
        read_figures(result(tmp_path / "x.json", entry("BM", run_type="aggregate")))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"benchmarks": [{}]}', '{"benchmarks": 3}'])
def test_a_file_that_is_no_result_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BadUsage, match="x.json: "):
        read_figures(tmp_path / "x.json")


def test_comparing_takes_no_options_of_a_run(lab, tmp_path):
    file = str(result(tmp_path / "x.json", entry()))
    status, _, errors = lab("bench", "--compare", file, file, "--benchmark_filter=x")
    assert status == 2
    assert "--compare runs nothing, and so takes no option '--benchmark_filter=x'" in errors


def test_a_median_of_zero_has_no_ratio():
    (difference,) = compare({("x", "n"): [0.0] * 5}, {("x", "n"): [1.0] * 5}).differences
    assert difference.ratio != difference.ratio
    assert "nan" in bench_comparison._row(difference).plain
