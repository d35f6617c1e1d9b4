"""What ./lab check does."""

import dataclasses
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab.build import build_program
from echolab.check import reports
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.printed import print_examination
from echolab.check.registry import Check, all_checks, chosen, refuse_unknown
from echolab.check.replay import file_name, replay_program
from echolab.check.runner import run_checks
from echolab.check.specimen import HOST, Command
from echolab.check.trial import Facts
from echolab.check.verdict import EXIT_STATUS, Examination, read_known_failing
from echolab.contenders import model_of, names_model
from echolab.errors import BadUsage, CannotRun, LabError, unknown
from echolab.interrupts import orderly_ending
from echolab.models import MODELS, PROGRAMS, Program, kind_of
from echolab.tables import output_console
from echolab.ui import progress_bar
from echolab.variants import SERVICE as POLITE
from echolab.variants import Variant

# Where a group of requirements is taught.
ALL_LABS = "01_iterative to 06_multiprocess"
LABS = {
    "ECHO": "01_iterative (the loop), 03_select (short writes, half-close)",
    "CONC": "02_threads, 03_select, 04_poll",
    "MODEL": ALL_LABS,
    "RUDE": "01_iterative, 03_select",
    "RES": "03_select (slow readers), 06_multiprocess (zombies)",
    "LIMIT": "03_select (FD_SETSIZE), 04_poll, 06_multiprocess",
    "LIFE": "01_iterative, 06_multiprocess",
    "SERV": "01_iterative",
    "CHAT": "02_threads, 03_select, 06_multiprocess",
    "UDP": "01_iterative",
    "SEC": "01_iterative",
}


@dataclass(frozen=True)
class Wishes:
    """What the user asked for, beside the server."""

    service: str = "echo"
    framing: str = "line"
    claimed_model: str | None = None
    seed: int | None = None  # of the variant, which is one of the service `polite`
    started_by: str | None = None  # "activation" or "inetd", in place of listening by itself
    only: tuple[str, ...] = ()
    strict: bool = False
    known_failing: Path | None = None
    hints: str = "question"
    verbose: bool = False
    json: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    trace: Path | None = None


def check_server(words: Sequence[str], wishes: Wishes) -> int:
    """Examines one server, prints what was found, and returns the exit status."""
    refuse_unknown(wishes.only)  # before a long build
    if wishes.seed is not None:
        wishes = dataclasses.replace(wishes, service=_service_of_seed(wishes.service))
    name, command, claimed, service = _server_of(words, wishes)
    checks = chosen(wishes.only, service)
    known_failing = read_known_failing(wishes.known_failing, checks) if wishes.known_failing else ()
    known = Facts(
        claimed_model=wishes.claimed_model or claimed,
        framing=wishes.framing,
        variant=None if wishes.seed is None else Variant.of(wishes.seed),
    )
    began = time.monotonic()
    # Without the basic ones the others do not know what kind of server this is.
    needed = [check for check in chosen((), service) if check.is_basic or check in checks]
    with orderly_ending(), _CheckProgress(len(needed)) as progress:
        outcomes = run_checks(
            needed, command, known=known, service=service, on_outcome=progress.after
        )
    checks, outcomes = _asked_for(checks, needed, outcomes)
    examination = Examination(
        name, checks, outcomes, known_failing, wishes.strict, time.monotonic() - began
    )
    print_examination(output_console(), examination, wishes.hints, wishes.verbose)
    try:
        _write_files(examination, wishes)
    except OSError as error:
        what = error.filename or "the results"  # a disk that is full does not say whose
        raise LabError(f"cannot write {what}: {error.strerror}") from None
    return EXIT_STATUS[examination.conformance]


def list_checks() -> None:
    """Prints every check with its requirement's level."""
    console = output_console()
    for check in all_checks():
        services = "" if "echo" in check.services else f" ({', '.join(check.services)})"
        console.print(
            f"{check.id:10}{check.requirement.level:7}{check.title}{services}",
            markup=False,
            soft_wrap=True,
        )


def explain(check_id: str) -> None:
    """Prints a check's requirement, what it does and why it matters; raises BadUsage."""
    checks = {check.id: check for check in all_checks()}
    wanted = check_id.upper() if check_id.upper() in checks else check_id
    if wanted not in checks:
        raise unknown("check", check_id, checks)
    check = checks[wanted]
    console = output_console()
    for title, text in (
        (f"{check.id}: {check.title}", ""),
        ("The requirement", f"The server {check.requirement.text}"),
        ("Why", check.requirement.reason),
        ("What the check does", check.how),
        ("Where", _where(check)),
    ):
        console.print(f"[bold]{title}[/]")
        if text:
            console.print(f"  {text}", markup=False, soft_wrap=True)


def _where(check: Check) -> str:
    document = "docs/chat.md" if check.group == "CHAT" else "docs/protocol.md"
    return f"{document}; the labs {LABS.get(check.group, ALL_LABS)}"


def _service_of_seed(service: str) -> str:
    """Returns the service that seeds vary; raises BadUsage if another one was asked for."""
    if service not in ("echo", POLITE):
        raise BadUsage(f"--seed: makes variants of the service {POLITE}, not of {service}")
    return POLITE


def _asked_for(
    wished: Sequence[Check], made: Sequence[Check], outcomes: Sequence[Outcome]
) -> tuple[list[Check], list[Outcome]]:
    """Leaves out the basic checks that nobody asked for, but where others had to be skipped."""
    found = list(zip(made, outcomes))
    skips = any(o.verdict is Verdict.SKIPPED for check, o in found if check in wished)
    pairs = [
        (check, outcome)
        for check, outcome in found
        if check in wished or (skips and outcome.verdict is Verdict.FAIL)
    ]
    return [check for check, _ in pairs], [outcome for _, outcome in pairs]


def _server_of(words: Sequence[str], wishes: Wishes) -> tuple[str, Command, str | None, str]:
    """Returns the server's name, its command, the kind it is claimed to be, and its service."""
    if not words:
        raise BadUsage("name a model, or give a command: ./lab check -- python3 server.py {port}")
    if len(words) == 1 and names_model(words[0]):
        return _model(words[0], wishes)
    if len(words) == 1 and words[0] in PROGRAMS:
        return _program(PROGRAMS[words[0]])
    if len(words) == 1 and "{" not in words[0] and shutil.which(words[0]) is None:
        raise unknown("model", words[0], {**MODELS, **PROGRAMS})
    words = [word.replace("{python}", sys.executable) for word in words]
    if shutil.which(words[0]) is None:
        raise CannotRun(f"cannot start '{words[0]}': {_why_not(Path(words[0]))}")
    server = str(Command(tuple(words)))
    if wishes.started_by:
        starter = Path(__file__).with_name(f"{wishes.started_by}.py")
        words = [sys.executable, str(starter), "{port}", *words]
    return server, Command(tuple(words)), None, wishes.service


def _why_not(path: Path) -> str:
    if path.is_dir():
        return "it is a directory"
    return "it is not executable: chmod +x?" if path.exists() else "no such program"


def _program(program: Program) -> tuple[str, Command, None, str]:
    if not program.service:
        raise BadUsage(f"there are no checks for {program.name}")
    words = (str(build_program(program.program)), "--host", HOST, "--port", "{port}")
    return program.name, Command(words), None, program.service


def _model(name: str, wishes: Wishes) -> tuple[str, Command, str, str]:
    model, options = model_of(name)
    program = build_program(model.program)
    of_seed = () if wishes.seed is None else Variant.of(wishes.seed).options
    service = [] if wishes.service == "echo" else ["--service", wishes.service]
    framing = [] if wishes.framing == "line" else ["--framing", wishes.framing]
    words = [str(program), "--host", HOST, "--port", "{port}", *options]
    words += of_seed or [*service, *framing]
    return name, Command(tuple(words)), kind_of(name), wishes.service


def _write_files(examination: Examination, wishes: Wishes) -> None:
    for check, outcome in examination.failures():
        Path(file_name(check)).write_text(replay_program(check, outcome))
    if wishes.json:
        reports.write_json(examination, wishes.json)
    if wishes.junit:
        reports.write_junit(examination, wishes.junit)
    if wishes.markdown:
        wishes.markdown.write_text(reports.as_markdown(examination))
    if wishes.trace:
        reports.write_timelines(examination, wishes.trace)


class _CheckProgress:
    """A bar on stderr while the checks run; nothing where stderr is no terminal."""

    def __init__(self, count: int):
        self._progress = progress_bar()
        self._task = self._progress.add_task("checking", total=count)

    def __enter__(self) -> "_CheckProgress":
        self._progress.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._progress.stop()

    def after(self, check: Check, outcome: Outcome) -> None:
        """Reports that a check is over."""
        description = f"{check.id} {outcome.verdict.value}"
        self._progress.update(self._task, advance=1, description=description)
