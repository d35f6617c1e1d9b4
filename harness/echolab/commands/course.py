"""Commands of the course: its labs' questions, and its pages."""

import os
from pathlib import Path

import click

from echolab.commands.options import any_path, existing_file, no_install
from echolab.course import prediction
from echolab.course.labs import find_lab
from echolab.documents import command as documents


predictions_file = click.option(
    "--file",
    type=any_path,
    default=Path("predictions.json"),
    show_default=True,
    help="Where the answers are kept.",
)


@click.command("predict")
@click.argument("lab_name", metavar="LAB")
@predictions_file
@no_install
def ask_predictions(lab_name, file) -> None:
    """Ask what you expect of LAB, such as 00, before you do it."""
    prediction.predict(find_lab(lab_name), file, _ask, click.echo)


@click.command("reveal")
@click.argument("lab_name", metavar="LAB")
@predictions_file
@no_install
def reveal_answers(lab_name, file) -> None:
    """Measure what LAB asked, and set it beside what you expected."""
    prediction.reveal(find_lab(lab_name), file, click.echo)


def _ask(question: str) -> str:
    return click.prompt(question, default="", show_default=False, prompt_suffix="")


@click.command("docs")
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
