"""Carries out checks, several side by side, each in a process of its own.

So a check that hangs or crashes costs its own verdict only, whatever it has started ends with it
(the kernel sees to that, prctl(2), PR_SET_PDEATHSIG), and several wait at the same time.
"""

import ctypes
import gc
import multiprocessing
import os
import re
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection, wait

from echolab import proc
from echolab.check.outcomes import (
    Difference,
    Failed,
    Inconclusive,
    Info,
    Mismatch,
    NotStrict,
    Outcome,
    Skipped,
    Verdict,
)
from echolab.check.registry import Check
from echolab.check.specimen import Command
from echolab.check.trial import Facts, Trial
from echolab.interrupts import take_signals, uninterrupted
from echolab.server_process import ServerError

PR_SET_PDEATHSIG = 1  # prctl(2); the standard library has no name for it
LONGEST_SECONDS = 60.0  # of one check, on a machine under load
JOBS = 6  # they mostly wait

# The line in which a report begins: AddressSanitizer, LeakSanitizer, ThreadSanitizer and so on.
SANITIZER_REPORT = re.compile(
    r"^.*(?:(?:Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer: |runtime error: ).*$",
    re.MULTILINE,
)

FAILED_ALREADY = "failed already"  # why checks are skipped, behind the names of basic ones

OnOutcome = Callable[[Check, Outcome], None]


def run_checks(
    checks: Sequence[Check],
    command: Command,
    *,
    known: Facts = Facts(),
    service: str = "echo",
    jobs: int = JOBS,
    on_outcome: OnOutcome = lambda check, outcome: None,
) -> list[Outcome]:
    """Carries out the checks; returns an outcome each, in their order.

    The basic ones come first, and of those the ones that go alone. Where one fails, no other would
    say more: they are skipped. What was inconclusive beside others is tried once more, alone.
    `known` is what the checks are told beforehand, such as the model that the server is claimed to
    be.
    """
    _prepare_for_forks()
    basic = [check for check in checks if check.is_basic]
    known = Facts(known)
    outcomes: dict[str, Outcome] = {}

    def take(check: Check, outcome: Outcome) -> None:
        outcomes[check.id] = outcome
        known.update(outcome.facts if check.is_basic else {})
        on_outcome(check, outcome)

    _side_by_side([c for c in basic if c.alone], command, known, service, 1, take)
    if not _failures(outcomes):
        _side_by_side([c for c in basic if not c.alone], command, known, service, jobs, take)
    rest = [check for check in checks if check.id not in outcomes]
    if failed := _failures(outcomes):
        for check in rest:
            message = f"{' and '.join(failed)} {FAILED_ALREADY}"
            take(check, Outcome(check.id, Verdict.SKIPPED, message))
    else:
        _side_by_side([c for c in rest if not c.alone], command, known, service, jobs, take)
        _side_by_side([c for c in rest if c.alone], command, known, service, 1, take)
        unsure = (c for c in rest if outcomes[c.id].verdict is Verdict.INCONCLUSIVE)
        _side_by_side(unsure, command, known, service, 1, take)
    return [outcomes[check.id] for check in checks]


def _prepare_for_forks() -> None:
    """Does once what each check would else do in its own process."""
    tempfile.gettempdir()  # tries where files can be written
    if not gc.get_freeze_count():
        gc.freeze()  # what is here is no garbage: to look for it would copy the pages it lies on


def _failures(outcomes: dict[str, Outcome]) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome.verdict is Verdict.FAIL]


def _side_by_side(
    checks: Iterable[Check],
    command: Command,
    known: Facts,
    service: str,
    jobs: int,
    take: OnOutcome,
) -> None:
    waiting = list(checks)
    running: dict[Connection, _Run] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            run = _Run(waiting.pop(0), command, Facts(known), service)
            running[run.result] = run
        for result in wait(list(running), timeout=0.2):
            run = running.pop(result)
            take(run.check, run.outcome())
        for run in [run for run in running.values() if run.is_overdue()]:
            del running[run.result]
            take(run.check, run.broken_off())


class _Run:
    """One check in its process."""

    def __init__(self, check: Check, command: Command, known: Facts, service: str):
        self.check = check
        self._began = time.monotonic()
        self.result, theirs = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("fork")
        parent = os.getpid()
        self._process = context.Process(
            target=_carry_out, args=(check, command, known, service, theirs, parent)
        )
        with uninterrupted():
            self._process.start()
        theirs.close()

    def outcome(self) -> Outcome:
        try:
            outcome = self.result.recv()
        except EOFError:
            outcome = Outcome(
                self.check.id, Verdict.INCONCLUSIVE, "the process of the check has ended"
            )
        self._end()
        return outcome

    def is_overdue(self) -> bool:
        return time.monotonic() - self._began > LONGEST_SECONDS

    def broken_off(self) -> Outcome:
        self._process.kill()
        self._end()
        message = f"the check was not over after {LONGEST_SECONDS:g} s"
        return Outcome(self.check.id, Verdict.INCONCLUSIVE, message, LONGEST_SECONDS)

    def _end(self) -> None:
        self.result.close()
        self._process.join()


def _carry_out(
    check: Check,
    command: Command,
    known: Facts,
    service: str,
    result: Connection,
    parent: int,
) -> None:
    """Carries out one check in this process, and sends its outcome to the parent."""
    _end_with(parent)
    take_signals()
    os.setpgid(0, 0)  # the parent ends this process, not the terminal
    result.send(outcome_of(check, Trial(command.of_check(check.id), known, service)))
    result.close()


def outcome_of(check: Check, trial: Trial) -> Outcome:
    """Carries out one check in this process; returns its outcome."""
    proc.adopt_orphans()
    began = time.monotonic()
    outcome = Outcome(check.id, Verdict.PASS)
    try:
        check.carry_out(trial)
    except Skipped as reason:
        outcome.verdict, outcome.message = Verdict.SKIPPED, str(reason)
    except Info as finding:
        outcome.verdict, outcome.message = Verdict.INFO, str(finding)
    except Inconclusive as reason:
        outcome.verdict, outcome.message = Verdict.INCONCLUSIVE, str(reason)
    except (Failed, ConnectionError, TimeoutError, ServerError) as failure:
        _note_failure(check, outcome, failure)
    except Exception:  # a mistake of the check's own must not be taken for the server's
        outcome.verdict = Verdict.INCONCLUSIVE
        outcome.message = f"the check itself failed:\n{traceback.format_exc()}"
    _note_sanitizers(outcome, trial)
    _note_server(outcome, trial)
    trial.end()
    outcome.seconds = time.monotonic() - began
    return outcome


def _note_failure(check: Check, outcome: Outcome, failure: Exception) -> None:
    is_must = check.requirement.level == "MUST" and not isinstance(failure, NotStrict)
    outcome.verdict = Verdict.FAIL if is_must else Verdict.NON_STRICT
    outcome.message = str(failure) or type(failure).__name__
    if isinstance(failure, ConnectionError):
        outcome.message = f"the connection was gone: {failure.strerror or failure}"
    if isinstance(failure, Mismatch):
        outcome.difference = Difference(failure.offset, failure.received, failure.expected)


def _note_sanitizers(outcome: Outcome, trial: Trial) -> None:
    """A server that was built with a sanitizer may have found something out about itself."""
    for specimen in trial.specimens:
        report = specimen.process.stderr if specimen.was_started else ""
        if found := SANITIZER_REPORT.search(report):
            trial.state(sanitizer_report=found[0])
            outcome.verdict = Verdict.FAIL
            outcome.message = outcome.message or f"the server reported: {found[0]}"


def _note_server(outcome: Outcome, trial: Trial) -> None:
    outcome.facts = dict(trial.facts)
    outcome.steps = trial.transcript.steps
    if started := [specimen for specimen in trial.specimens if specimen.was_started]:
        last = started[-1]
        outcome.server_stderr = last.process.stderr
        outcome.server_end = last.how_it_ended()


def _end_with(parent: int) -> None:
    """Asks the kernel to kill this process when its parent has gone, however that ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it had gone before
        os._exit(1)
