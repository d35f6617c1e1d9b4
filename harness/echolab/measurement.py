"""One run: start a server, verify one echo, load it, stop it, and write down what it cost."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echolab import proc, quantities
from echolab.accounting import Accountant, Usage
from echolab.contenders import Contender
from echolab.disturbance import Watch
from echolab.errors import LabError
from echolab.loadgen import run_loadgen
from echolab.runs import REPORTED, Run
from echolab.server_process import ServerError, ServerProcess
from echolab.workloads import Workload

VERIFY_SECONDS = 20.0  # an interpreter on a loaded machine takes some
DYING_SECONDS = 0.5
NewAccountant = Callable[[Callable[[], list[int]]], Any]  # an Accountant, or what reads as one
VERIFY_MESSAGE = bytes(range(256)) + "Grüße, 世界\r\n\0".encode()


@dataclass(frozen=True)
class Cores:
    """Where the two sides of a run stay; None: wherever the kernel puts them."""

    server: int | None = None
    load_generator: int | None = None

    @property
    def pinned(self) -> list[int]:
        """The processors that the two sides stay on; none if they may use all."""
        return [core for core in (self.server, self.load_generator) if core is not None]


@dataclass(frozen=True)
class Step:
    """One run to be done."""

    round: int
    workload: Workload
    clients: int
    contender: Contender


def new_run(step: Step) -> Run:
    """Returns the record of a step that nothing is known of yet."""
    contender = step.contender
    return Run(
        contender.name, step.workload.name, step.round, step.clients, peer=contender.is_peer
    )


def measure(
    step: Step,
    loadgen: Path,
    cores: Cores,
    watch: Watch | None = None,
    accountant: NewAccountant = Accountant,
) -> Run:
    """Does one run. Trouble under load is noted in the record, and what `watch` saw beside it.

    `accountant` says what it costs.

    Raises ServerError if there is nothing to measure: the server does not start or not echo.
    """
    run = new_run(step)
    if watch:
        watch.calibrate()
    with step.contender.process(cores.server) as server:
        verify_echo(server)
        try:
            _load(run, step, server, loadgen, cores, watch, accountant)
        except LabError as error:
            _fail(run, str(error))
    _note_exit(run, step.contender, server)
    if watch:
        _note_disturbance(run, watch)
    return run


def verify_echo(server: ServerProcess) -> None:
    """Sends one message and compares the answer; raises ServerError if it differs."""
    received = b""
    try:
        with socket.create_connection((server.host, server.port), VERIFY_SECONDS) as client:
            client.sendall(VERIFY_MESSAGE)
            while len(received) < len(VERIFY_MESSAGE):
                if not (chunk := client.recv(4096)):
                    break
                received += chunk
    except OSError as error:
        raise ServerError(
            f"{server.name}: no echo of a first message: {error}: {server.last_words()}"
        ) from None
    if received != VERIFY_MESSAGE:
        raise ServerError(
            f"{server.name}: does not echo: {_difference(received)}: {server.last_words()}"
        )


def _difference(received: bytes) -> str:
    pairs = enumerate(zip(VERIFY_MESSAGE, received))
    offset = next((i for i, (sent, got) in pairs if sent != got), None)
    if offset is None:
        return f"closed after {len(received)} of {len(VERIFY_MESSAGE)} bytes"
    sent, got = VERIFY_MESSAGE[offset], received[offset]
    return f"byte {offset} was sent as 0x{sent:02x} and came back as 0x{got:02x}"


def _load(
    run: Run,
    step: Step,
    server: ServerProcess,
    loadgen: Path,
    cores: Cores,
    watch: Watch | None,
    new_accountant: NewAccountant,
) -> None:
    was_running = server.is_running()  # not if the command made itself a daemon
    switches_before = sum(map(proc.context_switches, server.tree()))
    with new_accountant(server.tree) as accountant:

        def at_milestone() -> None:
            accountant.read()
            if watch:
                watch.read()

        report = run_loadgen(
            loadgen,
            server.host,
            server.port,
            step.workload,
            step.clients,
            at_milestone=at_milestone,
            core=cores.load_generator,
        )
    _note_report(run, report)
    _note_usage(run, accountant.usage)
    _judge(run, report, step)
    if was_running and _has_died(server, run):
        raise ServerError(
            f"{server.name}: died under load"
            f" (exit status {server.exit_status}): {server.last_words()}"
        )
    server.stop()
    if was_running and server.rusage:
        run.context_switches = server.rusage.ru_nvcsw + server.rusage.ru_nivcsw - switches_before


def _has_died(server: ServerProcess, run: Run) -> bool:
    """The kernel closes the connections of a dying server before one can see that it has died."""
    suspicious = run.early_closes or run.connect_failures
    return server.wait(DYING_SECONDS) if suspicious else not server.is_running()


def _note_report(run: Run, report: dict) -> None:
    for field in REPORTED:
        setattr(run, field, report[field])
    run.loadgen_exit_status = report["exit_status"]


def _note_usage(run: Run, usage: Usage) -> None:
    if run.driven_echoes:
        run.server_cpu_seconds = usage.cpu_seconds
        run.server_cpu_seconds_per_million_echoes = usage.cpu_seconds / run.driven_echoes * 1e6
    run.server_cpu_is_lower_bound = usage.cpu_is_lower_bound
    run.peak_rss_bytes = usage.peak_rss_bytes
    run.peak_pss_bytes = usage.peak_pss_bytes
    run.threads = usage.threads
    run.processes = usage.processes
    run.descriptors = usage.descriptors


def _judge(run: Run, report: dict, step: Step) -> None:
    """Tells a server that takes few clients, which is its nature, from one that fails.

    A load generator that was late makes a run void, but is no fault of the server.
    """
    run.void_reason = "; ".join(report["void_reasons"]) or None
    wrong_bytes = run.mismatches or run.surplus_bytes or run.swapped
    takes_one = step.contender.one_client_at_a_time
    # A silent or a rude client, too, can be the only one that a server takes.
    beside = step.workload.idle or step.workload.has_rude_clients
    has_served = run.clients_served or takes_one or beside
    if run.clients_served < run.clients and has_served and not wrong_bytes:
        run.void = True
        run.void_reason = served_note(run, takes_one)
        if step.workload.has_rude_clients and not takes_one:
            run.void_reason += " beside rude ones"
    elif run.generator_late and len(report["void_reasons"]) == 1:
        run.void_reason = lateness_note(run)
    elif run.void or wrong_bytes:
        _fail(run, run.void_reason or "the echoed bytes differ")


def served_note(run: Run, one_client_at_a_time: bool) -> str:
    """Returns how many clients the server took, in the words that the table shows."""
    if one_client_at_a_time or run.clients_served == 1:
        return "one client at a time"
    return f"served {run.clients_served} of {run.clients}"


def lateness_note(run: Run) -> str:
    """Returns that the load generator was the slow one, in the words that the table shows."""
    lag = quantities.duration(run.schedule_lag_p99_us)
    return f"generator {lag} late"


def _note_exit(run: Run, contender: Contender, server: ServerProcess) -> None:
    run.server_exit_status = server.exit_status
    if run.failed or not contender.is_model:
        return  # other people's servers may end as they like
    if server.killed:
        _fail(run, "did not end when asked by SIGTERM")
    elif server.exit_status != 0:
        _fail(run, f"ended with exit status {server.exit_status} when asked by SIGTERM")


def _note_disturbance(run: Run, watch: Watch) -> None:
    run.calibration_ratio = watch.calibration.ratio
    known = run.server_cpu_seconds is not None and not run.server_cpu_is_lower_bound
    used = (run.server_cpu_seconds or 0.0) + (run.client_cpu_seconds or 0.0)
    run.disturbed_reason = watch.trouble(used if known else None)
    run.disturbed = run.disturbed_reason is not None


def _fail(run: Run, reason: str) -> None:
    run.void = run.failed = True
    run.void_reason = reason
