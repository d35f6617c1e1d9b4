"""The command line of ./lab."""

import os
import signal
import sys

import click

from echolab.commands import (
    checking,
    comparing,
    course,
    grading,
    installing,
    measuring,
    running,
    starting,
    watching,
)
from echolab.errors import LabError, unknown

COMMANDS = (
    comparing.compare,
    comparing.make_report,
    running.test,
    running.run,
    running.load,
    watching.timeline_command,
    watching.watch_command,
    checking.check_command,
    checking.visit_zoo,
    grading.grade_command,
    grading.autograder_command,
    comparing.run_bench,
    measuring.knee_command,
    measuring.scale_command,
    measuring.syscalls_command,
    starting.make_starter,
    course.ask_predictions,
    course.reveal_answers,
    course.examine_docs,
    running.list_all,
    running.examine,
    installing.bundle,
)


class Commands(click.Group):
    """Commands in the order of their use, and the nearest one for a mistyped name."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, context: click.Context, arguments: list[str]):
        if arguments[0] not in self.commands:
            raise unknown("command", arguments[0], self.commands)
        return super().resolve_command(context, arguments)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """Echo Lab: one echo protocol under every concurrency model, compared and checked."""


for command in COMMANDS:
    lab.add_command(command)


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
