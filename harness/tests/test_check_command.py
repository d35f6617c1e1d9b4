"""./lab check as its users see it: on servers of a few lines."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
import xml.etree.ElementTree as xml

import pytest
from check_servers import DIES_AT_ONCE, GOOD, LISTENS_ELSEWHERE, WAITS_FOR_A_NEWLINE

from echolab import proc
from echolab.check.registry import all_checks
from echolab.check.requirements import requirements
from echolab.models import ROOT
from echolab.server_process import ServerProcess, free_port
from echolab.waiting import wait_until


@pytest.fixture
def check(lab, script, tmp_path, monkeypatch):
    """Runs ./lab check, in an empty directory, on a Python program; returns what lab() does."""
    monkeypatch.chdir(tmp_path)

    def run(program: str, *options: str):
        return lab("check", *options, "--", *script(program), "{port}")

    return run


ONLY_SHORT = ("--only", "ECHO-3")


def test_a_good_server_conforms(check):
    status, output, _ = check(GOOD, "--only", "ECHO-1,ECHO-3")
    assert status == 0
    assert output.splitlines()[-1].startswith("conforming: ")


def test_a_failure_tells_what_was_done_and_found_and_why(check):
    status, output, _ = check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT)
    assert status == 1
    expected = [
        "ECHO-3 a short message is answered at once",
        "The server MUST answer what has arrived",
        "client 1 sends 5 bytes b'hello'",
        "68 65 6c 6c 6f",
        "wait-newline (certain)",
        "Ask yourself:",
        "not conforming",
    ]
    places = [output.find(text) for text in expected]
    assert -1 not in places, output
    assert places == sorted(places)


@pytest.mark.parametrize(
    "hints, told",
    [
        ("none", []),
        ("question", ["Ask yourself:"]),
        ("pointer", ["Ask yourself:", "Look at:"]),
        ("remedy", ["Ask yourself:", "Look at:", "Remedy:"]),
    ],
)
def test_hints_are_told_up_to_the_wished_tier(check, hints, told):
    _, output, _ = check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT, "--hints", hints)
    assert [hint for hint in ("Ask yourself:", "Look at:", "Remedy:") if hint in output] == told


def test_a_failure_can_be_replayed_with_plain_sockets(check, script, tmp_path):
    check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT)
    replay = tmp_path / "failure-ECHO-3.py"
    assert _replay(replay, script(WAITS_FOR_A_NEWLINE, "bad.py")).returncode == 1
    again = _replay(replay, script(GOOD, "good.py"))
    assert again.returncode == 0, again.stdout


def test_a_replay_without_a_server_says_so_in_one_line(check, tmp_path):
    check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT)
    command = [sys.executable, "-I", str(tmp_path / "failure-ECHO-3.py"), "127.0.0.1"]
    nobody = subprocess.run([*command, str(free_port())], capture_output=True, text=True)
    assert (nobody.returncode, nobody.stderr.count("\n")) == (1, 1)
    assert "Connection refused" in nobody.stderr
    assert subprocess.run(command, capture_output=True).returncode == 2


def _replay(replay, server_command) -> subprocess.CompletedProcess:
    port = free_port()
    with ServerProcess("server", [*server_command, str(port)], port=port):
        # As a student runs it: nothing of the kit on the path.
        command = [sys.executable, "-I", str(replay), "127.0.0.1", str(port)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_server_that_ends_at_once_is_told_so_with_its_words_escaped(check):
    status, output, _ = check(DIES_AT_ONCE, *ONLY_SHORT)
    assert status == 1
    assert "exit status 7" in output
    assert "\\x1b[31mno config" in output and "\x1b[31mno" not in output


def test_a_server_that_listens_elsewhere_is_told_where(check):
    status, output, _ = check(LISTENS_ELSEWHERE, *ONLY_SHORT)
    assert status == 1
    assert "and listens on" in output


def test_the_json_says_it_all(check, tmp_path):
    path = tmp_path / "check.json"
    check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT, "--json", str(path))
    report = json.loads(path.read_text())
    assert report["verdict"] == "not conforming"
    (result,) = report["checks"]
    assert (result["id"], result["verdict"], result["level"]) == ("ECHO-3", "fail", "MUST")
    assert result["evidence"]["released_by"] == "newline"
    first = report["diagnoses"][0]
    assert (first["bug"], first["confidence"]) == ("wait-newline", "certain")
    assert first["checks"] == ["ECHO-3"]
    assert set(first["hint"]) == {"question", "pointer", "remedy"}


def test_junit_has_a_case_a_check(check, tmp_path):
    path = tmp_path / "junit.xml"
    check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT, "--junit", str(path))
    suite = xml.parse(path).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert suite.find("testcase").get("name").startswith("ECHO-3 ")


def test_markdown_names_the_bug(check, tmp_path):
    path = tmp_path / "check.md"
    check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT, "--markdown", str(path))
    assert "**wait-newline**" in path.read_text()


def test_a_trace_is_a_timeline_a_check(check, tmp_path):
    check(GOOD, *ONLY_SHORT, "--trace", str(tmp_path / "trace"))
    timeline = (tmp_path / "trace" / "ECHO-3.txt").read_text()
    assert "68 65 6c 6c 6f" in timeline and "client 1 connects" in timeline


def test_what_is_known_to_fail_does_not_count(check, tmp_path):
    (tmp_path / "known").write_text("ECHO-3  # next week\n")
    status, output, _ = check(WAITS_FOR_A_NEWLINE, *ONLY_SHORT, "--known-failing", "known")
    assert status == 0, output
    assert "fail (known) ECHO-3" in output


def test_what_is_known_to_fail_and_passes_is_to_be_taken_off_the_list(check, tmp_path):
    (tmp_path / "known").write_text("ECHO-3\n")
    status, output, _ = check(GOOD, *ONLY_SHORT, "--known-failing", "known")
    assert status == 1
    assert "take it off the list" in output


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--only", "ECHO-99", "select"], "no check is called 'ECHO-99'"),
        (["--explain", "ECHO-99"], "unknown check 'ECHO-99'"),
        (["selct"], "unknown model 'selct': did you mean 'select'?"),
        ([], "name a model, or give a command"),
        (["--service", "ehco", "select"], "'ehco' is not one of"),
    ],
)
def test_bad_usage_is_one_line(lab, arguments, complaint):
    status, output, errors = lab("check", *arguments)
    assert (status, output) == (2, "")
    assert complaint in errors and errors.count("\n") == 1


@pytest.mark.parametrize(
    "command, complaint",
    [
        ("./no-such-server", "no such program"),
        ("./server.py", "it is not executable: chmod +x?"),
        ("./server", "it is a directory"),
    ],
)
def test_a_command_that_cannot_be_started_is_told_why(
    lab, tmp_path, monkeypatch, command, complaint
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "server.py").write_text(GOOD)
    (tmp_path / "server").mkdir()
    status, _, errors = lab("check", "--", command, "{port}")
    assert status == 3
    assert errors == f"lab: cannot start '{command}': {complaint}\n"


def test_a_full_disk_is_told_of_in_one_line(check):
    status, _, errors = check(GOOD, *ONLY_SHORT, "--json", "/dev/full")
    assert status == 1
    assert errors.splitlines()[-1] == "lab: cannot write the results: No space left on device"


def test_a_command_without_a_port_finds_it_in_the_environment(lab, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = GOOD.replace("import socketserver, sys", "import os, socketserver, sys")
    program = program.replace("sys.argv[1]", 'os.environ["PORT"]')
    status, output, _ = lab("check", *ONLY_SHORT, "--", *script(program))
    assert status == 0, output
    status, output, _ = lab("check", *ONLY_SHORT, "--", *script(DIES_AT_ONCE))
    assert re.search(r"the server is started, with PORT=\d+: ", output), "nobody else says so"


def test_a_program_that_is_handed_its_listening_socket_is_examined(check):
    program = """
        import os, socket

        assert (os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"]) == (str(os.getpid()), "1")
        listener = socket.socket(fileno=3)
        while True:
            client, _ = listener.accept()
            while data := client.recv(65536):
                client.sendall(data)
    """
    status, output, _ = check(program, *ONLY_SHORT, "--activate")
    assert status == 0, output


def test_a_program_that_talks_on_stdin_and_stdout_is_examined(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output, _ = lab("check", "--only", "ECHO-1,ECHO-3", "--inetd", "--", "cat")
    assert status == 0, output


def test_every_check_is_listed_and_explained(lab):
    status, listing, _ = lab("check", "--list")
    assert status == 0
    for check in all_checks():
        assert check.id in listing
        status, text, _ = lab("check", "--explain", check.id)
        assert status == 0 and check.requirement.text in text and check.how in text


def test_every_check_cites_a_requirement_and_says_what_it_does():
    for check in all_checks():
        assert check.requirement.number in requirements()
        assert len(check.how) > 20, check.id


def test_ctrl_c_leaves_no_process_behind(script, tmp_path):
    mark = uuid.uuid4().hex
    environment = {**os.environ, "ECHOLAB_TEST": mark, "PYTHONPATH": str(ROOT / "harness")}
    command = [sys.executable, "-m", "echolab", "check", "--", *script(GOOD), "{port}"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        started = wait_until(lambda: len(_marked(mark)) > 3, 60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert started
    assert process.returncode == 130, errors.decode()
    assert errors.decode().splitlines()[-1] == "lab: interrupted by SIGINT"
    assert _marked(mark) == []


def test_a_checker_that_is_killed_leaves_no_process_behind(script, tmp_path):
    mark = uuid.uuid4().hex
    environment = {**os.environ, "ECHOLAB_TEST": mark, "PYTHONPATH": str(ROOT / "harness")}
    command = [sys.executable, "-m", "echolab", "check", "--", *script(GOOD), "{port}"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        started = wait_until(lambda: len(_marked(mark)) > 3, 60)
        process.kill()
    assert started
    assert wait_until(lambda: _marked(mark) == [], 60)


def _marked(mark: str) -> list[int]:
    table = proc.process_table()
    return [pid for pid in table if proc.has_environment(pid, f"ECHOLAB_TEST={mark}")]
