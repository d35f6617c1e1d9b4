"""Commands that grade what students hand in."""

import os
import sys
from pathlib import Path

import click

from echolab.commands.options import any_path, no_install, seconds
from echolab.errors import BadUsage
from echolab.grading.advice import HINTS
from echolab.grading.autograder import write_autograder
from echolab.grading.class_command import LONGEST_SECONDS, ClassWishes, grade_class
from echolab.grading.cohort import rubric_of_cohort
from echolab.grading.confinement import WHAT_IS_MISSING, best_level
from echolab.grading.fingerprint import fingerprint
from echolab.grading.formats import FORMATS, write
from echolab.grading.grade import INCONCLUSIVE
from echolab.grading.gradebook import conditions_of, note_conditions
from echolab.grading.printed import print_grade, progress
from echolab.grading.rubric import find_rubric
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
    metavar="DIR",
    help="What was handed in; the current directory by default.",
)
@click.option(
    "--all", "class_directory", type=any_path, metavar="DIR", help="A class: a directory each."
)
@click.option("--seed", type=int, metavar="N", help="That of the cohort's variant.")
@click.option("--hints", type=click.Choice(HINTS), default="first", show_default=True)
@click.option(
    "--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, help="Several at once."
)
@click.option(
    "--out",
    type=any_path,
    metavar="DIR",
    help="Where files go; by default the current directory, with --all grades/LAB.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="With --all: so many at a time.")
@click.option(
    "--time-limit",
    callback=seconds(1, 86400),
    metavar="DURATION",
    help="With --all: for each of them, 60min by default.",
)
@click.option("--again", is_flag=True, help="With --all: also those who have a grade.")
@click.option("--gather", is_flag=True, help="With --all: grade nobody, collect what is in --out.")
@no_install
def grade_command(
    lab_name, command, submission, class_directory, seed, hints, formats, out, jobs, time_limit,
    again, gather,
) -> int:  # fmt: skip
    """Grade what was handed in for LAB, such as 03: build a copy of it, check it, count points.

    It is built and started as harness/grading/languages.toml says, or by COMMAND after --, in which
    {port} becomes a free port. All of that happens in a sandbox. With --all it is a class, and who
    has a grade already keeps it, unless his files have changed: docs/grading-at-scale.md.

    \b
    ./lab grade 03 --submission anna
    ./lab grade 03 --submission anna --format gradescope --out results
    ./lab grade 01 --submission ben -- {python} echo.py {port}
    ./lab grade 03 --all submissions --jobs 2 --format markdown

    Exit status: 0 graded, whatever the score, 2 bad usage, 3 some check could not be told. With
    --format classroom50 that is 0, too: its runner reads the file.
    """
    if missing := WHAT_IS_MISSING[best_level()]:
        print(f"lab: {missing}", file=sys.stderr)
    if not class_directory:
        if jobs or time_limit or again or gather:
            raise BadUsage("--jobs, --time-limit, --again and --gather go with --all")
        return _grade_one(lab_name, command, submission, seed, hints, formats, out)
    if submission:
        raise BadUsage("--submission is one, --all a class: choose one of them")
    wishes = ClassWishes(
        out, jobs or os.cpu_count() or 1, time_limit or LONGEST_SECONDS, again, gather, seed,
        hints, formats, command,
    )  # fmt: skip
    rubric = rubric_of_cohort(find_rubric(lab_name), seed)
    return grade_class(rubric.lab, class_directory, wishes)


def _grade_one(lab_name, command, submission, seed, hints, formats, out) -> int:
    submission, out = submission or Path("."), out or Path(".")
    files = fingerprint(submission) if "json" in formats else ""
    with orderly_ending(), progress() as on_result:
        grade = grade_submission(lab_name, submission, command or None, seed, on_result)
    print_grade(output_console(), grade, hints)
    for name in dict.fromkeys(formats):
        path = write(grade, name, out, hints)
        if name == "json":
            note_conditions(path, files, conditions_of(grade.lab, seed, command))
    told = grade.verdict != INCONCLUSIVE or "classroom50" in formats
    return 0 if told else COULD_NOT_TELL


@click.command("autograder")
@click.argument("lab_name", metavar="LAB")
@click.argument("command", nargs=-1)
@click.option("--out", type=any_path, required=True, metavar="FILE.zip")
@click.option("--seed", type=int, metavar="N", help="That of the cohort's variant.")
@click.option("--hints", type=click.Choice(HINTS), default="first", show_default=True)
@no_install
def autograder_command(lab_name, command, out, seed, hints) -> None:
    """Write the zip that makes Gradescope grade LAB: docs/grading-at-scale.md.

    COMMAND after -- starts the submissions, as with ./lab grade.
    """
    rubric = rubric_of_cohort(find_rubric(lab_name), seed)
    write_autograder(rubric.lab, out, seed, hints, command)
    click.echo(f"{out}: upload it to Gradescope, under Configure Autograder")
