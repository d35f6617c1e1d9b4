"""Turns the steps of a failed check into a program of plain sockets that replays them."""

import re
from collections.abc import Iterator
from pathlib import Path

from echolab.check.outcomes import Outcome
from echolab.check.payloads import numbered_blocks
from echolab.check.registry import Check
from echolab.check.transcript import Action, Step

TEMPLATE = Path(__file__).with_name("replay_template.txt")
LONG = 200  # bytes: longer data that are numbered blocks are written as such


def replay_program(check: Check, outcome: Outcome) -> str:
    """Returns the text of a program that replays a check against a server on HOST PORT [PID].

    Its exit status tells whether the server echoes what it owes now.
    """
    title = f"{check.id}: {check.title}"
    steps = "\n".join(f"    {line}" for line in _calls(outcome.steps)) or "    pass"
    text = TEMPLATE.read_text()
    text = text.replace("@TITLE@", title).replace("@FILE@", file_name(check))
    text = text.replace("@REQUIREMENT@", check.requirement.text)
    text = text.replace("@FOUND@", _one_line(outcome))
    return text.replace("    ...  # @STEPS@", steps)


def file_name(check: Check) -> str:
    """Returns the name of the file in which a check's replay is written."""
    return f"failure-{check.id}.py"


def _one_line(outcome: Outcome) -> str:
    return outcome.message.partition("\n")[0].replace('"""', "'''").replace("\\", "\\\\")


def _calls(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        if not step.action.startswith("is started"):  # that is for whom replays it
            yield _call(step)


def _call(step: Step) -> str:
    client = re.sub(r"\W", "_", step.actor)
    match step.action:
        case Action.CONNECT:
            return f"{client} = Client({step.actor!r})"
        case Action.CONNECT_SMALL:
            return f"{client} = Client({step.actor!r}, small_buffer=True)"
        case Action.SEND:
            return f"{client}.send({_literal(step.data)})"
        case Action.SEND_URGENT:
            return f"{client}.send({_literal(step.data)}, socket.MSG_OOB)"
        case Action.FILL:
            return f"{client}.send_without_reading({step.count})"
        case Action.EXCHANGE:
            return f"{client}.exchange({step.count})"
        case Action.FINISH:
            return f"{client}.finish()"
        case Action.RECEIVE:
            return f"{client}.receive({step.count})"
        case Action.CLOSE:
            return f"{client}.close()"
        case Action.RESET:
            return f"{client}.reset()"
        case Action.STOP:
            return 'signal_server("SIGSTOP")'
        case Action.CONTINUE:
            return 'signal_server("SIGCONT")'
    return f"say({str(step)!r})"


def _literal(data: bytes) -> str:
    if len(data) > LONG and data == numbered_blocks(len(data)):
        return f"blocks({len(data)})"
    return repr(data)
