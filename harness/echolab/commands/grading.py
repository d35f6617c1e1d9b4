"""Commands that grade what students hand in."""

import sys
from pathlib import Path

import click

from echolab.commands.options import any_path, no_install
from echolab.grading.advice import HINTS
from echolab.grading.confinement import WHAT_IS_MISSING, best_level
from echolab.grading.formats import FORMATS, write
from echolab.grading.grade import INCONCLUSIVE
from echolab.grading.printed import print_grade, progress
from echolab.grading.submission import grade_submission
from echolab.interrupts import orderly_ending
from echolab.tables import output_console

COULD_NOT_TELL = 3


@click.command("grade")
@click.argument("lab_name", metavar="LAB")
@click.argument("command", nargs=-1)
@click.option(
    "--submission",
    type=any_path,
    default=Path("."),
    metavar="DIR",
    help="What was handed in; the current directory by default.",
)
@click.option("--seed", type=int, metavar="N", help="That of the cohort's variant.")
@click.option("--hints", type=click.Choice(HINTS), default="first", show_default=True)
@click.option(
    "--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, help="Several at once."
)
@click.option(
    "--out",
    type=any_path,
    default=Path("."),
    metavar="DIR",
    help="Where the files of --format go; the current directory by default.",
)
@no_install
def grade_command(lab_name, command, submission, seed, hints, formats, out) -> int:
    """Grade what was handed in for LAB, such as 03: build a copy of it, check it, count points.

    It is built and started as harness/grading/languages.toml says, or by COMMAND after --, in which
    {port} becomes a free port. All of that happens in a sandbox.

    \b
    ./lab grade 03 --submission anna
    ./lab grade 03 --submission anna --format gradescope --out results
    ./lab grade 01 --submission ben -- {python} echo.py {port}

    Exit status: 0 graded, whatever the score, 2 bad usage, 3 some check could not be told. With
    --format classroom50 that is 0, too: its runner reads the file.
    """
    if missing := WHAT_IS_MISSING[best_level()]:
        print(f"lab: {missing}", file=sys.stderr)
    with orderly_ending(), progress() as on_result:
        grade = grade_submission(lab_name, submission, command or None, seed, on_result)
    print_grade(output_console(), grade, hints)
    for name in dict.fromkeys(formats):
        write(grade, name, out, hints)
    told = grade.verdict != INCONCLUSIVE or "classroom50" in formats
    return 0 if told else COULD_NOT_TELL
