import random

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

    def measure(step, loadgen, cores, watch):
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


def planned(contenders, workloads, rounds, seed=1):
    return list(plan(contenders, workloads, rounds, random.Random(seed)))


def test_every_round_has_all_servers_before_the_next_round():
    steps = planned([A, B, C], [Workload("test")], rounds=2)
    names = [step.contender.name for step in steps]
    assert sorted(names[:3]) == sorted(names[3:]) == list("ABC")


def test_the_order_is_drawn_anew_in_each_round():
    steps = planned([A, B, C], [Workload("test")], rounds=20)
    names = [step.contender.name for step in steps]
    assert len({tuple(names[i : i + 3]) for i in range(0, 60, 3)}) > 1


def test_the_same_seed_gives_the_same_order():
    workloads = [Workload("one", clients=(1, 2)), Workload("two")]
    assert planned([A, B, C], workloads, 5, seed=7) == planned([A, B, C], workloads, 5, seed=7)
    assert planned([A, B, C], workloads, 5, seed=7) != planned([A, B, C], workloads, 5, seed=8)


def test_the_servers_that_are_compared_run_one_after_the_other():
    steps = planned([A, B], [Workload("test", clients=(10, 100)), Workload("two")], rounds=3)
    for first, second in zip(steps[::2], steps[1::2]):
        assert (first.workload, first.clients) == (second.workload, second.clients)
        assert first.contender != second.contender


def test_a_disturbed_run_is_repeated_twice_and_then_marked(measured):
    steps, answers = measured
    answers["A"] = disturb
    result = carry_out(planned([A, B], [Workload("test")], rounds=1))
    assert sorted(step.contender.name for step in steps) == list("AAAB")
    (run,) = [run for run in result.runs if run.server == "A"]
    assert run.disturbed and run.attempt == 3


def test_an_undisturbed_repetition_replaces_the_disturbed_run(measured):
    steps, answers = measured
    answers["A"] = lambda run: disturb(run) if len(steps) == 1 else None
    (run,) = carry_out(planned([A], [Workload("test")], rounds=1)).runs
    assert not run.disturbed and run.attempt == 2


def test_a_run_whose_load_generator_was_late_is_repeated(measured):
    steps, answers = measured

    def late_at_first(run):
        run.void = run.generator_late = len(steps) == 1

    answers["A"] = late_at_first
    (run,) = carry_out(planned([A], [Workload("test")], rounds=1)).runs
    assert not run.void and run.attempt == 2


def test_a_failure_is_not_excused_by_a_disturbance(measured):
    steps, answers = measured

    def fail_disturbed(run):
        disturb(run)
        run.void = run.failed = True

    answers["A"] = fail_disturbed
    (run,) = carry_out(planned([A], [Workload("test")], rounds=1)).runs
    assert run.failed and len(steps) == 1


def test_a_machine_that_is_always_disturbed_does_not_take_thrice_as_long(measured):
    steps, answers = measured
    answers["A"] = answers["B"] = disturb
    plan_ = planned([A, B], [Workload("test")], rounds=20)
    carry_out(plan_)
    assert len(steps) <= 1.5 * len(plan_)


def disturb(run):
    run.disturbed, run.disturbed_reason = True, "other programs used 40 % of the processors' time"


def test_what_a_server_cannot_serve_is_not_tried_again(measured):
    steps, answers = measured

    def one_at_a_time(run):
        run.void, run.void_reason = True, "one client at a time"

    answers["A"] = one_at_a_time
    carry_out(planned([A, B], [Workload("test")], rounds=3))
    assert sorted(step.contender.name for step in steps) == list("ABBB")


def test_a_run_in_which_the_load_generator_was_late_settles_nothing(measured):
    steps, answers = measured

    def late(run):
        run.void, run.void_reason, run.generator_late = True, "late", True

    answers["A"] = late
    carry_out(planned([A], [Workload("test")], rounds=3))
    assert {step.round for step in steps} == {1, 2, 3}


def test_a_server_that_does_not_start_leaves_the_others_going(measured):
    steps, answers = measured

    def fail(run):
        raise ServerError("A: no such program")

    answers["A"] = fail
    result = carry_out(planned([A, B], [Workload("test")], rounds=2))
    assert sorted(step.contender.name for step in steps) == list("ABB")
    assert sorted((run.server, run.failed) for run in result.runs) == [
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
        steps = planned([A, B], [Workload("test")], 1)
        result.carry_out(sorted(steps, key=lambda step: step.contender.name), lambda step: None)
    assert [run.server for run in result.runs] == ["A"]
