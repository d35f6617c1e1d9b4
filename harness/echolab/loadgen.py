"""Runs the load generator and reads its report."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from echolab.errors import LabError
from echolab.spawning import spawn
from echolab.workloads import Workload

SPARE_SECONDS = 30.0  # beyond what the workload itself takes: a loaded machine
CONNECT_SECONDS = 0.02  # a connection for which the server forks, on such a machine


MILESTONES = ("opened\n", "driven\n")


def run_loadgen(
    program: Path,
    host: str,
    port: int,
    workload: Workload,
    clients: int,
    at_milestone: Callable[[], None],
    core: int | None = None,
) -> dict:
    """Loads the server at `host`:`port` and returns the report; raises LabError if there is none.

    Calls `at_milestone` when all connections are open, and again when all requests were answered
    and nothing is closed yet. Meanwhile the generator waits. One that does not end by itself, long
    after it should have, is killed. With `core` it stays on that processor.
    """
    process = spawn(
        [str(program), f"--host={host}", f"--port={port}", "--json", "--observed"]
        + workload.loadgen_options(clients),
        core=core,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seconds = deadline_seconds(workload, clients)
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    with process:
        try:
            output = _converse(process, at_milestone)
            errors = process.stderr.read()
            exit_status = process.wait()
        finally:
            process.kill()
            watchdog.cancel()
    if exit_status == -signal.SIGKILL:
        raise LabError(f"the load generator did not end within {seconds:g} s")
    return _report(output, errors, exit_status)


def _converse(process: subprocess.Popen, at_milestone: Callable[[], None]) -> str:
    """Answers every milestone that the generator prints; returns all else."""
    output = ""
    for line in process.stdout:
        if line not in MILESTONES:
            output += line
            continue
        at_milestone()
        process.stdin.write("\n")
        process.stdin.flush()
    return output


def deadline_seconds(workload: Workload, clients: int) -> float:
    """Returns after how long the load generator is not waited for any more."""
    connecting = (clients + workload.idle) * CONNECT_SECONDS
    load = 4 * workload.patience + workload.warmup + (workload.duration or 0)
    return SPARE_SECONDS + connecting + load


def _report(output: str, errors: str, exit_status: int) -> dict[str, Any]:
    complaint = (errors.strip() or "it printed nothing").splitlines()[0]
    try:
        report = json.loads(output)
    except ValueError:
        raise LabError(
            f"the load generator gave no report (exit status {exit_status}): {complaint}"
        ) from None
    report["exit_status"] = exit_status
    return report
