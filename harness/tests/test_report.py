"""What the report of a comparison holds; test_report_in_browser.py looks at it as a reader does."""

import html
import json
import re
from pathlib import Path

import pytest
from invented_results import CPU, HOSTILE, document, plain_document, scale_document

from echolab import page, report
from echolab.errors import BadUsage
from echolab.models import MODELS
from echolab.page import Alternative, Chart, Choice, Page, Panels, Section, Table
from echolab.report.families import IN_ONE_CHART, in_families
from echolab.report.latency import line_of
from echolab.report.measured import Measured


def section(made: Page, heading: str) -> Section:
    return next(one for one in made.sections if one.heading == heading)


def headings(made: Page) -> list[str]:
    return [one.heading for one in made.sections]


def blocks_of(block) -> list:
    """Returns a block and all blocks in it."""
    inner = []
    if isinstance(block, (Section, Alternative)):
        inner = block.blocks
    elif isinstance(block, Choice):
        inner = block.alternatives
    elif isinstance(block, Panels):
        inner = block.charts
    return [block, *(one for part in inner for one in blocks_of(part))]


def charts_of(part: Section | Alternative) -> list[Chart]:
    return [one for one in blocks_of(part) if isinstance(one, Chart)]


def alternative(part: Section, name: str) -> Alternative:
    return next(
        one for one in blocks_of(part) if isinstance(one, Alternative) and one.name == name
    )


def rows(table: Table) -> list[list[str]]:
    return [[cell if isinstance(cell, str) else cell.text for cell in row] for row in table.rows]


def row_of(table: Table, server: str) -> list[str]:
    return next(row for row in rows(table) if row[0] == server)


@pytest.fixture(scope="module")
def full() -> Page:
    return report.report_of(document())


def test_the_page_says_what_was_compared_when_and_how(full):
    assert full.subtitle == "16 servers, 7 workloads, 3 rounds · 21 November 2026, 14:30"
    assert full.command == "./lab compare --server 'mine=./mine {port} <fast>'"


def test_the_sections_come_in_the_order_of_reading(full):
    assert headings(full) == [
        "Findings",
        "At a glance",
        "Ranking",
        "Latency by percentile",
        "What a connection costs",
        "Isolation",
        "Clients held at a time",
        "How it was taken",
        "Medians",
        "All runs",
    ]


def test_every_server_and_every_finding_is_in_the_html(full):
    source = page.render(full)
    assert all(f">{server}<" in source for server in MODELS)
    assert HOSTILE not in source and HOSTILE in html.unescape(source)
    assert all(finding["text"] in html.unescape(source) for finding in document()["findings"])


def test_a_chart_shows_the_servers_that_its_table_lists(full):
    for chart in (chart for part in full.sections for chart in charts_of(part)):
        data = chart.configuration["data"]
        curves = [one.get("label") for one in data["datasets"] if one["series"] != "context"]
        drawn = [label.split(" \u2007")[0] for label in data.get("labels", [])] or curves
        assert [name.split(" ")[0] for name in drawn] == [
            row[0].split(" ")[0] for row in rows(chart.table)
        ]


def test_no_chart_is_empty(full):
    for chart in (chart for part in full.sections for chart in charts_of(part)):
        datasets = chart.configuration["data"]["datasets"]
        assert any(value is not None for one in datasets for value in one["data"])


def test_servers_that_cannot_be_told_apart_share_a_rank(full):
    (chart,) = charts_of(alternative(section(full, "Ranking"), "busy 10"))
    ranks = [row[1] for row in rows(chart.table)]
    assert ranks[:2] == ["1=", "1="] and "too close to call" in rows(chart.table)[0]


def test_an_unranked_server_says_why(full):
    (chart,) = charts_of(alternative(section(full, "Ranking"), "busy 10"))
    assert row_of(chart.table, "io-uring")[-1] == "client-bound"
    assert row_of(chart.table, "iterative")[-1] == "one client at a time"


def test_a_failure_is_among_the_findings_in_the_ranking_and_in_the_rows(full):
    why = f"{HOSTILE} died under load"
    assert why in section(full, "Findings").blocks[0].texts[0]
    (chart,) = charts_of(alternative(section(full, "Ranking"), "churn"))
    assert row_of(chart.table, HOSTILE)[-1] == f"failed: {why}"
    (table,) = section(full, "All runs").blocks
    assert sum(row[-1] == f"failed: {why}" for row in rows(table)) == 3


def test_a_disturbed_run_is_marked(full):
    (table,) = section(full, "All runs").blocks
    marked = [row for row in rows(table) if "disturbed" in row[-1]]
    assert {(row[0], row[1]) for row in marked} == {("selectors", "bulk")}


def without_ranks(reason: str) -> Page:
    result = document(["epoll", "select"], rounds=1)
    for one in result["rankings"]:
        one["unranked"] = [{"server": name, "reason": reason} for name in ("epoll", "select")]
        one["ranked"] = []
    return report.report_of(result)


def test_a_reason_why_nobody_has_a_rank_is_said_once_and_columns_are_marked():
    made = without_ranks("too few rounds: 1 of 5")
    text, chart = alternative(section(made, "Ranking"), "busy 10").blocks
    assert text == "Nobody has a rank: too few rounds: 1 of 5."
    assert not any("few" in note for note in chart.configuration["data"]["datasets"][0]["notes"])
    (table,) = section(made, "At a glance").blocks
    assert table.columns[1].title == "busy 10*" and "* not ranked" in table.caption


def test_where_nobody_has_a_figure_stand_the_reasons_and_no_chart():
    made = report.report_of(document(["iterative"], rounds=1))
    (block,) = alternative(section(made, "Ranking"), "busy 10").blocks
    assert rows(block) == [["iterative", "one client at a time"]]


def test_the_best_of_a_column_is_one_time_itself(full):
    (table,) = section(full, "At a glance").blocks
    for column in range(1, len(table.columns)):
        ranked = [row[column] for row in rows(table) if row[column].endswith("×")]
        assert min(ranked, key=lambda text: float(text[:-1])) == "1.00×"


def test_holding_fewer_clients_is_worse_not_better(full):
    (table,) = section(full, "At a glance").blocks
    place = [column.title for column in table.columns].index("concurrency")
    assert row_of(table, "iterative")[place] == "20×"


def test_a_percentile_stands_where_the_axis_of_hdrhistogram_has_it():
    line = line_of({"latency_percentiles": [[0, 10], [90, 20], [99.9, 30], [100, 99]]})
    assert line == [(1, 10), (10, 20), (1000, 30)]


def test_without_a_curve_the_named_percentiles_make_one():
    run = {"p50_us": 1.0, "p90_us": 2.0, "p99_us": 3.0, "p999_us": None}
    assert line_of(run) == [(2, 1.0), (10, 2.0), (100, 3.0)]


def test_the_curve_of_a_server_is_that_of_its_median_run():
    result = document(["epoll"], rounds=3)
    measured = Measured(result)
    busy = [run for run in result["runs"] if (run["workload"], run["clients"]) == ("busy", 10)]
    shown = measured.median_run("epoll", measured.points[0])
    assert shown == sorted(busy, key=lambda run: run["p99_us"])[1]


def test_what_the_actual_send_would_hide_is_named_in_open_loop_only(full):
    latency = section(full, "Latency by percentile")
    tables = [one for one in alternative(latency, "steady").blocks if isinstance(one, Table)]
    assert [column.title for column in tables[0].columns][3] == "hidden"
    assert not any(isinstance(one, Table) for one in alternative(latency, "busy 10").blocks)


def test_the_cost_of_one_more_connection_is_a_slope(full):
    memory = alternative(section(full, "What a connection costs"), "Memory")
    tables = [chart.table for chart in charts_of(memory)]
    (row,) = [row for table in tables for row in rows(table) if row[0] == "fork-per-client"]
    assert row[-1] == "58.6 KiB"  # 60,000 bytes


def test_a_scale_gives_the_connections_instead():
    made = report.report_of(document(["epoll"]), scale_document())
    connections = section(made, "What a connection costs")
    assert connections.blocks[0] == "From ./lab scale."
    (chart,) = charts_of(alternative(connections, "Memory"))
    assert {row[0] for row in rows(chart.table)} == {"select", "fork-per-client"}


def test_memory_of_a_scale_counts_what_the_kernel_holds_once():
    scale = scale_document()
    first = scale["points"][0]["memory"] | {"user_pss_bytes": 1 << 20, "kernel_slab_bytes": None}
    scale["points"] = [one | {"memory": dict(first)} for one in scale["points"]]
    for one in scale["points"]:
        one["memory"]["kernel_slab_both_ends_bytes"] = one["connections"] << 10
    connections = section(report.report_of(document(["epoll"]), scale), "What a connection costs")
    (chart,) = charts_of(alternative(connections, "Memory"))
    assert row_of(chart.table, "select")[-1] == "1.00 KiB"


def test_a_peer_is_marked_wherever_it_is_named():
    result = document(["epoll", "select", "libuv"])
    for row in (*result["runs"], *result["summary"]):
        row["peer"] = row["server"] == "libuv"
    source = page.render(report.report_of(result))
    assert ">libuv (peer)<" in source and ">libuv<" not in source


def test_a_baseline_says_what_became_worse():
    result = document(["epoll", "select"])
    change = {"server": "epoll", "workload": "busy", "clients": 10, "metric": CPU, "before": 3.0,
              "now": 4.5, "ratio": {"median": 1.5, "low": 1.4, "high": 1.6}, "verdict": "worse"}
    result["baseline"] = {"file": "old.json", "date": "2026-11-01", "commit": "0123",
                          "changes": [change], "remarks": ["The kernels differ."]}  # fmt: skip
    blocks = section(report.report_of(result), "Since the baseline").blocks
    (table,) = [one for one in blocks if isinstance(one, Table)]
    assert rows(table)[0][-2:] == ["1.50 (1.40–1.60)", "worse"]
    assert blocks[-1].texts == ["The kernels differ."]


def test_an_older_result_leaves_out_what_it_does_not_carry():
    made = report.report_of(plain_document())
    assert "Findings" not in headings(made) and "Isolation" not in headings(made)
    assert section(made, "Ranking").blocks[0].startswith("This result carries no ranking")
    assert page.render(made)


@pytest.mark.parametrize(
    "result",
    [
        {"runs": []},
        {"runs": [], "summary": [], "environment": {}, "rankings": None, "findings": None},
        document(["iterative"], rounds=1),
        document([HOSTILE], rounds=1),
    ],
)
def test_a_meagre_result_makes_a_page_too(result):
    assert page.render(report.report_of(result))


def test_fields_that_are_null_are_no_figures():
    result = document(["select", "epoll"], rounds=1)
    for row in (*result["runs"], *result["summary"]):
        for field in (CPU, "p99_us", "latency_percentiles", "peak_pss_bytes", "isolation"):
            row[field] = None
    result["rankings"] = []
    assert page.render(report.report_of(result))


def test_many_servers_have_panels_of_few_and_all_are_in_one():
    groups = in_families([*MODELS, *(f"stranger-{n}" for n in range(20))])
    assert all(len(group.servers) <= IN_ONE_CHART for group in groups)
    assert sorted(s for group in groups for s in group.servers if s in MODELS) == sorted(MODELS)


def test_few_servers_share_one_chart():
    assert len(in_families(["epoll", "select", "mine"])) == 1


def test_a_page_of_all_models_stays_small(full):
    assert len(page.render(full)) < 2_000_000


@pytest.fixture
def kept(tmp_path) -> Path:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(document(["epoll", "select"], rounds=1)))
    return path


def test_a_report_is_made_again_beside_its_json(lab, kept):
    status, output, _ = lab("report", str(kept))
    assert status == 0 and output == f"Report: {kept.with_suffix('.html')}\n"
    assert kept.with_suffix(".html").read_text().startswith("<!DOCTYPE html>")


def test_a_report_may_go_elsewhere_and_tell_of_a_scale(lab, kept, tmp_path):
    scale = tmp_path / "scale.json"
    scale.write_text(json.dumps(scale_document()))
    out = tmp_path / "new" / "report.html"
    assert lab("report", str(kept), "--out", str(out), "--scale", str(scale))[0] == 0
    assert "From ./lab scale." in out.read_text()


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("hello", "not JSON"),
        ("[]", "not a result of ./lab compare"),
        ('{"points": []}', "not a result of ./lab compare"),
        ('{"runs": [], "format": 999}', "written by a newer Echo Lab"),
    ],
)
def test_what_is_no_result_is_refused_in_one_line(lab, tmp_path, text, complaint):
    path = tmp_path / "file.json"
    path.write_text(text)
    status, _, errors = lab("report", str(path))
    assert status == 2 and complaint in errors and errors.count("\n") == 1


def test_without_a_package_a_comparison_keeps_all_but_the_report(kept, monkeypatch, capsys):
    monkeypatch.setattr(page, "CHART_LIBRARY", Path("/nonexistent"))
    report.leave(json.loads(kept.read_text()), kept, asked_for=None)
    output, errors = capsys.readouterr()
    assert output == "" and re.fullmatch(r"lab: no report: .*libjs-chart\.js\n", errors)


def test_a_report_that_was_asked_for_and_cannot_be_made_is_an_error(lab, kept, monkeypatch):
    monkeypatch.setattr(page, "CHART_LIBRARY", Path("/nonexistent"))
    status, _, errors = lab("report", str(kept))
    assert status == 3 and "apt-get install" in errors


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadUsage, match="cannot read .*missing.json"):
        report.read_json(tmp_path / "missing.json", "runs")
