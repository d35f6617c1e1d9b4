import random

import pytest
from comparisons import as_record, costs_of_rounds, records

from echolab import ranking
from echolab.ranking import CPU, HELD, THROUGHPUT, metric_of, rankings
from echolab.workloads import Workload, find_workload

BUSY = Workload("busy", clients=(10,))
HOLDING = Workload("holding", clients=(20,), churn=True, think=0.1)


def ranked(runs, workload=BUSY, options=()):
    servers = list(dict.fromkeys(run["server"] for run in runs))
    (result,) = rankings([as_record(workload)], runs, servers, options)
    return result


def ranks(result) -> dict[str, int]:
    return {entry["server"]: entry["rank"] for entry in result["ranked"]}


def test_servers_that_differ_are_ranked_by_what_an_echo_costs():
    result = ranked(records({"dear": 6.0, "cheap": 3.0, "middle": 4.0}))
    assert ranks(result) == {"cheap": 1, "middle": 2, "dear": 3}
    assert result["metric"] == CPU.field
    ratio = result["ranked"][0]["ratio_to_next"]
    assert ratio["low"] < 4 / 3 < ratio["high"]
    assert result["ranked"][-1]["ratio_to_next"] is None


def test_servers_that_cost_the_same_share_a_rank():
    result = ranked(records({"one": 3.0, "other": 3.0, "dear": 6.0}))
    assert ranks(result) == {"one": 1, "other": 1, "dear": 3}
    assert [entry["too_close_to_next"] for entry in result["ranked"]] == [True, False, False]


def test_a_chain_of_close_neighbours_shares_one_rank():
    """A~B and B~C: C may surely cost more than A, but B could be either's equal."""
    runs = [
        run | {"server_cpu_seconds_per_million_echoes": cost * wobble}
        for server, cost, wobbles in (
            ("a", 1.00, (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)),
            ("b", 1.02, (1.1, 0.9, 1.08, 0.92, 1.06, 0.95)),
            ("c", 1.04, (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)),
        )
        for run, wobble in zip(records({server: 1.0}), wobbles)
    ]
    assert ranks(ranked(runs)) == {"a": 1, "b": 1, "c": 1}
    assert ranks(ranked([run for run in runs if run["server"] != "b"])) == {"a": 1, "c": 2}


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"void": True, "void_reason": "2 bytes were wrong"}, "void: 2 bytes were wrong"),
        (
            {"disturbed": True, "disturbed_reason": "other programs used 40 %"},
            "disturbed in 6 of 6 rounds: other programs used 40 %",
        ),
        ({"client_bound": True}, "client-bound in 6 of 6 rounds"),
    ],
)
def test_runs_that_prove_nothing_earn_no_rank_however_fast(fields, reason):
    runs = records({"fast": 0.1}, **fields) + records({"slow": 9.0})
    result = ranked(runs)
    assert ranks(result) == {"slow": 1}
    assert result["unranked"] == [{"server": "fast", "reason": reason}]


def test_one_wrong_answer_in_six_rounds_costs_the_rank():
    runs = records({"careless": 0.1}) + records({"slow": 9.0})
    runs[2] |= {"void": True, "void_reason": "1 byte was wrong"}
    result = ranked(runs)
    assert ranks(result) == {"slow": 1}
    assert result["unranked"] == [{"server": "careless", "reason": "void: 1 byte was wrong"}]


def test_few_rounds_earn_no_rank():
    result = ranked(records({"a": 1.0, "b": 2.0}, rounds=3))
    assert not result["ranked"]
    assert result["unranked"][0]["reason"] == "too few rounds: 3 of the 5 that a rank needs"


def test_one_disturbed_round_of_six_costs_no_rank():
    runs = records({"a": 1.0, "b": 2.0})
    runs[0] |= {"disturbed": True, "disturbed_reason": "a compiler"}
    assert ranks(ranked(runs)) == {"a": 1, "b": 2}


def test_a_server_gains_nothing_by_lacking_a_slow_round():
    costs = {
        "lacks": {1: 1.05, 2: 1.06, 3: 1.04, 4: 1.05, 5: 1.06},
        "all": {1: 1.0, 2: 1.01, 3: 0.99, 4: 1.0, 5: 1.0, 6: 5.0},
    }
    assert ranking.in_order(costs) == ["all", "lacks"]


def test_holding_more_clients_ranks_higher():
    runs = records({"one": 1.0, "many": 20.0}, HOLDING, field="effective_concurrency")
    result = ranked(runs, HOLDING)
    assert ranks(result) == {"many": 1, "one": 2}
    assert result["ranked"][0]["median"] > 15
    assert result["ranked"][0]["ratio_to_next"]["median"] == pytest.approx(20, rel=0.2)


def test_the_metric_is_what_the_workload_is_there_to_show():
    assert metric_of(as_record(find_workload("busy"))) is CPU
    assert metric_of(as_record(find_workload("churn"))) is CPU
    assert metric_of(as_record(find_workload("concurrency"))) is HELD
    assert metric_of(as_record(BUSY), ["--service-time", "5ms"]) is THROUGHPUT
    assert metric_of(as_record(BUSY) | {"rate": 1000.0}).field == "p99_us"


# What counts: on a noisy machine two comparisons rank alike, or one says that it cannot tell.
TRUTH = {"a": 1.0, "b": 1.01, "c": 1.02, "d": 1.05, "e": 1.3, "f": 2.0}
EQUAL = {server: 1.0 for server in "abcdef"}


def simulated(truth, comparisons, rounds, seed=1) -> list[dict[str, int]]:
    generator = random.Random(seed)
    return [
        {
            entry["server"]: entry["rank"]
            for entry in ranking.ranked(costs_of_rounds(truth, rounds, generator), CPU)
        }
        for _ in range(comparisons)
    ]


def has_wrong_order(found, truth) -> bool:
    return any(found[a] < found[b] and truth[a] >= truth[b] for a in truth for b in truth)


@pytest.mark.usefixtures("few_resamples")
@pytest.mark.parametrize("truth", [TRUTH, EQUAL], ids=["near", "equal"])
@pytest.mark.parametrize("rounds", [5, 6])
def test_at_most_one_noisy_comparison_in_twenty_has_any_wrong_order(truth, rounds):
    comparisons = simulated(truth, 100, rounds)
    assert sum(has_wrong_order(found, truth) for found in comparisons) <= 5


@pytest.mark.usefixtures("few_resamples")
def test_no_two_noisy_comparisons_contradict_each_other():
    comparisons = simulated(TRUTH, 60, rounds=6, seed=2)
    for first, second in zip(comparisons[::2], comparisons[1::2]):
        assert not any(
            first[a] < first[b] and second[a] > second[b] for a in TRUTH for b in TRUTH
        )


@pytest.mark.usefixtures("few_resamples")
def test_a_third_more_cost_is_found_nearly_always():
    comparisons = simulated(TRUTH, 60, rounds=6, seed=3)
    assert sum(found["d"] < found["e"] < found["f"] for found in comparisons) >= 54
