import os
import signal
import subprocess
import sys
import textwrap

from echolab import proc

NOBODY = 1 << 22  # no process has this id: proc(5), pid_max


def test_a_program_with_parentheses_in_its_name_is_read_rightly(tmp_path):
    odd_name = tmp_path / "a) R 1 (b"
    odd_name.symlink_to("/bin/sleep")
    with subprocess.Popen([str(odd_name), "60"]) as process:
        try:
            assert proc.read_stat(process.pid).parent == os.getpid()
        finally:
            process.kill()


def test_descendants_are_found_through_all_generations():
    command = ["sh", "-c", "sh -c 'sleep 60 & echo $! $$; wait' & wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as root:
        grandchild, child = map(int, root.stdout.readline().split())
        try:
            assert proc.descendants([root.pid, NOBODY]) == [root.pid, child, grandchild]
        finally:
            for pid in (root.pid, child, grandchild):
                os.kill(pid, signal.SIGKILL)


def test_more_children_than_fit_on_a_page_are_all_found():
    program = """
        import os, signal
        for _ in range(1300):
            os.fork() or signal.pause()
        print(flush=True)
        signal.pause()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as root:
        try:
            root.stdout.readline()
            assert len(proc.children(root.pid)) == 1300
        finally:
            os.killpg(root.pid, signal.SIGKILL)


def test_a_process_that_is_gone_is_no_error():
    process = subprocess.Popen(["true"])
    process.wait()
    assert proc.read_stat(process.pid) is None
    assert proc.cpu_seconds(process.pid) is None
    assert proc.read_status(process.pid) == {}
    assert proc.descriptor_count(process.pid) == 0
    assert proc.context_switches(process.pid) == 0
    assert proc.pss_bytes(process.pid) == 0


def test_the_environment_that_a_process_was_started_with_is_found():
    command = [sys.executable, "-c", "print(flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env={"A": "1"}, **pipes) as process:
        process.stdout.readline()
        assert proc.has_environment(process.pid, "A=1")
        assert not proc.has_environment(process.pid, "A=2")
        process.communicate(b"\n")


def test_sigchld_ignored_is_seen_in_the_status():
    assert proc.ignores_sigchld({"SigIgn": "0000000000010000"})
    assert not proc.ignores_sigchld({"SigIgn": "0000000000001000"})
