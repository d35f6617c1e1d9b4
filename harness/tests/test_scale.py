"""What connections cost: the books of the kernel, the arithmetic, the limits, and real servers."""

import dataclasses
import json
import os
import resource

import pytest

from echolab import gauge, kernel_memory, limits, scale, scale_page, scale_tables, tables
from echolab.contenders import Contender
from echolab.gauge import Memory
from echolab.kernel_memory import Cache, Slab, parse_slabinfo
from echolab.limits import Room
from echolab.runs import Run
from echolab.scale import Point, forecast_obstacle, sizes

SLABINFO = """\
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables
TCP                  100    117   2000   13    8 : tunables    0    0    0 : slabdata 9 9 0
sock_inode_cache     200    285    800   19    4 : tunables    0    0    0 : slabdata 15 15 0
dentry             90000  90001    200   21    1 : tunables    0    0    0 : slabdata 9 9 0
ext4_inode_cache    5000   5000   1000   21    1 : tunables    0    0    0 : slabdata 9 9 0
"""
ROOMY = Room(memory_bytes=1 << 40, tasks=1e6, tasks_limit="kernel.threads-max")


def test_slabinfo_is_read_by_name_number_and_size():
    caches = parse_slabinfo(SLABINFO)
    assert caches["TCP"] == Cache(objects=100, object_bytes=2000)
    assert len(caches) == 4


def test_files_that_anybody_looks_at_are_no_memory_of_connections():
    slab = Slab(parse_slabinfo(SLABINFO), unreclaimable_bytes=0)
    # 100 TCP sockets, and 200 socket inodes with a directory entry each.
    assert slab.bytes() == 100 * 2000 + 200 * 800 + 200 * 200


def test_the_load_generators_end_is_one_of_each_object_of_a_socket():
    slab = Slab(parse_slabinfo(SLABINFO), unreclaimable_bytes=0)
    assert slab.client_end_bytes() == 2000 + 800 + 200


def test_without_root_the_slab_is_a_total_and_the_ends_cannot_be_told_apart():
    slab = Slab({}, unreclaimable_bytes=12345)
    assert (slab.source, slab.bytes(), slab.client_end_bytes()) == ("meminfo", 12345, None)


def test_the_slab_of_this_machine_can_be_read():
    assert kernel_memory.read_slab().bytes() > 0


def test_a_gauge_takes_off_what_there_was_before_and_the_load_generators_ends(monkeypatch):
    def slab(sockets: int) -> Slab:
        return Slab({"TCP": Cache(sockets, object_bytes=2000)}, unreclaimable_bytes=0)

    before, opened, driven = slab(50), slab(73), slab(72)
    monkeypatch.setattr(gauge, "_settled_slab", lambda: before)
    readings = iter([opened, driven])
    monkeypatch.setattr(gauge, "read_slab", lambda: next(readings))
    with gauge.Gauge(lambda: [os.getpid()], connections=10) as weighed:
        weighed.read()
        weighed.read()
    memory = weighed.memory
    assert memory.kernel_slab_both_ends_bytes == 22 * 2000
    assert memory.kernel_slab_bytes == 12 * 2000
    assert memory.kernel_slab_unrest_bytes == 2000
    assert memory.kernel_stack_bytes == weighed.usage.threads * 16384
    assert weighed.usage.processes == 1 and weighed.usage.cpu_seconds > 0


@pytest.mark.parametrize(
    "most, tried",
    [(10, [10]), (100, [10, 100]), (5000, [10, 100, 1000, 5000]), (15, [10, 15])],
)
def test_sizes_are_decades_and_the_most(most, tried):
    assert sizes(most) == tried


def point(connections: int, busy: int | None = None, **values) -> Point:
    busy = connections if busy is None else busy
    defaults = dict(memory=Memory(), threads=1, processes=1, descriptors=7 + connections)
    defaults |= dict(server_cpu_seconds_per_million_echoes=3.0, echoes=1000)
    return Point("some", connections, busy, **(defaults | values))


def threaded(connections: int, **memory) -> Point:
    """A server that takes 1 MB, and for each connection a thread, 13 kB and 4 kB besides."""
    sizes = dict(
        user_pss_bytes=1_000_000 + 13_000 * connections,
        page_table_bytes=4_000 * connections,
        kernel_stack_bytes=16_384 * (connections + 1),
        kernel_slab_bytes=10_000 * connections,
        kernel_slab_both_ends_bytes=14_000 * connections,
        kernel_slab_source="slabinfo",
    )
    return point(connections, memory=Memory(**(sizes | memory)), threads=connections + 1)


def test_one_more_connection_costs_the_slope_and_no_share_of_what_the_server_is():
    cost = scale_tables.one_more(threaded(100), threaded(1000))
    assert dataclasses.astuple(cost) == (13_000, 4_000, 16_384, 10_000, 1, 0, 1)
    assert cost.together_bytes == 13_000 + 4_000 + 16_384 + 10_000


def test_kernel_objects_are_not_shown_where_other_programs_changed_as_many():
    restless = threaded(1000, kernel_slab_unrest_bytes=5_000_000)
    cost = scale_tables.one_more(threaded(100), restless)
    assert cost.object_bytes is None and cost.together_bytes is None


def test_both_ends_stand_for_the_servers_where_they_cannot_be_told_apart():
    unprivileged = dict(kernel_slab_bytes=None, kernel_slab_source="meminfo")
    cost = scale_tables.one_more(threaded(100, **unprivileged), threaded(1000, **unprivileged))
    assert cost.object_bytes == 14_000
    told = scale_tables.how_it_was_taken([threaded(100, **unprivileged)])
    assert "BOTH ends" in told


def test_a_silent_connection_costs_what_it_adds_to_an_echo_of_the_busy_ones():
    least = point(10, server_cpu_seconds_per_million_echoes=3.0)
    many = point(1010, busy=10, server_cpu_seconds_per_million_echoes=53.0)
    assert scale_tables.silent_ns(least, many) == pytest.approx(50)


def test_a_few_silent_connections_are_too_few_to_tell_what_they_cost():
    assert scale_tables.silent_ns(point(10), point(100, busy=10)) is None


def test_memory_that_would_not_fit_is_forecast():
    tight = dataclasses.replace(ROOMY, memory_bytes=100_000_000)
    assert forecast_obstacle([threaded(1000)], 2000, tight) is None
    obstacle = forecast_obstacle([threaded(1000)], 10_000, tight)
    assert obstacle == "would take 423 MiB of memory, and 95.4 MiB may be taken"


def test_threads_that_would_not_fit_are_forecast():
    tight = dataclasses.replace(ROOMY, tasks=3000)
    obstacle = forecast_obstacle([threaded(1000)], 10_000, tight)
    assert obstacle.endswith("threads and processes, and kernel.threads-max leaves 3,000")


def test_nothing_is_forecast_of_a_server_that_was_not_seen():
    assert forecast_obstacle([], 10_000, Room(0, 0, "")) is None


def test_this_machine_has_room():
    room = limits.room()
    assert room.memory_bytes > 0 and room.tasks_limit


def test_the_descriptor_limit_cuts_the_sizes_short_and_says_how_to_raise_it(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    most, why = limits.connections_possible(10_000)
    assert most == 4032
    assert "4,032 connections" in why and "ulimit -Hn 10064" in why
    assert limits.connections_possible(4000) == (4000, None)


@pytest.fixture
def scaling(monkeypatch, tmp_path):
    """Scaling whose runs are made up: a server for 150 clients at most, that sleeps."""

    def attempt(step, _loadgen, _cores, accountant) -> Run:
        connections = step.clients + step.workload.idle
        run = Run(step.contender.name, "scale", 1, step.clients, driven_echoes=1000)
        if connections > 150:
            run.void, run.void_reason = True, f"served 150 of {connections}"
        return run

    monkeypatch.setattr(scale, "attempt", attempt)
    return scale.Scaling(tmp_path)


def test_a_server_that_is_full_is_not_tried_with_more_and_nothing_failed(scaling, monkeypatch):
    monkeypatch.setattr(scale, "_point_of", with_memory(scale._point_of))
    for step in scaling.steps([Contender("small", ("small",))], 10_000):
        scaling.measure(*step)
    assert [(one.connections, one.busy) for one in scaling.points] == [
        (10, 10), (100, 100), (100, 10), (1000, 1000),
    ]  # fmt: skip
    assert scaling.points[-1].void_reason == "served 150 of 1000"
    assert not any(one.failed for one in scaling.points)


def test_a_size_without_room_is_a_remark_and_no_point(scaling, monkeypatch):
    monkeypatch.setattr(scale, "_point_of", with_memory(scale._point_of))
    monkeypatch.setattr(limits, "room", lambda: Room(1 << 40, 50, "ulimit -u"))
    contender = Contender("small", ("small",))
    for step in scaling.steps([contender], 100):
        scaling.measure(*step)
    assert [one.connections for one in scaling.points] == [10]
    assert scaling.remarks == [
        "small: 100 connections would take 100 threads and processes, and ulimit -u leaves 50"
    ]


def with_memory(point_of):
    def made_up(run: Run, connections: int, _memory) -> Point:
        run.threads = connections
        return point_of(run, connections, Memory(kernel_slab_both_ends_bytes=0))

    return made_up


def test_the_tables_hold_every_server_at_every_size(capsys):
    small, large = threaded(100), threaded(1000)
    full = Point("full", 1000, 1000, void=True, void_reason="served 150 of 1000")
    few = dataclasses.replace(large, busy=10, server_cpu_seconds_per_million_echoes=5.0)
    scale_tables.print_tables(tables.output_console(), [small, large, few, full])
    output = capsys.readouterr().out
    assert "from 100 to 1,000" in output
    assert "12.7 KiB     3.91 KiB  16.0 KiB  9.77 KiB  42.4 KiB        1      0       1" in output
    assert "served 150 of 1000" in output
    assert "2.2 ns" in output


def test_the_page_has_the_curves_the_slopes_and_every_point(tmp_path):
    points = [threaded(100), threaded(1000), point(1000, busy=10)]
    points.append(Point("full", 1000, 1000, void=True, void_reason="served 150 of 1000"))
    environment = {"date": "2026-11-21", "command_line": "./lab scale some full"}
    document = scale.document(environment, points, ["full: 10,000 connections would take"])
    file = tmp_path / "scale.html"
    scale_page.write_page(document, points, file)
    text = file.read_text()
    for shown in ("What a connection costs", "One more connection", "served 150 of 1000"):
        assert shown in text
    assert "42.4 KiB" in text and "full: 10,000 connections would take" in text


def test_real_servers_are_weighed(programs, lab, monkeypatch, tmp_path):
    monkeypatch.setattr(scale, "LOAD", dataclasses.replace(scale.LOAD, duration=0.1, warmup=0.0))
    file = tmp_path / "scale.json"
    page = tmp_path / "scale.html"
    arguments = ("--max", "100", "--json", str(file), "--html", str(page))
    status, output, errors = lab("scale", "epoll", "thread-per-client", *arguments)
    assert status == 0, errors
    assert "thread-per-client" in page.read_text()
    assert "from 10 to 100" in output
    points = json.loads(file.read_text())["points"]
    by_size = {(one["server"], one["connections"], one["busy"]): one for one in points}
    threads, epoll = by_size["thread-per-client", 100, 100], by_size["epoll", 100, 10]
    assert (threads["threads"], epoll["threads"]) == (101, 1)
    assert threads["descriptors"] - by_size["thread-per-client", 10, 10]["descriptors"] == 90
    assert threads["memory"]["kernel_stack_bytes"] == 101 * 16384
    assert threads["memory"]["user_pss_bytes"] > epoll["memory"]["user_pss_bytes"] > 0
    assert threads["memory"]["page_table_bytes"] > 0
    assert epoll["echoes"] > 0 and epoll["server_cpu_seconds_per_million_echoes"] > 0
