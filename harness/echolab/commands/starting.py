"""The command by which a student begins a lab."""

from pathlib import Path

import click

from echolab.commands.options import any_path, no_install
from echolab.starters.folder import write_starter
from echolab.starters.manifest import find_starter
from echolab.variants import Variant


@click.command("starter")
@click.argument("lab_name", metavar="LAB")
@click.argument("directory", metavar="DIR", type=any_path)
@click.option(
    "--language", type=click.Choice(["cpp", "c", "python"]), default="cpp", show_default=True
)
@click.option("--seed", type=int, metavar="N", help="Make variant N of the task: another protocol.")
@click.option("--solution", "is_solved", is_flag=True, help="With nothing left to be written.")
@no_install
def make_starter(lab_name, directory: Path, language, seed, is_solved) -> None:
    """Make a folder to begin LAB with, such as 03: sources with YOUR CODE HERE, and a check.

    DIR is new, or empty. The folder builds by itself; only its check asks for the kit.

    \b
    ./lab starter 01 my-server
    ./lab starter 03 my-server --language python --seed 2027
    """
    starter = find_starter(lab_name, language)
    write_starter(starter, directory, None if seed is None else Variant.of(seed), is_solved)
    print(f"lab {starter.lab} in {language}: {directory}. Begin with {directory}/README.md")
