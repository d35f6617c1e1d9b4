"""Commands that run the kit's programs and tests, and tell what there is."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from echolab import doctor, testing, zoo
from echolab.build import build_program
from echolab.commands.options import HAND_OVER, no_install, one_of
from echolab.models import MODELS, PROGRAMS, find_program
from echolab.peers import PEERS, PREFIX, command_of_peer, peer_of
from echolab.tables import output_console
from echolab.workloads import all_workloads

PRESETS = ("dev", "release", "asan", "tsan")
LABELS = ("unit", "servers", "programs", "harness")


@click.command("test")
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


@click.command("run", context_settings=HAND_OVER)
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


@click.command("load", context_settings={**HAND_OVER, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def load(options) -> None:
    """Run the load generator with its own OPTIONS."""
    _become(build_program("loadgen"), options)


def _become(program: Path, options: Sequence[str]) -> None:
    """Replaces this process, so that signals go straight to the program."""
    os.execv(program, [str(program), *options])


@click.command("list")
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


@click.command("doctor")
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
