"""The checker's machinery: verdicts, processes, and that nothing outlives them."""

import os
import signal
import time

import pytest
from check_servers import GOOD

from echolab import proc
from echolab.check import runner
from echolab.check.outcomes import Failed, Inconclusive, Mismatch, Skipped, Verdict
from echolab.check.payloads import assert_same
from echolab.check.registry import Check
from echolab.check.specimen import Command
from echolab.check.trial import Facts, Trial
from echolab.waiting import wait_until


def check_of(carry_out, check_id="ECHO-1", *, basic=False, alone=False) -> Check:
    return Check(check_id, "a check", "what it does", carry_out, basic, alone, ("echo",))


def run(*checks: Check, command: Command = Command(("true",)), jobs: int = 2):
    return runner.run_checks(checks, command, jobs=jobs)


def raising(error: Exception):
    def carry_out(_trial: Trial) -> None:
        raise error

    return carry_out


@pytest.mark.parametrize(
    "error, check_id, verdict",
    [
        (Failed("no"), "ECHO-1", Verdict.FAIL),
        (Failed("no"), "ECHO-9", Verdict.NON_STRICT),
        (ConnectionResetError(104, "reset"), "ECHO-1", Verdict.FAIL),
        (Skipped("not here"), "ECHO-1", Verdict.SKIPPED),
        (Inconclusive("disturbed"), "ECHO-1", Verdict.INCONCLUSIVE),
        (ZeroDivisionError("a mistake of the check"), "ECHO-1", Verdict.INCONCLUSIVE),
    ],
    ids=lambda value: getattr(value, "name", None) or str(value)[:12],
)
def test_how_a_check_ends_is_its_verdict(error, check_id, verdict):
    (outcome,) = run(check_of(raising(error), check_id))
    assert outcome.verdict is verdict
    assert str(error.args[-1]) in outcome.message


def test_a_check_that_returns_has_passed():
    (outcome,) = run(check_of(lambda trial: trial.state(seen=b"bytes")))
    assert (outcome.verdict, outcome.facts) == (Verdict.PASS, {"seen": b"bytes"})


def test_the_bytes_around_a_difference_are_kept():
    (outcome,) = run(check_of(lambda trial: assert_same(b"x" * 100 + b"y", b"x" * 101)))
    assert outcome.difference.offset == 100
    assert outcome.difference.received.endswith(b"xy")


def test_a_mismatch_names_the_first_byte_that_differs():
    with pytest.raises(Mismatch) as caught:
        assert_same(b"abXd", b"abcd")
    assert caught.value.offset == 2


def test_outcomes_come_in_the_order_of_the_checks_whichever_is_over_first():
    checks = [
        check_of(lambda trial: time.sleep(0.3), "ECHO-1"),
        check_of(lambda trial: None, "ECHO-2"),
    ]
    assert [outcome.check_id for outcome in run(*checks)] == ["ECHO-1", "ECHO-2"]


def test_after_a_basic_check_has_failed_the_others_are_skipped():
    outcomes = run(
        check_of(lambda trial: None, "RUDE-1"), check_of(raising(Failed("no")), basic=True)
    )
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SKIPPED, Verdict.FAIL]
    assert "ECHO-1" in outcomes[0].message


def test_what_basic_checks_have_stated_the_others_know():
    def uses(trial: Trial) -> None:
        trial.state(told=trial.known["growth"])

    outcomes = run(
        check_of(lambda trial: trial.state(growth="fork"), basic=True), check_of(uses, "RUDE-1")
    )
    assert outcomes[1].facts == {"told": "fork"}


def test_what_nobody_has_stated_is_none():
    assert Facts()["never stated"] is None


def test_an_inconclusive_check_is_tried_once_more(tmp_path):
    tried = tmp_path / "tried"

    def sure_the_second_time(_trial: Trial) -> None:
        if not tried.exists():
            tried.touch()
            raise Inconclusive("disturbed")

    (outcome,) = run(check_of(sure_the_second_time))
    assert outcome.verdict is Verdict.PASS


def test_a_check_that_hangs_is_broken_off(monkeypatch):
    monkeypatch.setattr(runner, "LONGEST_SECONDS", 0.3)
    (outcome,) = run(check_of(lambda trial: signal.pause()))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "not over" in outcome.message


def test_a_check_that_crashes_costs_its_own_verdict_only():
    outcomes = run(check_of(lambda trial: os._exit(1)), check_of(lambda trial: None, "ECHO-2"))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.INCONCLUSIVE, Verdict.PASS]


def test_no_server_outlives_a_check_that_is_killed(script, monkeypatch, tmp_path):
    started = tmp_path / "pid"

    def hangs(trial: Trial) -> None:
        started.write_text(str(trial.start().pid))
        signal.pause()

    for seconds in (1.0, 5.0, 25.0, 125.0):  # until the machine has had time to start it
        monkeypatch.setattr(runner, "LONGEST_SECONDS", seconds)
        run(check_of(hangs), command=Command((*script(GOOD), "{port}")))
        if started.exists():
            break
    pid = int(started.read_text())
    assert wait_until(lambda: (s := proc.read_stat(pid)) is None or s.state == "Z", 60)


def test_the_steps_of_all_instances_are_kept(script):
    def two(trial: Trial) -> None:
        for _ in range(2):
            trial.start().connect().echo(b"hello")

    (outcome,) = run(check_of(two), command=Command((*script(GOOD), "{port}")))
    assert outcome.verdict is Verdict.PASS, outcome.message
    assert [step.data for step in outcome.steps].count(b"hello") == 4


def test_how_the_server_ended_and_what_it_said_is_kept(script):
    def kills(trial: Trial) -> None:
        specimen = trial.start()
        specimen.process.send_signal(signal.SIGKILL)
        trial.require_alive(specimen, after="a test", seconds=60)

    program = GOOD.replace("Server((", 'print("hi", file=sys.stderr, flush=True)\n    Server((')
    (outcome,) = run(check_of(kills), command=Command((*script(program), "{port}")))
    assert outcome.server_end == "killed by SIGKILL"
    assert outcome.server_stderr == "hi\n"
    assert outcome.facts["died_after"] == "a test"


@pytest.mark.parametrize("found", ["heap-use-after-free on address 0x1", "SEGV on address 0x0"])
def test_what_the_servers_own_sanitizer_reports_is_a_failure(script, found):
    report = f"==1==ERROR: AddressSanitizer: {found}"
    says = f'print("{report}", file=sys.stderr, flush=True)'
    program = GOOD.replace("Server((", f"{says}\n    Server((")

    def looks(trial: Trial) -> None:
        trial.start().connect().echo(b"hello")

    (outcome,) = run(check_of(looks), command=Command((*script(program), "{port}")))
    assert outcome.verdict is Verdict.FAIL
    assert outcome.facts["sanitizer_report"] == report
