"""Commands that let one see what a server does."""

import click

from echolab.commands.options import any_path, any_server, no_install, seconds
from echolab.errors import BadUsage
from echolab.timeline.command import TELLING, Outputs, Scene
from echolab.timeline.command import timeline as draw_timeline
from echolab.watch.command import watch as watch_server
from echolab.watch.command import watch_found
from echolab.workloads import ARRIVALS, workload_of

WATCH_DURATION = "60s"


@click.command("timeline")
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


@click.command("watch", context_settings={"ignore_unknown_options": True})
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
