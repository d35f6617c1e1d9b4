"""The comparison as a whole: real servers, real load, the command line."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from conftest import THREADING_SERVER

from echolab import proc
from echolab import results as results_module
from echolab.compare import Plan, hold_against
from echolab.models import MODELS, ROOT
from echolab.runs import Run
from echolab.waiting import wait_until
from echolab.workloads import Workload

SOCAT = "socat=socat TCP-LISTEN:{port},bind={host},fork,reuseaddr PIPE"
LIAR = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    for honest in [{honest_first}] + 1000 * [False]:
        client, _ = listener.accept()
        while data := client.recv(65536):
            client.sendall(data if honest else bytes(len(data)))
"""
PATIENCE_SECONDS = 120.0
LONG_COMPARISON = [sys.executable, "-m", "echolab", "compare", "--rounds", "1000"]
CHEATS = {
    "garbage": "bytes(len(data))",
    "early": "data + data",  # the second before it was asked for
    "forgetful": "data[:-64] if is_due(len(data)) else data",  # drops 1 message in 10,000
}
CHEAT = """
    import socketserver, sys

    seen = 0

    def is_due(count):
        global seen
        seen += count
        return seen % 640_000 < count

    class Echo(socketserver.BaseRequestHandler):
        honest = True  # to the first client, which only looks whether there is an echo

        def handle(self):
            honest, Echo.honest = Echo.honest, False
            while data := self.request.recv(65536):
                self.request.sendall(data if honest else {answer})

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    Server(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""
DYING = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    client, _ = listener.accept()
    while data := client.recv(65536):
        client.sendall(data)
    listener.accept()
    sys.exit("enough")
"""
RUDE = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    client, _ = listener.accept()
    while data := client.recv(65536):
        client.sendall(data)
    while True:
        listener.accept()[0].close()
"""


@pytest.fixture
def compare(programs, lab, tiny, tmp_path):
    """Runs a short comparison; returns the exit status, the output, and the result."""

    def run(*arguments: str, workload: str = tiny):
        file = tmp_path / "result.json"
        options = ["--rounds", "1", "--workload", workload, "--json", str(file)]
        status, output, errors = lab("compare", *options, *arguments)
        return status, output + errors, json.loads(file.read_text())

    return run


def command(script, text: str, name: str) -> str:
    python, path = script(text, f"{name}.py")
    return f"{name}={python} {path} {{port}}"


def test_socat_and_a_python_server_are_compared_beside_the_models(compare, script):
    threading = command(script, THREADING_SERVER, "python-threading")
    status, output, result = compare("--server", SOCAT, "--server", threading)
    assert status == 0, output
    runs = {run["server"]: run for run in result["runs"]}
    everybody = [*MODELS, "socat", "python-threading"]
    assert sorted(runs) == sorted(everybody)
    assert [entry["server"] for entry in result["summary"]] == everybody
    for name, run in runs.items():
        assert run["mismatches"] == 0
        assert run["void"] == (name == "iterative"), run["void_reason"]
        assert name in output


def test_the_service_time_is_passed_on_and_told(compare):
    options = ("--service-time", "5ms", "--service-work", "sleep")
    status, output, result = compare("select", *options)
    assert status == 0, output
    told = "The models ran with --service-time 5ms --service-work sleep."
    assert told in " ".join(output.split())
    assert result["environment"]["server_options"] == list(options)
    # No answer can be quicker than what its message costs.
    assert result["runs"][0]["p50_us"] >= 5000


@pytest.fixture
def here(programs, monkeypatch, tmp_path) -> Path:
    """A directory of programs, to be furnished by the test, with the load generator in it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "loadgen").symlink_to(programs / "loadgen")
    monkeypatch.setenv("ECHOLAB_BIN", str(directory))
    return directory


def test_a_program_that_is_left_out_here_is_named_and_the_others_are_compared(
    programs, here, compare
):
    (here / "poll_server").symlink_to(programs / "poll_server")
    info = json.loads((programs / "build_info.json").read_text())
    info["left_out"] = {"select_server": "no such luck"}
    (here / "build_info.json").write_text(json.dumps(info))
    status, output, result = compare("select", "poll")
    assert status == 0
    assert "lab: select is left out here: no such luck" in output
    assert [run["server"] for run in result["runs"]] == ["poll"]


def test_a_model_that_cannot_run_here_says_why_and_fails_nothing(here, compare):
    server = here / "poll_server"
    server.write_text("#!/bin/sh\necho 'poll: cannot run here: too old' >&2\nexit 3\n")
    server.chmod(0o755)
    status, output, result = compare("poll")
    assert status == 0
    assert "poll: cannot run here: too old" in output
    assert not result["runs"][0]["failed"]


def test_what_was_measured_is_plausible(compare):
    _, _, result = compare("thread-per-client", "fork-per-client")
    threads, fork = sorted(result["runs"], key=lambda run: run["server"], reverse=True)
    assert threads["threads"] >= 1 + 4 and threads["processes"] == 1
    assert fork["processes"] >= 1 + 4
    for run in (threads, fork):
        assert run["clients_served"] == 4
        assert 0 < run["echoes"] <= run["total_echoes"]
        assert 0 < run["p50_us"] <= run["p99_us"] <= run["max_us"]
        assert run["server_cpu_seconds"] > 0
        assert run["context_switches"] > 0
        assert run["peak_rss_bytes"] >= run["peak_pss_bytes"] > 0
        assert run["server_exit_status"] == 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_pinned_sides_have_a_processor_each(compare):
    status, output, result = compare("select", "--pin")
    assert status == 0, output
    pinning = result["environment"]["pinning"]
    assert pinning["server"] != pinning["load_generator"]


def test_iterative_says_one_client_at_a_time_and_fails_nothing(compare):
    status, output, result = compare("iterative")
    assert status == 0
    assert "one client at a time" in output
    (run,) = result["runs"]
    assert run["void"] and not run["failed"]


def test_a_server_that_stops_echoing_is_void_and_fails_the_comparison(compare, script):
    liar = command(script, LIAR.format(honest_first=True), "liar")
    status, output, result = compare("liar", "--server", liar)
    assert status == 1
    (run,) = result["runs"]
    assert run["void"] and run["failed"] and run["mismatches"] > 0
    assert "FAILED in tiny (4): liar" in output


def test_servers_that_cheat_are_void_and_never_fast(compare, script, tmp_path):
    workload = tmp_path / "many.toml"
    workload.write_text(
        'name = "many"\nclients = 4\nrequests = 20000\ndepth = 16\npatience = 1.5\n'
    )
    cheats = [command(script, CHEAT.format(answer=CHEATS[name]), name) for name in CHEATS]
    servers = [word for cheat in cheats for word in ("--server", cheat)]
    status, output, result = compare("poll", *CHEATS, *servers, workload=str(workload))
    assert status == 1
    runs = {run["server"]: run for run in result["runs"]}
    assert not runs.pop("poll")["void"], output
    assert runs.keys() == CHEATS.keys()
    for name, run in runs.items():
        assert run["void"] and run["failed"], name
        assert f"{name}  failed" in re.sub(" {2,}", "  ", output)
    (ranking,) = result["rankings"]
    reasons = {one["server"]: one["reason"] for one in ranking["unranked"]}
    assert all(reasons[name].startswith("void: ") for name in CHEATS)
    assert not {one["server"] for one in ranking["ranked"]} & CHEATS.keys()


def test_a_server_that_never_echoes_is_not_even_measured(compare, script):
    liar = command(script, LIAR.format(honest_first=False), "liar")
    status, output, result = compare("liar", "poll", "--server", liar)
    assert status == 1
    assert "liar: does not echo: byte 1 was sent as 0x01 and came back as 0x00" in output
    assert {run["server"]: run["void"] for run in result["runs"]} == {"poll": False, "liar": True}


def test_a_server_that_does_not_start_is_reported_with_its_stderr(compare):
    broken = "broken=sh -c 'echo the stove is on fire >&2; exit 3' {port}"
    status, output, result = compare("broken", "poll", "--server", broken)
    assert status == 1
    assert "(exit status 3): the stove is on fire" in output
    failed = {run["server"]: run["failed"] for run in result["runs"]}
    assert failed == {"poll": False, "broken": True}


def test_a_server_that_dies_under_load_is_reported(compare, script):
    status, output, _ = compare("dying", "--server", command(script, DYING, "dying"))
    assert status == 1
    assert "dying: died under load (exit status 1): enough" in output


def test_a_server_that_serves_nobody_under_load_fails_the_comparison(compare, script):
    rude = command(script, RUDE, "rude")
    status, _, result = compare("rude", "--server", rude)
    assert status == 1
    assert result["runs"][0]["failed"] and result["runs"][0]["clients_served"] == 0


def test_a_server_with_room_for_few_says_how_many_it_served(compare, programs):
    program = programs / MODELS["poll"].program
    small = f"small={program} --port {{port}} --max-clients 2 --quiet"
    status, output, result = compare("small", "--server", small)
    assert status == 0
    assert "served 2 of 4" in output
    assert result["runs"][0]["void_reason"] == "served 2 of 4"


def test_a_comparison_leaves_a_report_beside_its_json_and_where_it_was_asked_for(
    compare, results, tmp_path
):
    asked_for = tmp_path / "reports" / "tiny.html"
    _, output, _ = compare("select", "--report", str(asked_for))
    (kept,) = results.glob("*.html")
    assert f"Report: {kept}\n" in output and kept.with_suffix(".json").exists()
    assert asked_for.read_text() == kept.read_text()


def test_the_order_of_a_seed_is_the_order_of_the_runs(compare):
    orders = [
        [run["server"] for run in compare("select", "poll", "epoll", "--seed", "3")[2]["runs"]]
        for _ in range(2)
    ]
    assert orders[0] == orders[1]


def test_one_round_is_said_to_prove_nothing(compare):
    _, output, result = compare("select", "poll")
    assert "Nothing is ranked, and nothing concluded: that takes 5 rounds" in output
    assert result["findings"] == []


def test_a_baseline_is_held_against_the_new_figures(compare, lab, tiny, tmp_path):
    before = tmp_path / "before.json"
    _, _, result = compare("poll", "--rounds", "5")
    for run in result["runs"]:
        run["disturbed"] = False
        run["server_cpu_seconds_per_million_echoes"] /= 100
    before.write_text(json.dumps(result))
    status, output, _ = compare("poll", "--baseline", str(before), "--fail-if-worse", "10%")
    assert "since the baseline" in output
    # One round, perhaps a disturbed one: of that nothing can be said.
    assert status == 0 and "poll (now too few rounds: 1 of the 5 that a rank needs)" in output


def test_a_server_that_is_surely_worse_fails_the_comparison(tmp_path):
    before = result_of(costs=[1.0, 1.01, 0.99, 1.0, 1.02])
    now = result_of(costs=[2.0, 2.02, 1.97, 2.0, 2.04])
    how = Plan(rounds=5, baseline=tmp_path / "before.json", fail_if_worse=0.1)
    (line,) = hold_against(before, now, how)
    assert line.startswith("poll in busy (10) is worse than 10 %: by 9")
    assert now["baseline"]["changes"][0]["verdict"] == "worse"
    assert hold_against(before, result_of(costs=[1.0, 1.1, 1.0, 1.05, 1.02]), how) == []


def result_of(costs: list[float]) -> dict:
    workload = Workload("busy", clients=(10,))
    runs = [
        Run("poll", "busy", i, 10, server_cpu_seconds_per_million_echoes=cost)
        for i, cost in enumerate(costs)
    ]
    surroundings = {"server_options": [], "date": "2026-11-21", "commit": None}
    return results_module.document(surroundings, [workload], runs)


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--fail-if-worse", "10%"], "worse than what? Give a --baseline FILE, too"),
        (["--fail-if-worse", "ten"], "'ten' is not a percentage such as 10%"),
        (["--baseline", "/nowhere.json"], "/nowhere.json"),
    ],
)
def test_what_cannot_be_held_against_anything_is_bad_usage(lab, arguments, complaint):
    status, _, errors = lab("compare", "poll", *arguments)
    assert status == 2
    assert complaint in errors and errors.count("\n") == 1


@pytest.fixture
def company(tmp_path):
    """A workload file with rude clients beside four others, in a closed loop: nobody is late."""
    path = tmp_path / "company.toml"
    path.write_text(
        'name = "company"\ndescription = "rude"\nclients = 4\nduration = "100ms"\n'
        'warmup = "50ms"\npatience = 1.5\nslow_readers = 1\ndribble = 1\n'
        'resets_per_second = 100\ncompared_with = "tiny"\n'
    )
    return str(path)


def test_rude_clients_are_set_beside_the_same_without_them(compare, company, tiny):
    options = ("poll", "iterative", "--workload", tiny)
    status, output, result = compare(*options, workload=company)
    assert status == 0, output
    entries = [entry for entry in result["summary"] if entry["workload"] == "company"]
    isolation = {entry["server"]: entry["isolation"] for entry in entries}
    assert isolation["poll"]["median"] > 0 and isolation["iterative"] is None
    assert "isolation" in output


def test_a_pool_whose_places_rude_clients_hold_says_so(compare, company, tiny):
    options = ("thread-pool --workers 4", "--workload", tiny)
    status, output, result = compare(*options, workload=company)
    assert status == 0, output
    reasons = {run["workload"]: run["void_reason"] for run in result["runs"]}
    assert reasons == {"tiny": None, "company": "served 2 of 4 beside rude ones"}


def test_an_interrupted_comparison_leaves_no_process_and_keeps_its_part(driver, results):
    process, mark = driver("select", "poll")
    reported = [process.stderr.readline()]  # one run is done, another under way
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, errors
    assert not marked(mark)
    reported += [line for line in errors.splitlines() if line.startswith("round ")]
    (kept,) = results.glob("*.json")
    runs = json.loads(kept.read_text())["runs"]
    assert len(runs) - len(reported) in (0, 1)  # the last may be kept, and not yet reported
    assert all(run["server"] in output for run in runs) and str(kept) in output


def test_a_second_interruption_does_not_break_off_the_cleaning_up(driver):
    process, mark = driver("fork-per-client")
    assert wait_until(lambda: len(marked(mark)) > 1, PATIENCE_SECONDS)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert not marked(mark)


def test_a_killed_driver_takes_its_servers_along(driver):
    process, mark = driver("fork-per-client")
    assert wait_until(lambda: len(marked(mark)) > 2, PATIENCE_SECONDS)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not marked(mark), PATIENCE_SECONDS)


@pytest.fixture
def driver(programs, tmp_path):
    """Starts a comparison that nobody sees the end of, as a process.

    Returns the process and the mark that its children inherit.
    """
    workload = tmp_path / "long.toml"
    workload.write_text('name = "long"\nclients = 4\nduration = "1s"\n')
    processes = []

    def start(*arguments: str) -> tuple[subprocess.Popen, str]:
        mark = uuid.uuid4().hex
        environment = {**os.environ, "ECHOLAB_TEST": mark, "PYTHONPATH": str(ROOT / "harness")}
        process = subprocess.Popen(
            [*LONG_COMPARISON, "--workload", str(workload), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process, f"ECHOLAB_TEST={mark}"

    yield start
    for process in processes:
        process.kill()


def marked(mark: str) -> list[int]:
    return [pid for pid in proc.process_table() if proc.has_environment(pid, mark)]
