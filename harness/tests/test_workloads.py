import dataclasses

import pytest

from echolab.errors import BadUsage
from echolab.workloads import (
    Workload,
    all_workloads,
    find_workload,
    with_compared,
    workload_of,
)


@pytest.mark.parametrize("workload", all_workloads(), ids=lambda workload: workload.name)
def test_every_workload_of_the_kit_is_valid_and_described(workload):
    assert find_workload(workload.name) == workload
    assert workload.description


@pytest.mark.parametrize(
    "key, value, complaint",
    [
        ("byte", 64, "unknown key 'byte': did you mean 'bytes'?"),
        ("bytes", 0, "bytes: 0 is not a whole number from 1 on"),
        ("bytes", "64", "bytes: '64' is not a whole number from 1 on"),
        ("clients", [], "clients: is empty"),
        ("clients", [10, -1], "clients: -1 is not a whole number from 1 on"),
        ("clients", True, "clients: True is not a whole number from 1 on"),
        ("idle", -1, "idle: -1 is not a whole number from 0 on"),
        ("churn", 1, "churn: 1 is neither true nor false"),
        ("duration", "1 h", "duration: '1 h' is not a duration such as 2, '500ms' or '100us'"),
        ("duration", 0, "duration: must be longer than 0"),
        ("description", 3, "description: 3 is not a text"),
        ("rate", 0, "rate: 0 is not a number a second, more than 0"),
        ("rate", "many", "rate: 'many' is not a number a second, more than 0"),
        ("arrivals", "poisson", "arrivals: needs a rate"),
        ("seed", -1, "seed: -1 is not a whole number from 0 on"),
    ],
)
def test_a_wrong_key_is_named(key, value, complaint):
    with pytest.raises(BadUsage) as error:
        workload_of({"name": "test", key: value})
    assert str(error.value) == complaint


def test_a_workload_needs_a_name():
    with pytest.raises(BadUsage, match="name: is missing"):
        workload_of({"clients": 1})


def test_requests_and_duration_exclude_each_other():
    with pytest.raises(BadUsage, match="requests: cannot stand beside duration"):
        workload_of({"name": "test", "requests": 1, "duration": 1})


def test_churn_and_depth_exclude_each_other():
    with pytest.raises(BadUsage, match="depth: cannot stand beside churn"):
        workload_of({"name": "test", "churn": True, "depth": 2})


@pytest.mark.parametrize("other", [{"requests": 5}, {"think": "1ms"}])
def test_a_rate_and_what_closes_the_loop_exclude_each_other(other):
    with pytest.raises(BadUsage, match="rate: says when to ask"):
        workload_of({"name": "test", "rate": 1000, **other})


def test_unknown_arrivals_are_named():
    with pytest.raises(BadUsage, match="arrivals: 'weekly' is neither uniform nor poisson"):
        workload_of({"name": "test", "rate": 1000, "arrivals": "weekly"})


def test_a_rate_and_its_arrivals_become_options():
    workload = workload_of({"name": "test", "rate": 1000, "arrivals": "poisson", "seed": 7})
    options = workload.loadgen_options(clients=1)
    assert {"--rate=1000.0", "--arrivals=poisson", "--seed=7"} <= set(options)
    assert not any(option.startswith("--rate") for option in Workload("test").loadgen_options(1))


def test_rude_clients_become_options_and_what_they_are_compared_with_does_not():
    workload = find_workload("rude-company")
    options = workload.loadgen_options(clients=10)
    assert {"--slow-readers=2", "--dribble=2", "--resets-per-second=20.0"} <= set(options)
    assert not any("steady" in option for option in options)


def test_rude_company_differs_from_steady_in_nothing_but_the_rude_clients():
    rude, steady = find_workload("rude-company"), find_workload("steady")
    polite = dataclasses.replace(
        rude, slow_readers=0, dribble=0, resets_per_second=0.0, compared_with=None
    )
    assert dataclasses.replace(polite, name="steady", description=steady.description) == steady


def test_a_workload_comes_after_the_one_that_it_is_compared_with():
    rude, busy = find_workload("rude-company"), find_workload("busy")
    names = [workload.name for workload in with_compared([busy, rude])]
    assert names == ["busy", "steady", "rude-company"]


def test_a_workload_that_is_asked_for_itself_is_not_run_twice():
    names = ["rude-company", "steady"]
    workloads = with_compared([find_workload(name) for name in names])
    assert [workload.name for workload in workloads] == ["steady", "rude-company"]


@pytest.mark.parametrize(
    "text, seconds", [(2, 2.0), (0.5, 0.5), ("3s", 3.0), ("250ms", 0.25), ("100us", 1e-4)]
)
def test_durations_take_units(text, seconds):
    assert workload_of({"name": "test", "duration": text}).duration == pytest.approx(seconds)


def test_the_file_with_the_mistake_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nclients = "many"\n')
    with pytest.raises(BadUsage, match=f"^{path}: clients: 'many' is not a whole number"):
        find_workload(str(path))


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("name = \n")
    with pytest.raises(BadUsage, match=f"^{path}: not valid TOML"):
        find_workload(str(path))


def test_a_missing_file_is_named():
    with pytest.raises(BadUsage, match="cannot read workload no.toml: No such file"):
        find_workload("./no.toml")


def test_every_key_becomes_the_option_of_the_same_name():
    workload = workload_of(
        {"name": "test", "bytes": 9, "duration": "2s", "think": "1ms", "idle": 3, "churn": True}
    )
    options = workload.loadgen_options(clients=5)
    expected = {"--clients=5", "--bytes=9", "--duration=2000000us", "--think=1000us", "--idle=3"}
    assert expected | {"--churn"} <= set(options)


def test_requests_take_the_place_of_a_duration():
    options = workload_of({"name": "test", "requests": 20}).loadgen_options(clients=1)
    assert "--requests=20" in options
    assert not any(option.startswith("--duration") for option in options)


def test_quick_shortens_but_does_not_change_what_the_clients_do():
    workload = Workload("test", clients=(10, 100), bytes=64, duration=5.0, think=0.1)
    quick = workload.quick()
    assert quick.duration < workload.duration
    assert (quick.clients, quick.bytes, quick.think) == ((10, 100), 64, 0.1)
