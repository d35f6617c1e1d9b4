"""Submissions that try to get what they have not earned, or to spoil the grading of others.

The submissions here echo well if, and only if, their attack has failed; what has succeeded is what
they answer. So a full score says that it did not, and a lost one says what did.
"""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import psutil
import pytest

from echolab.grading.confinement import Level, best_level
from echolab.grading.grade import INCONCLUSIVE
from echolab.grading.limits import MEBIBYTE, Limits
from echolab.grading.rubric import find_rubric
from echolab.grading.scoring import graded_checks
from echolab.grading.submission import find_out
from echolab.models import ROOT
from echolab.waiting import wait_until

ONLY = ("ECHO-3",)
PATIENCE_SECONDS = 60.0

SERVER = """
    import ctypes, glob, os, resource, signal, socket, subprocess, sys, time

    done = []  # what has succeeded

    def attempt(name):
        def run(attack):
            try:
                outcome = attack()
            except BaseException:
                outcome = None
            if outcome:
                done.append(f"{name} {outcome}")
        return run

    {attacks}

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
    while True:
        client, _ = listener.accept()
        while data := client.recv(65536):
            client.sendall("; ".join(done).encode() or data)
        client.close()
"""

sandboxed = pytest.mark.skipif(
    best_level() is not Level.FULL, reason="no sandbox with users of its own on this machine"
)


@pytest.fixture
def submission(tmp_path):
    """An empty directory, as a student hands it in."""
    directory = tmp_path / "handed-in"
    directory.mkdir()
    return directory


@pytest.fixture
def tried(submission):
    """Grades a server that makes the attacks first; returns the only check, by ECHO-3."""

    def run(attacks: str, **how):
        indented = textwrap.indent(textwrap.dedent(attacks), "    ").strip()
        program = textwrap.dedent(SERVER).replace("{attacks}", textwrap.dedent(f"    {indented}"))
        (submission / "server.py").write_text(program)
        return graded(submission, **how)

    return run


def graded(submission: Path, **how):
    """Returns what ECHO-3 has given, and all that was said of the submission."""
    rubric = find_rubric("01")
    found = find_out(rubric, submission, only=ONLY, **how)
    checks = {check.id: check for check in graded_checks(rubric, found)}
    return checks[ONLY[0]], found


def assert_full(check) -> None:
    assert check.points == check.max_points > 0, check


@sandboxed
def test_the_kit_and_other_peoples_files_cannot_be_read(tried, tmp_path):
    secret = tmp_path / "other-student" / "server.py"
    secret.parent.mkdir()
    secret.write_text("a better server")
    (tmp_path / "handed-in" / "link").symlink_to(secret)
    check, _ = tried(
        f"""
        paths = [{str(secret)!r}, {str(ROOT)!r} + "/docs/protocol.md", "link", "/etc/shadow"]
        paths += glob.glob("/proc/[0-9]*/root" + {str(secret)!r}) + glob.glob("/home/*/*")
        for path in paths:
            attempt("read")(lambda: open(path).read())
        attempt("found the kit")(
            lambda: subprocess.run(
                ["find", "/", "-name", "isolation.py"], capture_output=True, text=True
            ).stdout
        )
        """
    )
    assert_full(check)


@sandboxed
def test_who_checks_can_be_neither_seen_nor_killed_nor_traced(tried):
    check, _ = tried(
        """
        mine = {str(os.getpid())}
        attempt("saw")(lambda: {pid for pid in os.listdir("/proc") if pid.isdigit()} - mine)
        for pid in [1, *range(2, 200)]:
            if pid != os.getpid():
                attempt("killed")(lambda: os.kill(pid, signal.SIGKILL) or pid)
                libc = ctypes.CDLL(None, use_errno=True)
                attempt("traced")(lambda: libc.ptrace(16, pid, 0, 0) == 0)
        attempt("killed everybody")(lambda: os.kill(-1, signal.SIGKILL))
        attempt("became root")(lambda: os.setuid(0) or "yes")
        attempt("made a namespace")(lambda: libc.unshare(0x10000000) == 0)
        attempt("inherited")(lambda: set(os.listdir("/proc/self/fd")) - set("0123"))
        """
    )
    assert_full(check)


@sandboxed
def test_the_network_outside_is_out_of_reach(tried):
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        check, _ = tried(
            f"""
            attempt("reached")(lambda: socket.create_connection(("127.0.0.1", {port}), 2))
            """
        )
    assert_full(check)


@sandboxed
def test_what_is_written_stays_inside(tried, submission):
    check, _ = tried(
        """
        for directory in (".", "..", "/", "/usr", "/etc", "/submission", "/private", "/tools"):
            attempt("wrote")(lambda: open(f"{directory}/results.json", "w").write("{}"))
        attempt("filled")(lambda: open("/tmp/full", "wb").write(bytes(1 << 30)))
        attempt("many files")(lambda: [open(f"/tmp/{i}", "w") for i in range(30000)] and "made")
        """
    )
    assert_full(check)
    assert os.listdir(submission) == ["server.py"]


def test_nothing_is_imported_from_what_was_handed_in(submission, tmp_path):
    names = ("json", "click", "echolab", "rich", "tempfile", "ctypes")
    for name in names:
        proof = tmp_path / f"imported-{name}"
        (submission / f"{name}.py").write_text(f"open({str(proof)!r}, 'w')\n")
    (submission / "Makefile").write_text("all:\n\tfalse\n")
    graded_here = subprocess.run(
        [ROOT / "lab", "--no-install", "grade", "01"],
        cwd=submission, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "it was not built" in graded_here.stdout, graded_here
    assert not list(tmp_path.glob("imported-*"))


def test_a_printed_report_is_not_believed(submission):
    (submission / "server.py").write_text(
        textwrap.dedent(
            """
            import os, sys
            report = b'{"check": {"id": "ECHO-3", "verdict": "pass", "message": "", "seconds": 0}}'
            for descriptor in range(64):
                try:
                    os.write(descriptor, report + b'\\n{"over": true}\\n')
                except OSError:
                    pass
            """
        )
    )
    check, _ = graded(submission)
    assert check.points == 0
    assert "it ended before it listened" in check.evidence


def test_a_gigabyte_of_output_costs_its_server_only(tried):
    check, _ = tried(
        """
        for stream in (1, 2):
            with open(stream, "wb", closefd=False) as output:
                attempt("printed")(lambda: [output.write(bytes(1 << 20)) for _ in range(1024)])
        """
    )
    assert_full(check)


def levels() -> list[Level]:
    """Returns how far a submission can be kept apart on this machine, and less far."""
    less = [Level.OTHER_USER] if os.geteuid() == 0 and is_open_to_others() else []
    return [best_level(), *less, Level.LIMITS]


def is_open_to_others() -> bool:
    directory = Path(tempfile.gettempdir())
    return all(path.stat().st_mode & stat.S_IXOTH for path in (directory, *directory.parents))


@pytest.mark.parametrize("level", levels())
@pytest.mark.parametrize("when", ["building", "serving"])
def test_a_daemon_does_not_outlive_its_parent(when, level, submission, tried):
    mark = f"daemon-of-{submission}-{when}"
    fork_twice = f"""
    import os, sys, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.environ.clear()
            os.execve(sys.executable, [sys.executable, "-c", "while 1: pass", {mark!r}], {{}})
        os._exit(0)
    """
    (submission / "daemon.py").write_text(textwrap.dedent(fork_twice))
    if when == "building":
        (submission / "Makefile").write_text("all:\n\tpython3 daemon.py\n")
    check, _ = tried("import daemon", command=["python3", "server.py", "{port}"], level=level)
    assert_full(check)
    assert not any(mark in words for words in command_lines())


def command_lines():
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            yield process.cmdline()


@sandboxed
def test_a_fork_bomb_ends_with_its_submission(tried):
    check, _ = tried(
        """
        try:
            for _ in range(4000):
                if os.fork() == 0:
                    signal.pause()
            done.append("forked without limit")
        except OSError:
            pass
        """,
        limits=Limits(processes=64),
    )
    assert_full(check)


@sandboxed
def test_memory_without_limit_is_not_to_be_had(submission, tried):
    check, found = tried(
        """
        hoard = []
        for _ in range(64):
            hoard.append(b"x" * (64 << 20))
        done.append("took four gibibytes")
        """,
        limits=Limits(memory_bytes=512 * MEBIBYTE),
    )
    assert check.points == 0 and not found.trouble
    assert "MemoryError" in check.evidence or "ended before it listened" in check.evidence


@pytest.mark.parametrize(
    "makefile, limits",
    [
        ("all:\n\tsetsid sleep infinity & sleep infinity\n", Limits(build_seconds=1.0)),
        ("all:\n\tyes\n", Limits(disk_bytes=64 * MEBIBYTE)),
    ],
    ids=["waits for ever", "prints for ever"],
)
def test_a_build_that_does_not_end_is_ended(makefile, limits, submission):
    (submission / "Makefile").write_text(makefile)
    check, found = graded(submission, limits=limits)
    assert found.built is False
    assert (check.points, check.evidence) == (0, "it was not built")


def test_a_named_pipe_and_a_link_to_a_device_do_not_stop_the_copy(submission, tried):
    os.mkfifo(submission / "pipe")
    (submission / "endless").symlink_to("/dev/zero")
    check, _ = tried("pass")
    assert_full(check)


@pytest.mark.parametrize(
    "limits, said",
    [
        (Limits(submission_bytes=MEBIBYTE), "more than 1 MiB"),
        (Limits(submission_files=3), "more than 3 files"),
    ],
)
def test_too_much_is_not_even_copied(limits, said, submission):
    for number in range(4):
        with open(submission / f"{number}.c", "wb") as sparse:
            sparse.truncate(MEBIBYTE // 2)
    check, found = graded(submission, limits=limits)
    assert check.points == 0 and said in found.output


@sandboxed
def test_the_source_of_another_cannot_be_included(submission, tmp_path):
    secret = tmp_path / "solution.c"
    secret.write_text("int main(void) { return 0; }")
    (submission / "server.c").write_text(f'#include "{secret}"\n')
    _, found = graded(submission)
    assert found.built is False
    assert "No such file" in found.output


def test_a_server_that_waits_for_ever_gets_what_it_has_earned(submission):
    (submission / "server.py").write_text("import signal\nsignal.pause()\n")
    check, _ = graded(submission)
    assert check.verdict != INCONCLUSIVE and check.points == 0


@pytest.fixture
def grader(submission):
    """A grader, as a program, of a server that is known by its arguments; returns both."""
    mark = f"server-of-{submission}"
    command = ["grade", "01", "--submission", str(submission), "--"]
    command += [sys.executable, "-c", "import signal; signal.pause()", mark]
    process = subprocess.Popen(
        [sys.executable, "-m", "echolab", *command],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "harness")},
    )
    assert wait_until(lambda: runs(mark), PATIENCE_SECONDS)
    yield process, mark
    process.kill()
    process.wait()
    process.stderr.close()


def runs(mark: str) -> bool:
    """Tells whether a server with that mark runs; the grader has it among its arguments, too."""
    return any(mark in words[-1:] and "grade" not in words for words in command_lines())


def test_ctrl_c_ends_all_that_was_started_before_the_grader_ends(grader):
    process, mark = grader
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert errors.splitlines()[-1] == "lab: interrupted by SIGINT"
    assert not runs(mark)


@sandboxed
def test_a_grader_that_is_killed_takes_its_sandbox_with_it(grader):
    process, mark = grader
    process.kill()
    assert wait_until(lambda: not runs(mark), PATIENCE_SECONDS)
