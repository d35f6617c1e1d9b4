"""Commands that measure one thing of a server."""

import click

from echolab.commands.options import any_path, any_server, duration, no_install, seconds_of
from echolab.knee_command import find_knee
from echolab.scale_command import weigh_connections
from echolab.syscalls import count_syscalls


@click.command("knee")
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


@click.command("scale")
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


@click.command("syscalls")
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
