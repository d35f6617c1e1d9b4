import pytest

from echolab import comparison
from echolab.comparison import Comparison, plan
from echolab.contenders import Contender
from echolab.runs import Run
from echolab.server_process import ServerError
from echolab.workloads import Workload

A, B, C = (Contender(name, (name, "{port}")) for name in "ABC")


@pytest.fixture
def measured(monkeypatch):
    """Replaces measuring by a record of the steps; returns it and what to answer per server."""
    steps, answers = [], {}

    def measure(step, loadgen, cores):
        steps.append(step)
        run = Run(step.contender.name, step.workload.name, step.round, step.clients)
        run.echoes_per_second = 1000.0
        answer = answers.get(step.contender.name, lambda run: None)
        answer(run)
        return run

    monkeypatch.setattr(comparison, "measure", measure)
    return steps, answers


def carry_out(steps) -> Comparison:
    result = Comparison(loadgen=None, report=lambda step, outcome: None)
    result.carry_out(list(steps), before=lambda step: None)
    return result


def test_rounds_are_interleaved():
    steps = plan([A, B, C], [Workload("test")], rounds=2)
    assert [step.contender.name for step in steps] == list("ABCABC")


def test_every_number_of_clients_is_a_run_of_its_own():
    steps = plan([A, B], [Workload("test", clients=(10, 100))], rounds=1)
    assert [(step.clients, step.contender.name) for step in steps] == [
        (10, "A"),
        (10, "B"),
        (100, "A"),
        (100, "B"),
    ]


def test_every_workload_is_run_before_the_next_round():
    steps = plan([A], [Workload("one"), Workload("two")], rounds=2)
    assert [(step.round, step.workload.name) for step in steps] == [
        (1, "one"),
        (1, "two"),
        (2, "one"),
        (2, "two"),
    ]


def test_what_a_server_cannot_serve_is_not_tried_again(measured):
    steps, answers = measured

    def one_at_a_time(run):
        run.void, run.void_reason = True, "one client at a time"

    answers["A"] = one_at_a_time
    carry_out(plan([A, B], [Workload("test")], rounds=3))
    assert [step.contender.name for step in steps] == list("ABBB")


def test_a_run_in_which_the_load_generator_was_late_settles_nothing(measured):
    steps, answers = measured

    def late(run):
        run.void, run.void_reason, run.generator_late = True, "late", True

    answers["A"] = late
    carry_out(plan([A], [Workload("test")], rounds=3))
    assert len(steps) == 3


def test_a_server_that_does_not_start_leaves_the_others_going(measured):
    steps, answers = measured

    def fail(run):
        raise ServerError("A: no such program")

    answers["A"] = fail
    result = carry_out(plan([A, B], [Workload("test")], rounds=2))
    assert [step.contender.name for step in steps] == list("ABB")
    assert [(run.server, run.failed) for run in result.runs] == [
        ("A", True),
        ("B", False),
        ("B", False),
    ]


def test_an_interrupted_comparison_keeps_what_it_measured(measured):
    _, answers = measured

    def interrupt(run):
        raise KeyboardInterrupt

    answers["B"] = interrupt
    result = Comparison(loadgen=None, report=lambda step, outcome: None)
    with pytest.raises(KeyboardInterrupt):
        result.carry_out(list(plan([A, B], [Workload("test")], 1)), before=lambda step: None)
    assert [run.server for run in result.runs] == ["A"]
