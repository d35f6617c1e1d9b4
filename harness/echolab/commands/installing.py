"""The command that makes ./lab work where there is no network."""

import click

from echolab.bundle import make_bundle
from echolab.commands.options import any_path, no_install


@click.command("bundle")
@click.argument("directory", metavar="DIR", type=any_path)
@click.argument("package", nargs=-1)
@no_install
def bundle(directory, package) -> None:
    """Fill DIR with the packages that the kit needs, for machines without a network.

    PACKAGEs are more of Debian's, such as strace. Every command installs from it with
    --bundle DIR.

    \b
    ./lab bundle /media/stick/bundle strace
    ./lab compare --quick --bundle /media/stick/bundle
    """
    made = make_bundle(directory, package)
    print(f"{made.packages} packages for Debian {made.debian}, {made.size / 1e6:.0f} MB")
    print(f"To install from them: ./lab compare --quick --bundle {made.directory}")
