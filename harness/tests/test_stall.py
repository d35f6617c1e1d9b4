"""A server that stops for a while: the open loop sees it, the closed loop does not."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from echolab.contenders import contender_of_model
from echolab.server_process import ServerProcess
from echolab.waiting import wait_until

STALL_SECONDS = 0.2
STALLED_US = 160_000  # a request that was due in the first 40 ms of the stall waits longer: 4 % of those of a second
CLIENTS = 10
ATTEMPTS = 20


@pytest.fixture
def server(programs):
    with contender_of_model("epoll", programs).process() as process:
        yield process


def is_stopped(pid: int) -> bool:
    """Tells whether a process is stopped by a signal: proc(5), /proc/PID/stat, state."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def stall(server: ServerProcess) -> None:
    """Stops the server's process for STALL_SECONDS: that is the fault, not a wait for something."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        assert wait_until(lambda: is_stopped(server.pid), 60)
        time.sleep(STALL_SECONDS)
    finally:
        os.kill(server.pid, signal.SIGCONT)


def loaded_with_a_stall(
    programs: Path, server: ServerProcess, *options: str
) -> subprocess.CompletedProcess:
    """Runs the load generator for a second; the stall begins with its window."""
    command = [programs / "loadgen", f"--port={server.port}", f"--clients={CLIENTS}"]
    window = ["--duration=1s", "--warmup=0", "--patience=30s", "--observed"]
    with subprocess.Popen(
        [*command, *window, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "opened\n"
            process.stdin.write("\n")
            process.stdin.flush()
            stall(server)
            output, _ = process.communicate("\n", timeout=60)
        finally:
            process.kill()
    return subprocess.CompletedProcess(command, process.returncode, output.replace("driven\n", ""))


def longest_but_for(file: Path, excluded: int) -> float:
    """Returns the latency that all requests but so many kept, in the file that --hgrm wrote."""
    rows = re.findall(r"^ *([\d.]+) ([\d.]+) +(\d+)", file.read_text(), re.MULTILINE)
    requests = int(rows[-1][2])
    kept = [float(value) for value, share, _ in rows if float(share) <= 1 - excluded / requests]
    return max(kept)


def test_the_open_loop_sees_a_stall(programs, server):
    for _ in range(ATTEMPTS):
        run = loaded_with_a_stall(programs, server, "--rate=1000", "--json")
        report = json.loads(run.stdout)
        if not report["generator_late"]:  # a machine too busy for the generator: once more
            break
    assert not report["void"], report["void_reasons"]
    assert report["offered"] == 1000 and report["owed"] == 0
    assert report["p99_us"] > STALLED_US


def test_the_closed_loop_is_blind_to_a_stall_and_says_so(programs, server, tmp_path):
    file = tmp_path / "latency.hgrm"
    for _ in range(ATTEMPTS):
        run = loaded_with_a_stall(programs, server, f"--hgrm={file}")
        assert run.returncode == 0, run.stdout
        if longest_but_for(file, excluded=CLIENTS) < STALLED_US:
            break  # else the machine stalled as well: once more
    # Each client was waiting for one answer; what it would have asked meanwhile is missing.
    assert longest_but_for(file, excluded=CLIENTS) < STALLED_US
    assert longest_but_for(file, excluded=0) > STALLED_US
    assert "closed loop  blind to stalls" in run.stdout
