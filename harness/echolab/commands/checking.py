"""Commands that say whether a server is correct, and whether they say so rightly."""

import sys

import click

from echolab import zoo, zoo_reports
from echolab.check.command import Wishes, check_server, list_checks
from echolab.check.command import explain as explain_check
from echolab.check.printed import HINTS
from echolab.commands.options import any_path, existing_file, no_install
from echolab.grading.zoo_visit import look_at_graded
from echolab.interrupts import orderly_ending
from echolab.zoo_log import visit_repeatedly

SERVICES = ("echo", "ack", "bye", "pingpong", "temperature", "polite", "chat", "udp-echo")


@click.command("check")
@click.argument("server", nargs=-1)
@click.option("--service", type=click.Choice(SERVICES), default="echo", show_default=True)
@click.option("--framing", type=click.Choice(["line", "chunk"]), default="line", show_default=True)
@click.option("--seed", type=int, metavar="N", help="It is of variant N of the course's tasks.")
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
    server, service, framing, seed, claimed, started_by, only, hints, verbose, strict, known_failing,
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
        service, framing, claimed, seed, started_by, tuple(only.split(",")) if only else (), strict,
        known_failing, hints, verbose, json_file, junit, markdown, trace,
    )  # fmt: skip
    return check_server(server, wishes)


@click.command("zoo")
@click.argument("server", nargs=-1)
@click.option("--repeat", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--load", type=click.IntRange(min=0), default=0, help="Processors kept busy.")
@click.option("--jobs", type=click.IntRange(min=1), default=3, show_default=True, help="At a time.")
@click.option("--json", "json_file", type=any_path, metavar="FILE")
@click.option("--markdown", type=any_path, metavar="FILE", help="The kill matrix, as a table.")
@click.option("--log", type=any_path, metavar="FILE", help="A JSON line a run; goes on from there.")
@click.option("--graded", is_flag=True, help="Hand each in as a submission, and grade it.")
@no_install
def visit_zoo(server, repeat, load, jobs, json_file, markdown, log, graded) -> int:
    """Let the checker loose on servers that have one known bug each, and on good ones.

    SERVER is a name, a pattern, or one of the groups bad, good and kit; all without one.

    \b
    ./lab zoo
    ./lab zoo short-write-ignored 'eof-*' kit/epoll --repeat 20 --load 2
    ./lab zoo good --repeat 100 --load 2 --log zoo.jsonl    again, to go on where it was ended
    ./lab zoo kit/select --graded --repeat 50 --load 2      right: full marks in its lab

    Exit status: 0 if each bug was named first, and no good server accused; 1 if not.
    """
    for name, reason in zoo.left_out_here().items():
        print(f"lab: {name} is left out: {reason}", file=sys.stderr)
    with orderly_ending():
        sightings = visit_repeatedly(
            zoo.inhabitants(server),
            repeat,
            load,
            jobs,
            log,
            _print_sighting,
            look_at_graded if graded else zoo.look_at,
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
