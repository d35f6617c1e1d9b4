"""System calls an echo: the arithmetic, and counts of real servers, which are exact."""

import json
from collections import Counter

import pytest

from echolab import syscalls, tracers
from echolab.errors import CannotRun
from echolab.syscalls import an_echo, more_requests

PERF = """\
# started on Sat Nov 21 19:50:21 2026

40,,raw_syscalls:sys_enter,655848,100.00,,
12,,syscalls:sys_enter_recvfrom,655848,100.00,,
11,,syscalls:sys_enter_sendto,655848,100.00,,
0,,syscalls:sys_enter_pselect6,655848,100.00,,
"""
STRACE = """\
    calls syscall
--------- ----------------
       12 recvfrom
       11 sendto
        7 close
--------- ----------------
       30 total
"""


def test_perf_counts_the_calls_that_it_does_not_know_by_name_among_the_others():
    assert tracers.parse_perf(PERF) == {"recvfrom": 12, "sendto": 11, "others": 17}


def test_strace_counts_every_call_by_name_and_its_total_is_none():
    assert tracers.parse_strace(STRACE) == {"recvfrom": 12, "sendto": 11, "close": 7}


def test_what_starting_and_connecting_takes_is_not_part_of_an_echo():
    few = Counter(recvfrom=110, sendto=100, execve=1, clone=10)
    many = Counter(recvfrom=1110, sendto=1100, execve=1, clone=10)
    assert an_echo(few, many, 1000) == {"recvfrom": 1.0, "sendto": 1.0}


def test_a_call_of_one_run_only_counts_too():
    assert an_echo(Counter(), Counter(epoll_wait=130), 1000) == {"epoll_wait": 0.13}


def test_less_than_what_is_shown_is_nothing():
    few, many = Counter(sendto=100, futex=3), Counter(sendto=1100, futex=1, read=4)
    assert list(an_echo(few, many, 1000)) == ["sendto"]


def test_the_most_frequent_calls_come_first():
    calls = an_echo(Counter(), Counter(epoll_wait=100, sendto=1000, recvfrom=999), 1000)
    assert list(calls) == ["recvfrom", "sendto", "epoll_wait"]


@pytest.mark.parametrize("rate, requests", [(10, 500), (1_000, 3_000), (100_000, 10_000)])
def test_a_slow_server_is_asked_less_and_never_too_little(rate, requests):
    assert more_requests(rate) == requests


def test_where_nothing_can_count_one_line_says_so(monkeypatch, lab, programs):
    absent = tracers.Tracer("absent", ("no-such-tracer", "--output"), tracers.parse_strace)
    monkeypatch.setattr(tracers, "TRACERS", (absent,))
    status, _, errors = lab("syscalls", "epoll")
    assert status == CannotRun.exit_status
    assert "apt-get install strace" in errors and errors.count("\n") == 1


@pytest.fixture
def counts(monkeypatch, programs, lab, tmp_path):
    """Counts with the given tracer; returns the exit status, the output, and the counts."""
    monkeypatch.setattr(syscalls, "MORE_REQUESTS", range(500, 501))

    def run(tracer: tracers.Tracer, *arguments: str) -> tuple[int, str, dict]:
        monkeypatch.setattr(tracers, "TRACERS", (tracer,))
        file = tmp_path / "calls.json"
        status, output, errors = lab("syscalls", "--json", str(file), *arguments)
        if status == CannotRun.exit_status:
            pytest.skip(errors)
        document = json.loads(file.read_text())
        return status, output + errors, {one["server"]: one for one in document["syscalls"]}

    return run


@pytest.mark.parametrize("tracer", tracers.TRACERS, ids=lambda tracer: tracer.name)
def test_a_blocking_server_receives_and_sends_once_an_echo_and_epoll_waits_once_too(
    counts, tracer
):
    status, output, found = counts(tracer, "fork-per-client", "epoll", "--clients", "1")
    assert status == 0, output
    once = {"recvfrom": 1, "sendto": 1}
    assert found["fork-per-client"]["calls_per_echo"] == pytest.approx(once, abs=0.01)
    assert found["fork-per-client"]["echoes"] == 500
    assert found["epoll"]["calls_per_echo"] == pytest.approx({"epoll_wait": 1, **once}, abs=0.01)
    assert "2.00  recvfrom 1.00, sendto 1.00" in output


# Counts nothing, and so needs no privilege.
TRANSPARENT = tracers.Tracer(
    "nothing", ("sh", "-c", 'shift 2; exec "$@"', "sh"), lambda _text: Counter(one=1)
)


def test_a_comparison_counts_them_as_well(monkeypatch, programs, lab, tiny, tmp_path):
    monkeypatch.setattr(syscalls, "MORE_REQUESTS", range(500, 501))
    monkeypatch.setattr(tracers, "TRACERS", (TRANSPARENT,))
    file = tmp_path / "compared.json"
    status, output, errors = lab(
        "compare", "epoll", "--workload", tiny, "--rounds", "1", "--syscalls", "--json", str(file)
    )
    assert status == 0, output + errors
    found = json.loads(file.read_text())["syscalls"]
    assert [(one["server"], one["clients"]) for one in found] == [("epoll", 1), ("epoll", 10)]
    assert "calls an echo" in output


def test_a_server_that_takes_one_client_says_so_and_fails_nothing(counts):
    status, output, found = counts(TRANSPARENT, "iterative", "--clients", "2")
    assert status == 0, output
    assert found["iterative"]["void_reason"] == "one client at a time"


def test_a_server_that_does_not_start_fails_the_command(counts):
    status, output, found = counts(TRANSPARENT, "broken", "--server", "broken=false {port}")
    assert status == 1, output
    assert found["broken"]["failed"] and "ended before it listened" in output
