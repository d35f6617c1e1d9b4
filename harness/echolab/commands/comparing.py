"""Commands that compare servers, and what is kept of it."""

import click

from echolab import bench, report
from echolab.commands.options import (
    HAND_OVER,
    any_path,
    any_server,
    duration,
    existing_file,
    no_install,
    percentage,
)
from echolab.compare import Plan
from echolab.compare import compare as carry_out_comparison


@click.command("compare")
@click.argument("server", nargs=-1)
@click.option("--quick", is_flag=True, help="One short round: a first look, in about a minute.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="Runs of each server; a rank takes five.",
)
@click.option("--workload", multiple=True, metavar="NAME|FILE", help="Only this; repeatable.")
@click.option("--json", "json_file", type=any_path, metavar="FILE")
@click.option("--report", "report_file", type=any_path, metavar="FILE", help="HTML, in one file.")
@click.option("--peers", is_flag=True, help="Beside them, servers on other people's libraries.")
@click.option("--pin", is_flag=True, help="Server on one core, load generator on another.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the random order of the runs.")
@click.option(
    "--baseline", type=existing_file, metavar="FILE", help="The JSON of an earlier comparison."
)
@click.option(
    "--fail-if-worse",
    callback=percentage,
    metavar="PERCENT",
    help="Exit status 1 if a server is surely worse than the baseline by more than, say, 10%.",
)
@any_server
@click.option(
    "--service-time",
    callback=duration,
    metavar="DURATION",
    help="What each message costs the models, such as 5ms.",
)
@click.option(
    "--service-work",
    type=click.Choice(["sleep", "cpu"]),
    help="How it passes: asleep (default), or computing.",
)
@click.option(
    "--syscalls", is_flag=True, help="Count the system calls of an echo, too, in runs of their own."
)
@no_install
def compare(
    server, quick, rounds, workload, json_file, report_file, peers, pin, seed, baseline,
    fail_if_worse, commands, service_time, service_work, syscalls,
) -> int:  # fmt: skip
    """Compare the SERVERs (models, default all, and peers) under identical workloads.

    A model may have options: 'epoll --edge-triggered'. ./lab list shows all.

    \b
    ./lab compare --quick
    ./lab compare select poll 'epoll --edge-triggered' --workload busy
    ./lab compare iterative select thread-pool --service-time 5ms
    ./lab compare epoll io-uring --peers
    ./lab compare --server 'socat=socat TCP-LISTEN:{port},bind={host},fork,reuseaddr PIPE'
    ./lab compare epoll --baseline results/before.json --fail-if-worse 10%
    """
    passed_on = []
    if service_time:
        passed_on += ["--service-time", service_time]
    if service_work:
        passed_on += ["--service-work", service_work]
    how = Plan(rounds, quick, pin, seed, baseline, fail_if_worse, syscalls)
    return carry_out_comparison(
        server, commands, workload, how, json_file, report_file, passed_on, peers
    )


@click.command("report")
@click.argument("results_file", metavar="RESULTS.json", type=existing_file)
@click.option("--out", type=any_path, metavar="FILE", help="Default: beside it, as .html.")
@click.option("--scale", type=existing_file, metavar="FILE", help="The JSON of ./lab scale.")
@no_install
def make_report(results_file, out, scale) -> None:
    """Make the report of a comparison again, from its JSON.

    \b
    ./lab report results/2026-11-21T14-30-00.json
    ./lab report busy.json --scale scale.json --out busy.html
    """
    document = report.read_json(results_file, "runs")
    points = report.read_json(scale, "points") if scale else None
    path = out or results_file.with_suffix(".html")
    report.write_report(document, path, points)
    print(f"Report: {path}")


@click.command("bench", context_settings=HAND_OVER)
@click.option(
    "--compare", "files", nargs=2, type=existing_file, metavar="A.json B.json",
    help="Run nothing: say what is better or worse in B than in A.",
)  # fmt: skip
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run_bench(files, options) -> None:
    """Run the Google Benchmark programs with their own OPTIONS.

    \b
    ./lab bench --benchmark_list_tests
    ./lab bench --benchmark_filter=round_trip/epoll/.*bytes:64
    ./lab bench --benchmark_repetitions=10 --benchmark_out=A.json
    ./lab bench --compare A.json B.json
    """
    if files:
        bench.compare_results(files, options)
    else:
        bench.run_benchmarks(options)
