"""SEC: what strangers' bytes may do."""

import re

from echolab.check import process_state
from echolab.check.outcomes import Failed
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial

# Red for a terminal, a line of its own for a log, and a format for printf.
MARK = b"\x1b[31mRED\r\nFORGED <%x.%x.%d>\r\n"
EXPANDED = re.compile(r"FORGED <[0-9a-f]+\.[0-9a-f]+\.-?[0-9]+>")
FORGED = re.compile(r"RED\r?\nFORGED")
MARKS_A_MESSAGE = 40
MESSAGES = 40  # so the log grows by more than a program's output buffer holds
REST_SECONDS = 2.0
LAST_STANDARD = 2  # stderr


@check("SEC-2", "clients' bytes are escaped in the log")
def escaped_log(trial: Trial) -> None:
    """Sends what turns a terminal red, and what looks like a line of its own, and a format.

    Then it looks at the server's stdout and stderr. It sends 48 KB of that, since a log may be kept
    in a buffer.
    """
    specimen = trial.start()
    client = specimen.connect()
    log = ""
    for message in [MARK] + [MARK * MARKS_A_MESSAGE] * MESSAGES:
        if client.ask(message).data != message:
            raise Failed("a message with control characters did not come back")
        log = _log_of(specimen)
        if _is_raw(log):
            break
    specimen.comes_to_rest(REST_SECONDS)  # it may write to its log after it has answered
    log = _log_of(specimen)
    trial.state(
        escape_in_log="\x1b[31mRED" in log,
        forged_line_in_log=bool(FORGED.search(log)),
        format_expanded_in_log=bool(EXPANDED.search(log)),
    )
    trial.require(not _is_raw(log), "a client's bytes are in the server's log as they were sent")


def _log_of(specimen: Specimen) -> str:
    return specimen.process.stdout + specimen.process.stderr


def _is_raw(log: str) -> bool:
    return "\x1b[31mRED" in log or bool(FORGED.search(log)) or bool(EXPANDED.search(log))


@check("SEC-3", "its sockets are not inherited by programs that it starts")
def closed_on_exec(trial: Trial) -> None:
    """Looks, while a client is connected, which of the server's sockets would stay open in a
    program that the server starts (FD_CLOEXEC). stdin, stdout and stderr are meant to.
    """
    specimen = trial.start()
    with specimen.connect() as client:
        client.echo(b"hello")
        inherited, count = 0, 0
        for pid in specimen.process.tree():
            for descriptor in process_state.socket_descriptors(pid):
                count += 1
                is_closed = process_state.is_closed_on_exec(pid, descriptor)
                inherited += descriptor > LAST_STANDARD and not is_closed
    trial.state(sockets_inherited=inherited)
    of = f"{inherited} of {count} sockets"
    trial.require(not inherited, f"a program that it starts inherits {of}")
