import copy
import json

import pytest
from comparisons import as_record, records

from echolab import baseline
from echolab.errors import BadUsage
from echolab.workloads import Workload

BUSY = Workload("busy", clients=(10,))
ENVIRONMENT = {
    "date": "2026-11-21T12:00:00+00:00",
    "commit": None,
    "cpu": "a processor",
    "cores": 2,
    "virtualization": None,
    "pinning": None,
    "server_options": [],
    "kernel": "6.1",
}


def result(runs, **changed) -> dict:
    environment = ENVIRONMENT | changed
    return {
        "format": 2,
        "environment": environment,
        "workloads": [as_record(BUSY)],
        "runs": runs,
    }


def verdicts(before, now) -> dict[str, str]:
    compared = baseline.compare(result(before), result(now))
    return {change.server: change.verdict for change in compared.changes}


def test_what_changed_more_than_the_noise_is_better_or_worse():
    before = records({"a": 3.0, "b": 3.0, "c": 3.0}, seed=1)
    now = records({"a": 6.0, "b": 1.5, "c": 3.0}, seed=2)
    assert verdicts(before, now) == {"a": "worse", "b": "better", "c": "too close"}


def test_a_faster_server_is_better_where_more_is_better():
    field = "echoes_per_second"
    options = {"server_options": ["--service-time", "5ms"]}
    before = result(records({"a": 100.0}, field=field), **options)
    now = result(records({"a": 200.0}, field=field, seed=2), **options)
    (change,) = baseline.compare(before, now).changes
    assert change.verdict == "better"
    assert change.now > change.before and change.ratio.high < 1


def test_worse_by_more_counts_only_what_is_certain():
    compared = baseline.compare(
        result(records({"much": 3.0, "little": 3.0})),
        result(records({"much": 6.0, "little": 3.2}, seed=2)),
    )
    assert [change.server for change in compared.worse_by(0.10)] == ["much"]
    assert compared.worse_by(10.0) == []


def test_a_machine_that_has_changed_is_named_when_all_servers_went_along():
    before = records({"a": 1.0, "b": 2.0, "c": 3.0})
    now = records({"a": 2.0, "b": 4.0, "c": 6.0}, seed=2)
    (remark,) = baseline.compare(result(before), result(now)).remarks
    assert remark.startswith("All servers together cost")


def test_another_machine_is_refused():
    with pytest.raises(BadUsage, match="the processor differs: another then, a processor now"):
        baseline.refuse_other_machine(result([], cpu="another"), ENVIRONMENT)


def test_another_service_time_is_refused():
    before = result([], server_options=["--service-time", "5ms"])
    with pytest.raises(BadUsage, match="options of the models differs: --service-time 5ms then"):
        baseline.refuse_other_machine(before, ENVIRONMENT)


def test_another_kernel_is_told():
    before = result(records({"a": 1.0}), kernel="5.10")
    remarks = baseline.compare(before, result(records({"a": 1.0}))).remarks
    assert remarks == ["The kernel differs: 5.10 then, 6.1 now"]


def test_a_workload_with_other_parameters_is_not_compared():
    before = result(records({"a": 1.0}))
    now = copy.deepcopy(before)
    now["workloads"][0]["bytes"] = 1
    compared = baseline.compare(before, now)
    assert compared.changes == []
    assert compared.remarks == ["busy is not compared: has other parameters there"]


def test_too_few_rounds_are_named_instead_of_compared():
    before = result(records({"a": 1.0}))
    now = result(records({"a": 1.0}, disturbed=True, disturbed_reason="others"))
    compared = baseline.compare(before, now)
    assert compared.changes == []
    (remark,) = compared.remarks
    assert remark.startswith("In busy (10) are not compared: a (now disturbed in 6 of 6 rounds")


def test_a_server_that_answers_wrongly_now_is_not_better():
    now = records({"a": 0.1})
    now[0] |= {"void": True, "void_reason": "1 byte was wrong"}
    compared = baseline.compare(result(records({"a": 1.0})), result(now))
    assert compared.changes == []
    assert "a (now void: 1 byte was wrong)" in compared.remarks[0]


def test_a_server_that_the_baseline_lacks_is_named():
    compared = baseline.compare(result([]), result(records({"new": 1.0})))
    assert compared.remarks == ["In busy (10) are not compared: new (not in the baseline)"]


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("{", "is not JSON"),
        ("[]", "is not a result of ./lab compare"),
        (json.dumps(result([]) | {"format": 1}), "has format 1, this ./lab reads 2"),
    ],
)
def test_what_is_no_result_is_refused_in_one_line(tmp_path, text, complaint):
    path = tmp_path / "before.json"
    path.write_text(text)
    with pytest.raises(BadUsage, match=complaint):
        baseline.read(path, 2)
