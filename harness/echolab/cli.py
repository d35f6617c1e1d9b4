"""The commands of ./lab."""

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from echolab import bench, doctor, report, testing, zoo, zoo_reports
from echolab.build import build_program
from echolab.check.command import Wishes, check_server, list_checks
from echolab.check.command import explain as explain_check
from echolab.check.printed import HINTS
from echolab.compare import Plan
from echolab.compare import compare as carry_out_comparison
from echolab.course import prediction
from echolab.course.labs import find_lab
from echolab.documents import command as documents
from echolab.errors import BadUsage, LabError, unknown
from echolab.interrupts import orderly_ending
from echolab.knee_command import find_knee
from echolab.models import MODELS, PROGRAMS, find_program
from echolab.peers import PEERS, PREFIX, command_of_peer, peer_of
from echolab.scale_command import weigh_connections
from echolab.syscalls import count_syscalls
from echolab.tables import output_console
from echolab.timeline.command import TELLING, Outputs, Scene
from echolab.timeline.command import timeline as draw_timeline
from echolab.watch.command import watch as watch_server
from echolab.watch.command import watch_found
from echolab.workloads import ARRIVALS, all_workloads, workload_of
from echolab.zoo_log import visit_repeatedly

WATCH_DURATION = "60s"
PRESETS = ("dev", "release", "asan", "tsan")
SERVICES = ("echo", "ack", "bye", "pingpong", "temperature", "chat", "udp-echo")
LABELS = ("unit", "servers", "programs", "harness")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|min)?")
UNITS = {None: 1.0, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
# For commands that hand their arguments over: those are not this program's to judge.
HAND_OVER = {"ignore_unknown_options": True, "allow_interspersed_args": False}


any_path = click.Path(path_type=Path)
existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


class Commands(click.Group):
    """Commands in the order of their use, and the nearest one for a mistyped name."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, context: click.Context, arguments: list[str]):
        if arguments[0] not in self.commands:
            raise unknown("command", arguments[0], self.commands)
        return super().resolve_command(context, arguments)


def one_of(kind: str, valid: Sequence[str]):
    """Returns an option's callback that refuses what is not `valid`, with the nearest name."""

    def check(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
        if value is not None and value not in valid:
            raise unknown(kind, value, valid)
        return value

    return check


def duration(
    _context: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    """An option's callback that refuses what the servers do not take for a duration."""
    if value is not None and not DURATION.fullmatch(value):
        raise BadUsage(f"{option.opts[0]}: '{value}' is not a duration such as 5ms or 0.1s")
    return value


def percentage(
    _context: click.Context, option: click.Parameter, value: str | None
) -> float | None:
    """An option's callback that returns a share: 0.1 for "10%"."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", value)
    if not match:
        raise BadUsage(f"{option.opts[0]}: '{value}' is not a percentage such as 10%")
    return float(match[1]) / 100


def seconds_of(duration_text: str) -> float:
    """Returns the seconds of a duration; a number without a unit is seconds."""
    number, unit = DURATION.fullmatch(duration_text).groups()
    return float(number) * UNITS[unit]


def seconds(least: float, most: float):
    """Returns an option's callback that turns a duration within these limits into seconds."""

    def check(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
        if duration(context, option, value) is None:
            return None
        if not least <= (given := seconds_of(value)) <= most:
            raise BadUsage(f"{option.opts[0]}: '{value}' is not from {least:g}s to {most:g}s")
        return given

    return check


no_install = click.option(
    "--no-install", is_flag=True, expose_value=False, help="Never install packages."
)
any_server = click.option(
    "--server",
    "commands",
    multiple=True,
    metavar="NAME=COMMAND",
    help="Add any server: {port} in its command becomes a free port, {host} the address.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """Echo Lab: one echo protocol under every concurrency model, compared and checked."""


@lab.command()
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
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE")
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
@no_install
def compare(
    server, quick, rounds, workload, json_file, report_file, peers, pin, seed, baseline,
    fail_if_worse, commands, service_time, service_work,
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
    how = Plan(rounds, quick, pin, seed, baseline, fail_if_worse)
    return carry_out_comparison(
        server, commands, workload, how, json_file, report_file, passed_on, peers
    )


@lab.command("report")
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


@lab.command()
@click.option("--preset", default="dev", show_default=True, callback=one_of("preset", PRESETS))
@click.option(
    "--label", callback=one_of("label", LABELS), help="Only unit, servers, programs or harness."
)
@click.argument("ctest_options", nargs=-1)
@no_install
def test(preset, label, ctest_options) -> int:
    """Build, run all tests, and close on a line that counts them.

    Options after -- go to ctest, such as -- -R session; pytest takes its own from the environment
    variable PYTEST_ADDOPTS.
    """
    counts = testing.run_tests(preset, label, ctest_options)
    print(testing.summary_line(counts))
    return 1 if counts[testing.FAILED] else 0


@lab.command(context_settings=HAND_OVER)
@click.argument("model")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(model, options) -> None:
    """Run MODEL's server in the foreground, with the server's own OPTIONS.

    ./lab run select --help shows those. The other programs that ./lab list names run, too, and
    the servers of the zoo: ./lab run zoo/short-write-ignored 7007, and the peers: ./lab run
    peers/libuv 7007
    """
    if model.startswith(PREFIX):
        command = command_of_peer(peer_of(model), options)
        os.execvp(command[0], command)
    if model.startswith("zoo/"):
        command = zoo.program_of(model)
        os.execvp(command[0], [*command, *options])
    _become(build_program(find_program(model).program), options)


@lab.command(context_settings={**HAND_OVER, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def load(options) -> None:
    """Run the load generator with its own OPTIONS."""
    _become(build_program("loadgen"), options)


@lab.command("timeline")
@click.argument("server", nargs=-1)
@click.option("--all", "wants_all", is_flag=True, help="All models.")
@click.option("--clients", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option("--requests", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option(
    "--service-time",
    callback=seconds(0.001, 10),
    default="100ms",
    show_default=True,
    metavar="DURATION",
    help="What each request costs the models.",
)
@click.option(
    "--service-work",
    type=click.Choice(["sleep", "cpu"]),
    default="sleep",
    show_default=True,
    help="How it passes: asleep, or computing.",
)
@any_server
@click.option("--html", type=any_path, metavar="FILE", help="As a page of charts.")
@click.option("--trace", type=any_path, metavar="FILE", help="For Perfetto or chrome://tracing.")
@click.option("--json", "json_file", type=any_path, metavar="FILE", help="docs/timeline.md")
@no_install
def timeline_command(
    server, wants_all, clients, requests, service_time, service_work, commands, html, trace,
    json_file,
) -> int:  # fmt: skip
    """Draw who waits and who is served: some clients with slow requests, measured.

    SERVERs are models, perhaps with options; without any, a few telling ones are drawn.

    \b
    ./lab timeline
    ./lab timeline iterative select 'thread-pool --workers 2' --html timeline.html
    ./lab timeline mine --server 'mine=python3 my_slow_server.py {port}'
    """
    if wants_all and server:
        raise BadUsage("--all: cannot stand beside names of servers")
    scene = Scene(clients, requests, service_time, service_work)
    servers = () if wants_all else server or TELLING
    return draw_timeline(servers, commands, scene, Outputs(json_file, html, trace))


@lab.command("watch", context_settings={"ignore_unknown_options": True})
@click.argument("server", nargs=-1, type=click.UNPROCESSED)
@click.option("--pid", type=click.IntRange(min=1), help="Watch a server that runs already.")
@click.option("--duration", metavar="DURATION", help="60s unless given.")
@click.option("--clients", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--idle", type=click.IntRange(min=0), help="Silent connections besides.")
@click.option("--bytes", type=click.IntRange(min=1), help="Of an echo; 64 unless given.")
@click.option("--think", metavar="DURATION", help="A pause after an answer.")
@click.option("--churn", is_flag=True, default=None, help="A new connection for every echo.")
@click.option("--rate", type=float, metavar="R", help="Requests due a second: an open loop.")
@click.option("--arrivals", type=click.Choice(ARRIVALS), help="How they are spaced.")
@click.option("--slow-readers", type=click.IntRange(min=0), help="Clients that never read.")
@click.option("--dribble", type=click.IntRange(min=0), help="Clients that send byte by byte.")
@click.option("--resets-per-second", type=float, metavar="R", help="Clients that reset.")
@click.option("--lines", is_flag=True, help="A line a second, as where there is no terminal.")
@no_install
def watch_command(server, pid, lines, **load) -> int:
    """Run a SERVER under load, and show what the kernel tells of it, as it changes. q ends it.

    SERVER is a model with its own options, or after -- any command: {port} in it becomes a free
    port. --pid watches a server that runs already, without a load.

    \b
    ./lab watch epoll --clients 100 --idle 800
    ./lab watch prefork --workers 4
    ./lab watch -- python3 my_server.py {port}
    ./lab watch --pid 1234
    """
    if (pid is None) == (not server):
        raise BadUsage("name a server, or a process by --pid: ./lab watch epoll")
    given = {key: value for key, value in load.items() if value is not None}
    table = {"name": "watch", "warmup": 0, "duration": WATCH_DURATION, **given}
    workload = workload_of(table)
    if pid is None:
        return watch_server(server, workload, lines)
    return watch_found(pid, workload.duration if "duration" in given else None, lines)


@lab.command("check")
@click.argument("server", nargs=-1)
@click.option("--service", type=click.Choice(SERVICES), default="echo", show_default=True)
@click.option("--framing", type=click.Choice(["line", "chunk"]), default="line", show_default=True)
@click.option("--model", "claimed", metavar="KIND", help="Attest it: select, threads, fork ...")
@click.option(
    "--activate", "started_by", flag_value="activation", help="It is handed a listening socket."
)
@click.option(
    "--inetd", "started_by", flag_value="inetd", help="It serves one client, on stdin and stdout."
)
@click.option("--only", metavar="CHECK,...", help="Only these: ECHO-4, RUDE-*, LIFE.")
@click.option("--hints", type=click.Choice(HINTS), default="question", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="Tell every failed check in full.")
@click.option("--strict", is_flag=True, help="Missing a SHOULD is a failure, too.")
@click.option("--known-failing", type=existing_file, metavar="FILE", help="Checks, one a line.")
@click.option("--json", "json_file", type=any_path, metavar="FILE", help="docs/check-format.md")
@click.option("--junit", type=any_path, metavar="FILE")
@click.option("--markdown", type=any_path, metavar="FILE")
@click.option("--trace", type=any_path, metavar="DIR", help="A timeline of the wire, a check each.")
@click.option("--list", "wants_list", is_flag=True, help="List the checks.")
@click.option("--explain", metavar="CHECK", help="Say what a check does, and why it matters.")
@no_install
def check_command(
    server, service, framing, claimed, started_by, only, hints, verbose, strict, known_failing,
    json_file, junit, markdown, trace, wants_list, explain,
) -> int:  # fmt: skip
    """Say whether a server is correct and, if not, which classic bug it has.

    SERVER is a model of the kit, or after -- any command: {port} in it becomes a free port, which
    is also in the environment variable PORT; {host} the address, {python} the Python of ./lab.

    \b
    ./lab check select
    ./lab check -- python3 my_server.py {port}
    ./lab check --only ECHO-4,RUDE-* --hints remedy -- ./my_server {port}

    Exit status: 0 conforming, 1 not, 2 bad usage, 3 could not tell.
    """
    if wants_list:
        return list_checks() or 0
    if explain:
        return explain_check(explain) or 0
    wishes = Wishes(
        service, framing, claimed, started_by, tuple(only.split(",")) if only else (), strict,
        known_failing, hints, verbose, json_file, junit, markdown, trace,
    )  # fmt: skip
    return check_server(server, wishes)


@lab.command("zoo")
@click.argument("server", nargs=-1)
@click.option("--repeat", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--load", type=click.IntRange(min=0), default=0, help="Processors kept busy.")
@click.option("--jobs", type=click.IntRange(min=1), default=3, show_default=True, help="At a time.")
@click.option("--json", "json_file", type=any_path, metavar="FILE")
@click.option("--markdown", type=any_path, metavar="FILE", help="The kill matrix, as a table.")
@click.option("--log", type=any_path, metavar="FILE", help="A JSON line a run; goes on from there.")
@no_install
def visit_zoo(server, repeat, load, jobs, json_file, markdown, log) -> int:
    """Let the checker loose on servers that have one known bug each, and on good ones.

    SERVER is a name, a pattern, or one of the groups bad, good and kit; all without one.

    \b
    ./lab zoo
    ./lab zoo short-write-ignored 'eof-*' kit/epoll --repeat 20 --load 2
    ./lab zoo good --repeat 100 --load 2 --log zoo.jsonl    again, to go on where it was ended

    Exit status: 0 if each bug was named first, and no good server accused; 1 if not.
    """
    for name, reason in zoo.left_out_here().items():
        print(f"lab: {name} is left out: {reason}", file=sys.stderr)
    with orderly_ending():
        sightings = visit_repeatedly(
            zoo.inhabitants(server), repeat, load, jobs, log, _print_sighting
        )
    if json_file:
        json_file.write_text(zoo_reports.as_json(sightings))
    if markdown:
        markdown.write_text(zoo_reports.as_markdown(sightings))
    if repeat > 1:
        print(*zoo_reports.summary(sightings), sep="\n")
    right = sum(sighting.is_right for sighting in sightings)
    print(f"{right} of {len(sightings)} right")
    return 0 if right == len(sightings) else 1


def _print_sighting(sighting: zoo.Sighting) -> None:
    print(zoo_reports.as_line(sighting), flush=True)


@lab.command("bench", context_settings=HAND_OVER)
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


@lab.command("knee")
@click.argument("server")
@any_server
@click.option(
    "--p99",
    callback=duration,
    default="1ms",
    show_default=True,
    metavar="DURATION",
    help="What 99 % of the requests must be answered within, from when they are due.",
)
@click.option("--clients", type=click.IntRange(min=1), default=100, show_default=True, metavar="N")
@click.option(
    "--bytes",
    "message_bytes",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    metavar="N",
    help="Size of a request, and of its answer.",
)
@click.option(
    "--start",
    type=click.FloatRange(min=0, min_open=True),
    default=1000,
    show_default=True,
    metavar="R",
    help="The first rate that is tried, in requests a second.",
)
@click.option("--pin", is_flag=True, help="Server on one core, load generator on another.")
@click.option("--json", "json_file", type=any_path, metavar="FILE", help="docs/results-format.md")
@no_install
def knee_command(server, commands, p99, clients, message_bytes, start, pin, json_file) -> int:
    """Find the highest rate that a SERVER keeps up with.

    SERVER is a model, perhaps with options, or the name of a --server.

    \b
    ./lab knee epoll --p99 1ms --pin
    ./lab knee mine --server 'mine=python3 my_server.py {port}' --clients 10 --start 500
    """
    limit = seconds_of(p99) * 1e6
    return find_knee(server, commands, limit, clients, message_bytes, start, pin, json_file)


@lab.command("scale")
@click.argument("server", nargs=-1)
@any_server
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=10, max=200_000),
    default=10_000,
    show_default=True,
    metavar="N",
    help="The most connections that are tried.",
)
@click.option("--pin", is_flag=True, help="Server on one core, load generator on another.")
@click.option("--json", "json_file", type=any_path, metavar="FILE", help="docs/results-format.md")
@click.option("--html", "html_file", type=any_path, metavar="FILE", help="A page, in one file.")
@no_install
def scale_command(server, commands, most, pin, json_file, html_file) -> int:
    """Weigh what one more connection takes.

    The SERVERs (models, default all) get 10, 100, 1,000 and 10,000 connections. Printed is what one
    more of them takes: memory, threads, processes, descriptors, and CPU time of the others' echoes.
    docs/capacity.md says what each figure is.

    \b
    ./lab scale epoll thread-per-client fork-per-client --max 1000
    ./lab scale mine --server 'mine=python3 my_server.py {port}'
    """
    return weigh_connections(server, commands, most, pin, json_file, html_file)


@lab.command("syscalls")
@click.argument("server", nargs=-1)
@any_server
@click.option(
    "--clients",
    type=click.IntRange(min=1),
    multiple=True,
    default=(1, 10),
    show_default=True,
    metavar="N",
    help="Busy clients; repeatable.",
)
@click.option("--json", "json_file", type=any_path, metavar="FILE")
@no_install
def syscalls_command(server, commands, clients, json_file) -> int:
    """Count the system calls of each echo.

    SERVERs are models, default all. Nothing is timed, so the machine need not be quiet.

    \b
    ./lab syscalls epoll 'epoll --edge-triggered' io-uring --clients 100
    ./lab syscalls --server 'mine=python3 my_server.py {port}' mine
    """
    return count_syscalls(server, commands, clients, json_file)


predictions_file = click.option(
    "--file",
    type=any_path,
    default=Path("predictions.json"),
    show_default=True,
    help="Where the answers are kept.",
)


@lab.command("predict")
@click.argument("lab_name", metavar="LAB")
@predictions_file
@no_install
def ask_predictions(lab_name, file) -> None:
    """Ask what you expect of LAB, such as 00, before you do it."""
    prediction.predict(find_lab(lab_name), file, _ask, click.echo)


@lab.command("reveal")
@click.argument("lab_name", metavar="LAB")
@predictions_file
@no_install
def reveal_answers(lab_name, file) -> None:
    """Measure what LAB asked, and set it beside what you expected."""
    prediction.reveal(find_lab(lab_name), file, click.echo)


def _ask(question: str) -> str:
    return click.prompt(question, default="", show_default=False, prompt_suffix="")


@lab.command("docs")
@click.argument("page", nargs=-1, type=existing_file)
@click.option("--update", is_flag=True, help="Only write the listings anew from their sources.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="At a time.")
@click.option("-v", "--verbose", is_flag=True, help="Name the blocks that are not run, too.")
@no_install
def examine_docs(page, update, jobs, verbose) -> int:
    """Walk through PAGEs of the course (default all): type what they say, compare what is shown.

    Links, headings, listings and the commands in the text are looked up, too.
    """
    pages = page or documents.all_pages()
    if update:
        for path in documents.update_listings(pages):
            print(f"updated {path}")
        return 0
    findings = documents.examine(pages, jobs, lambda one: _print_page(one, verbose))
    outcomes = [outcome for one in findings for outcome in one.outcomes]
    passed, not_run = (
        sum(one.verdict == verdict for one in outcomes) for verdict in ("passed", "not run")
    )
    wrong = sum(not one.is_right for one in findings)
    print(
        f"{len(findings)} pages, {wrong} wrong; {len(outcomes)} console blocks:"
        f" {passed} passed, {not_run} not run, {len(outcomes) - passed - not_run} failed or not tried"
    )
    return 1 if wrong else 0


def _print_page(findings: documents.Findings, verbose: bool) -> None:
    path = os.path.relpath(findings.page.path)
    seconds = sum(outcome.seconds for outcome in findings.outcomes)
    print(f"{'right' if findings.is_right else 'WRONG'}  {path}, {seconds:.1f} s", flush=True)
    for fault in findings.faults:
        print(f"  {fault}")
    for outcome in findings.outcomes:
        if outcome.verdict == "failed" or (verbose and outcome.verdict == "not run"):
            print(f"  block of line {outcome.line} {outcome.verdict}: {outcome.reason}")


@lab.command("list")
def list_all() -> None:
    """List the models, the other programs, and the workloads."""
    console = output_console()
    for title, programs in (("Models", MODELS), ("Clients, chat rooms, datagrams", PROGRAMS)):
        console.print(f"[bold]{title}[/bold]")
        for program in programs.values():
            console.print(
                f"  {program.name:21}{program.idea}\n{'':23}{program.source}", soft_wrap=True
            )
    console.print("[bold]Peers[/bold]")
    for peer in PEERS.values():
        console.print(f"  {peer.name:21}{peer.idea}", soft_wrap=True)
    console.print("[bold]Workloads[/bold]")
    for workload in all_workloads():
        console.print(f"  {workload.name:21}{workload.description}", soft_wrap=True)


@lab.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@no_install
def examine(as_json) -> int:
    """Look at the machine: what would spoil a comparison, and how to mend it."""
    findings = doctor.examine()
    if as_json:
        print(json.dumps(doctor.as_dictionaries(findings), indent=2))
    else:
        _print_findings(findings)
    return 1 if any(finding.status == "missing" for finding in findings) else 0


def _print_findings(findings: Sequence[doctor.Finding]) -> None:
    styles = {"ok": "green", "warning": "yellow", "missing": "red"}
    console = output_console()
    for finding in findings:
        mark = f"[{styles[finding.status]}]{finding.status:8}[/]"
        console.print(f"{mark} {finding.name}: {finding.value}", soft_wrap=True)
        if finding.remedy:
            console.print(f"{'':9}remedy: {finding.remedy}", markup=False, soft_wrap=True)


def _become(program: Path, options: Sequence[str]) -> None:
    """Replaces this process, so that signals go straight to the program."""
    os.execv(program, [str(program), *options])


def main() -> int:
    """Runs the command line; returns the exit status. Foreseen trouble is one line on stderr."""
    try:
        return lab.main(prog_name="./lab", standalone_mode=False) or 0
    except LabError as error:
        return _complain(str(error), error.exit_status)
    except click.NoSuchOption as error:
        advice = f": did you mean '{error.possibilities[0]}'?" if error.possibilities else ""
        return _complain(f"unknown option '{error.option_name}'{advice}", error.exit_code)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except click.Abort as abort:  # what click makes of KeyboardInterrupt
        interruption = abort.__context__
        status = getattr(interruption, "exit_status", 128 + signal.SIGINT)
        return _complain(str(interruption or "") or "interrupted", status)
    except BrokenPipeError:
        # The reader, such as head, has seen enough. Python must not try again on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _complain(message: str, exit_status: int) -> int:
    first_letter = message[:1].lower() if message[1:2].islower() else message[:1]
    print(f"lab: {first_letter}{message[1:]}", file=sys.stderr)
    return exit_status
