import dataclasses

import pytest
from comparisons import as_record, records

from echolab.findings import MOST, findings
from echolab.workloads import Workload

BUSY = Workload("busy", clients=(10,))
IDLE = Workload("idle", clients=(10,), idle=800)
CHURN = Workload("churn", clients=(10,), churn=True)
HOLDING = Workload("holding", clients=(20,), churn=True, think=0.1)
STRANGER = "mine"


def found(*measured, options=(), models=None) -> list[dict]:
    """Returns the findings of (workload, runs) pairs; all servers but STRANGER are models."""
    runs = [run for _, runs in measured for run in runs]
    servers = list(dict.fromkeys(run["server"] for run in runs))
    workloads = [as_record(workload) for workload, _ in measured]
    models = [server for server in servers if server != STRANGER] if models is None else models
    return findings(workloads, runs, servers, models, options)


def texts(*measured, **options) -> list[str]:
    return [finding["text"] for finding in found(*measured, **options)]


def test_looking_at_every_silent_client_is_told_with_its_reason():
    (text,) = texts((IDLE, records({"epoll": 3.0, "select": 16.5}, IDLE)))
    assert text.startswith("With 800 silent clients select costs 5.")
    assert text.endswith("times epoll an echo, because it looks at each of them in every turn.")


@pytest.mark.parametrize(
    "runs",
    [
        records({"epoll": 3.0, "select": 3.05}, IDLE),
        records({"epoll": 3.0, "select": 3.5}, IDLE),
        records({"epoll": 3.0, "select": 16.5}, IDLE, rounds=3),
        records({"epoll": 3.0, "select": 16.5}, IDLE, disturbed=True, disturbed_reason="others"),
        records({"select": 16.5}, IDLE),
    ],
    ids=["equal", "near", "few rounds", "disturbed", "alone"],
)
def test_what_the_data_does_not_carry_is_not_said(runs):
    assert texts((IDLE, runs)) == []


def test_a_strangers_server_is_placed_but_not_explained():
    (text,) = texts((BUSY, records({"epoll": 3.0, STRANGER: 9.0}, BUSY)))
    assert text.startswith("With 10 busy clients mine costs 3.")
    assert "because" not in text


def test_a_strangers_server_that_is_ahead_is_said_to_be():
    (text,) = texts((BUSY, records({"epoll": 3.0, STRANGER: 1.5}, BUSY)))
    assert text.startswith("With 10 busy clients epoll costs")


def test_a_strangers_cost_of_silent_clients_is_told_without_a_reason():
    silent = records({STRANGER: 9.0}, IDLE)
    (text,) = texts((BUSY, records({STRANGER: 3.0}, BUSY)), (IDLE, silent))
    assert text.startswith("800 silent clients make an echo of mine cost")
    assert "because" not in text


def test_a_stranger_with_a_models_name_in_it_is_a_stranger():
    runs = records({"epoll": 3.0, "select": 16.5}, IDLE)
    assert not any("because" in text for text in texts((IDLE, runs), models=["epoll"]))


def test_one_client_at_a_time_is_told_by_how_many_are_held():
    held = {"iterative": 1.0, "epoll": 19.7}
    (text,) = texts((HOLDING, records(held, HOLDING, field="effective_concurrency")))
    assert "of 20 clients at a time, epoll" in text
    assert text.endswith("because it serves one client to its end before it takes the next.")


def test_a_fork_for_each_client_is_told_where_clients_come_and_go():
    (text,) = texts((CHURN, records({"epoll": 20.0, "fork-per-client": 120.0}, CHURN)))
    assert text.startswith("A client that connects, sends one message and leaves costs")
    assert text.endswith("because it forks a process for each client.")


def test_memory_of_threads_is_told_where_most_connections_are_open():
    memory = {"epoll": 1.5e6, "thread-per-client": 12e6}
    (text,) = texts((IDLE, records(memory, IDLE, field="peak_pss_bytes")))
    assert text.startswith("For 810 connections thread-per-client needs")
    assert text.endswith("because each client has a thread.")


def test_a_single_thread_that_sleeps_for_all_is_told_with_a_service_time():
    rates = {"thread-per-client": 1900.0, "select": 190.0}
    options = ("--service-time", "5ms")
    told = texts(
        (BUSY, records(rates, BUSY, field="echoes_per_second")), options=options
    )
    assert len(told) == 1
    assert told[0].startswith("When each message takes 5ms, thread-per-client serves 10 clients")


def test_rude_company_is_told_beside_the_same_without():
    rude = as_record(dataclasses.replace(BUSY, name="rude"))
    rude |= {"slow_readers": 4, "compared_with": "busy"}
    runs = records({"poll": 100.0}, BUSY, field="p99_us")
    beside = [
        run | {"workload": "rude"}
        for run in records({"poll": 900.0}, BUSY, field="p99_us", seed=2)
    ]
    calm = as_record(BUSY) | {"slow_readers": 0}
    told = findings([calm, rude], runs + beside, ["poll"], ["poll"], ())
    assert told[0]["text"].startswith("Beside 4 clients that never read, the p99 of poll's other")


def test_what_a_closed_loop_would_hide_is_told():
    workload = as_record(BUSY) | {"rate": 50_000.0}
    runs = [
        run | {"from_send_p99_us": run["p99_us"] / 100}
        for run in records({"poll": 179_000.0}, BUSY, field="p99_us")
    ]
    (told,) = findings([workload], runs, ["poll"], ["poll"], ())
    assert told["text"].startswith("At 50000 requests a second poll's p99 is 100 times as long")


def test_there_are_few_findings_and_each_is_backed_by_its_interval():
    models = ("select", "poll", "busy-poll", "thread-per-client", "fork-per-client")
    many = {"epoll": 3.0, **{model: 30.0 for model in models}}
    told = found(*((workload, records(many, workload)) for workload in (BUSY, IDLE, CHURN)))
    assert 3 < len(told) <= MOST
    assert all(finding["ratio"]["low"] >= 1.2 for finding in told)
