import pytest
from rich.console import Console

from echolab import quantities, results, tables
from echolab.runs import Run
from echolab.workloads import Workload

WORKLOAD = Workload("busy", "all busy", clients=(10,))


def printed(capsys, runs, width=100, workload=WORKLOAD) -> list[str]:
    tables.print_tables(Console(width=width), [workload], results.summarize(runs))
    return capsys.readouterr().out.splitlines()


def run(server="poll", **fields) -> Run:
    defaults = {
        "server": server,
        "workload": "busy",
        "round": 1,
        "clients": 10,
        "echoes_per_second": 294_321.0,
        "p50_us": 33.1,
        "p99_us": 1240.0,
        "server_cpu_seconds_per_million_echoes": 3.066,
        "peak_pss_bytes": 4 << 20,
        "threads": 1,
        "processes": 1,
    }
    return Run(**(defaults | fields))


def test_a_row_has_the_figures_with_their_units(capsys):
    row = printed(capsys, [run()])[-1]
    assert row.split("  ")[1].strip() == "poll"
    assert row.split() == "poll 294k 33.1 µs 1.24 ms 3.07 4.00 MiB 1 1".split()


def test_several_rounds_show_their_range(capsys):
    rounds = [run(round=i, echoes_per_second=rate) for i, rate in enumerate((298e3, 301e3, 305e3))]
    assert "301k (298–305)" in printed(capsys, rounds)[-1]


def test_a_server_for_one_client_says_so_in_its_row(capsys):
    reason = "one client at a time"
    row = printed(capsys, [run("iterative", void=True, void_reason=reason)])[-1]
    assert row.split() == ["iterative", *reason.split()]


def test_a_server_that_failed_says_so_in_its_row_and_why_below(capsys):
    runs = [run(void=True, failed=True, void_reason="died under load")]
    assert printed(capsys, runs)[-1].split() == ["poll", "failed"]
    assert tables.remarks(results.summarize(runs)) == [
        "FAILED in busy (10): poll: died under load"
    ]


def test_client_bound_figures_are_marked_and_explained_once(capsys):
    runs = [run(client_bound=True), run("select", client_bound=True), run("iterative")]
    rows = printed(capsys, runs)[-3:]
    assert ["294k*" in row for row in rows] == [True, True, False]
    (remark,) = tables.remarks(results.summarize(runs))
    assert remark.startswith("* client-bound, and such a run is never ranked:") and "`threads`" in remark


def test_rounds_in_which_the_load_generator_was_late_say_so_with_the_remedy(capsys):
    runs = [run(void=True, void_reason="generator 3.00 ms late", generator_late=True)]
    assert "generator 3.00 ms late" in printed(capsys, runs)[-1]
    (remark,) = tables.remarks(results.summarize(runs))
    assert remark.startswith("Generator late:") and "--pin" in remark


def test_rude_company_shows_how_well_the_others_are_isolated(capsys):
    workload = Workload("busy", "rude", clients=(10,), compared_with="steady", dribble=1)
    runs = [run(workload="steady", p99_us=620.0), run()]
    summary = results.summarize(runs, [workload])
    tables.print_tables(Console(width=100), [workload], summary)
    head, row = capsys.readouterr().out.splitlines()[-2:]
    assert head.split()[4] == "isolation" and "2.00×" in row
    assert tables.remarks(summary)[-1].startswith("isolation: p99 of the well-behaved")


def test_holding_connections_shows_how_many_were_held(capsys):
    workload = Workload("hold", "hold", clients=(20,), churn=True, think=0.1)
    runs = [run(workload="hold", clients=20, effective_concurrency=18.71)]
    assert "18.7" in printed(capsys, runs, workload=workload)[-1]


def ranking(*reasons, ranked=()) -> dict:
    return {
        "workload": "busy",
        "clients": 10,
        "metric": "server_cpu_seconds_per_million_echoes",
        "ranked": [
            {"server": server, "rank": rank, "too_close_to_next": close}
            for server, rank, close in ranked
        ],
        "unranked": [
            {"server": f"s{i}", "reason": reason} for i, reason in enumerate(reasons)
        ],
    }


def test_the_best_stands_first_and_a_shared_rank_is_marked(capsys):
    ranked = [("select", 1, True), ("epoll", 1, False), ("poll", 3, False)]
    runs = [run(server) for server in ("poll", "epoll", "select", "iterative")]
    tables.print_tables(
        Console(width=100), [WORKLOAD], results.summarize(runs), [ranking(ranked=ranked)]
    )
    output = capsys.readouterr().out.splitlines()
    assert output[1].endswith("(ranks: CPU s/M)")
    begun = [line.split()[:2] for line in output[3:]]
    assert begun[:3] == [["1=", "select"], ["1=", "epoll"], ["3", "poll"]]
    assert begun[3][0] == "iterative"
    (remark,) = tables.remarks(results.summarize(runs), [ranking(ranked=ranked)])
    assert remark.startswith("= too close to call")


def test_disturbed_figures_are_marked_and_explained_once(capsys):
    runs = [run(disturbed=True, disturbed_reason="others"), run("select")]
    rows = printed(capsys, runs)[-2:]
    assert ["294k~" in row for row in rows] == [True, False]
    (remark,) = tables.remarks(results.summarize(runs))
    assert remark.startswith("~ disturbed") and "./lab doctor" in remark


def test_where_everything_is_disturbed_it_is_said_once():
    reason = "disturbed in 6 of 6 rounds: other programs used 40 % of the processors' time"
    (remark,) = tables.remarks([], [ranking(reason, reason), ranking(reason)])
    assert remark == f"Nothing is ranked, and nothing concluded: {reason}."


def test_a_few_without_a_rank_are_named_with_their_reason_and_many_are_counted():
    ranked = [("poll", 1, False)]
    reasons = [f"client-bound in {i} of 6 rounds" for i in range(1, 6)]
    lines = tables.remarks([], [ranking(*reasons, "void: wrong bytes", ranked=ranked)])
    assert lines[0] == "Not ranked: s0 in busy (10): client-bound in 1 of 6 rounds."
    assert lines[-1] == "Not ranked either: 2 more servers; the JSON says why."


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_full_row_fits_the_terminal_unabridged(capsys, width):
    rounds = [
        run("thread-per-client", round=i, echoes_per_second=rate, p50_us=163.0, threads=811)
        for i, rate in enumerate((100_100, 105_100, 123_400))
    ]
    note = run("iterative", void=True, void_reason="one client at a time")
    lines = printed(capsys, [*rounds, note], width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    assert any(("105k (100–123)" if width > 80 else "105k") in line for line in lines)


@pytest.mark.parametrize(
    "text, expected",
    [
        (quantities.rate(49_234, 48_100, 50_900), "49.2k (48–51)"),
        (quantities.rate(9_210, 9_100, 9_500), "9.21k (9.1–9.5)"),
        (quantities.rate(20, 20, 20), "20.0"),
        (quantities.duration(17.23), "17.2 µs"),
        (quantities.duration(999.96), "1000 µs"),
        (quantities.duration(2_880), "2.88 ms"),
        (quantities.size(512), "512 B"),
        (quantities.size(12.5 * 2**20), "12.5 MiB"),
        (quantities.count(1.5), "1.5"),
        (quantities.digits(0.5), "0.50"),
    ],
)
def test_quantities_have_three_digits_and_a_unit(text, expected):
    assert text == expected
