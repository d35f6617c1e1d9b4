"""The zoo: servers with one known bug each, and good ones, as the test of the checker.

A page of harness/zoo is a server with the bug of its own name. Those in harness/zoo/good, the kit's
models and some servers of others have none, or just the findings of harness/zoo/findings.toml.
"""

import fnmatch
import multiprocessing
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from echolab import proc
from echolab.build import build, left_out
from echolab.check.outcomes import Verdict
from echolab.check.registry import chosen
from echolab.check.runner import run_checks
from echolab.check.specimen import HOST, Command
from echolab.check.trial import Facts
from echolab.check.verdict import Examination
from echolab.errors import unknown
from echolab.interrupts import end_children, take_signals, uninterrupted
from echolab.models import MODELS, PROGRAMS, ROOT, kind_of
from echolab.spawning import spawn

DIRECTORY = ROOT / "harness" / "zoo"
GOOD = DIRECTORY / "good"
FINDINGS = DIRECTORY / "findings.toml"
SHARED = ("student", "student_chat", "student_udp")  # what the pages share
SECOND_PAGES = {"eintr-fatal-fork": "eintr-fatal", "eintr-fatal-timeout": "eintr-fatal"}
SERVICE = re.compile(r"^(?://|#) Service: (\S+)$", re.MULTILINE)
NEEDS = re.compile(r"^(?://|#) Needs: (\S+)$", re.MULTILINE)
PACKAGES = {"go": "golang-go", "node": "nodejs"}  # where the program is not called like it
INTERPRETERS = {".py": sys.executable, ".js": "node"}
BUSY = ["sh", "-c", "while :; do :; done"]


@dataclass(frozen=True)
class Inhabitant:
    """A server of the zoo, and what the checker should say of it."""

    name: str
    command: Command
    bug: str | None  # None: it is good
    service: str = "echo"
    claimed_model: str | None = None
    known_bugs: frozenset[str] = frozenset()  # what may be diagnosed of a good one,
    known_failures: frozenset[str] = frozenset()  # and which checks it may fail


@dataclass(frozen=True)
class Sighting:
    """What the checker has said of an inhabitant."""

    inhabitant: Inhabitant
    diagnosed: tuple[str, ...]  # bugs, the root cause first
    failed: tuple[str, ...]  # checks
    unsure: tuple[str, ...]  # checks that were inconclusive
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the bug was named first; of a good server, nothing but the known was found."""
        who = self.inhabitant
        if who.bug:
            return self.diagnosed[:1] == (who.bug,)
        return who.known_bugs.issuperset(self.diagnosed) and who.known_failures.issuperset(
            self.failed
        )


def pages() -> list[Path]:
    """Returns the sources of the servers that have a bug, in the order of their names."""
    return _pages(DIRECTORY)


def bug_of(page: Path) -> str:
    """Returns the id of the bug that a page has: its name, but where two pages have one bug."""
    return SECOND_PAGES.get(_name(page), _name(page))


def page_of(name: str) -> Path | None:
    """Returns the source of the bad server called `name`, or None if there is none."""
    return next((path for path in pages() if _name(path) == name), None)


def program_of(name: str) -> list[str]:
    """Returns the command of "zoo/NAME", without the port; raises BadUsage if there is none."""
    page = page_of(name.removeprefix("zoo/"))
    if page is None:
        names = [f"zoo/{_name(path)}" for path in pages()]
        raise unknown("server", name, names)
    if page.suffix in INTERPRETERS:
        return _words(page, ROOT)
    return _words(page, build("release", [f"zoo_{page.stem}"]) / "zoo")


GROUPS: dict[str, Callable[["Inhabitant"], bool]] = {
    "bad": lambda inhabitant: inhabitant.bug is not None,
    "good": lambda inhabitant: inhabitant.bug is None,
    "kit": lambda inhabitant: inhabitant.name.startswith("kit/"),
}


def inhabitants(names: Sequence[str] = ()) -> list[Inhabitant]:
    """Returns the inhabitants of those names, groups or patterns such as eof-*, or all of them.

    Raises BadUsage for a name that is none.
    """
    served = [program for program in PROGRAMS.values() if program.service]
    programs = build("release", ["zoo", *(p.program for p in (*MODELS.values(), *served))])
    everybody = (*_bad(programs), *_good(programs), *_models(programs))
    named = [inhabitant for inhabitant in everybody if not names]
    for name in names:
        found = [inhabitant for inhabitant in everybody if _is_named(inhabitant, name)]
        if not found:
            raise unknown("server of the zoo", name, [*GROUPS, *(i.name for i in everybody)])
        named += found
    return list(dict.fromkeys(named))


def _is_named(inhabitant: Inhabitant, name: str) -> bool:
    in_group = GROUPS.get(name, lambda _: False)
    return in_group(inhabitant) or fnmatch.fnmatchcase(inhabitant.name, name)


def visit(
    chosen_ones: Sequence[Inhabitant],
    load: int,
    jobs: int,
    on_sighting: Callable[[Sighting], None],
    look: Callable[[Inhabitant], Sighting],
) -> list[Sighting]:
    """Takes a look at each of them, at `jobs` at the same time.

    Meanwhile `load` processors are kept busy. The sightings come in the order in which they end.
    """
    sightings = []
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_looking)
    try:
        with _busy_processors(load):
            with uninterrupted():
                looks = [pool.submit(look, inhabitant) for inhabitant in chosen_ones]
            for look in as_completed(looks):
                sightings.append(look.result())
                on_sighting(sightings[-1])
        pool.shutdown()
    finally:  # whoever interrupts does not want to wait
        pool.shutdown(wait=False, cancel_futures=True)
    return sightings


def _begin_looking() -> None:
    """In a process of the pool. What a server has not buried ends there, not in thousands here."""
    take_signals()
    proc.adopt_orphans()


def look_at(inhabitant: Inhabitant) -> Sighting:
    """Lets the checker loose on one; afterwards this process has no children."""
    began = time.monotonic()
    checks = chosen((), inhabitant.service)
    known = Facts(claimed_model=inhabitant.claimed_model, framing="line")
    outcomes = run_checks(checks, inhabitant.command, known=known, service=inhabitant.service)
    end_children()
    examination = Examination(inhabitant.name, checks, outcomes)
    against = (Verdict.FAIL, Verdict.NON_STRICT)
    return Sighting(
        inhabitant,
        tuple(diagnosis.bug.id for diagnosis in examination.diagnoses),
        tuple(outcome.check_id for outcome in outcomes if outcome.verdict in against),
        tuple(o.check_id for o in outcomes if o.verdict is Verdict.INCONCLUSIVE),
        time.monotonic() - began,
    )


def left_out_here() -> dict[str, str]:
    """Returns the good servers that cannot run on this machine, and why."""
    programs = {f"good/{_name(page)}": _missing_program(page) for page in _pages(GOOD)}
    programs["socat"] = "" if shutil.which("socat") else "socat"
    return {
        name: f"there is no {program}: apt-get install {PACKAGES.get(program, program)}"
        for name, program in programs.items()
        if program
    }


def _missing_program(page: Path) -> str:
    """Returns the program that a page needs and that is not here, or ""."""
    needed = NEEDS.search(page.read_text())
    return needed[1] if needed and not shutil.which(needed[1]) else ""


def known_findings() -> dict[str, dict]:
    """Returns what is known to be found in good servers, and why: by the server's name."""
    return tomllib.loads(FINDINGS.read_text())


def _bad(programs: Path) -> Iterator[Inhabitant]:
    for page in pages():
        words = (*_words(page, programs / "zoo"), "{port}")
        yield Inhabitant(_name(page), Command(words), bug_of(page), _service_of(page))


def _good(programs: Path) -> Iterator[Inhabitant]:
    for page in _pages(GOOD):
        if not _missing_program(page):
            words = (*_words(page, programs / "zoo"), "{port}")
            yield _good_one(f"good/{_name(page)}", words, _service_of(page))
    if shutil.which("socat"):
        yield _good_one("socat", ("socat", "TCP-LISTEN:{port},bind={host},fork,reuseaddr", "PIPE"))


def _models(programs: Path) -> Iterator[Inhabitant]:
    absent = left_out(programs)
    services = {model: "echo" for model in MODELS.values()}
    services |= {program: program.service for program in PROGRAMS.values() if program.service}
    for model, service in services.items():
        if model.program not in absent:
            program = str(programs / model.program)
            words = (program, "--host", HOST, "--port", "{port}", "--quiet")
            yield _good_one(f"kit/{model.name}", words, service, kind_of(model.name))


def _good_one(
    name: str, words: tuple[str, ...], service: str = "echo", claim: str | None = None
) -> Inhabitant:
    known = known_findings().get(name, {})
    bugs, checks = known.get("bugs", ()), known.get("checks", ())
    return Inhabitant(
        name, Command(words), None, service, claim, frozenset(bugs), frozenset(checks)
    )


def _service_of(page: Path) -> str:
    named = SERVICE.search(page.read_text())
    return named[1] if named else "echo"


def _pages(directory: Path) -> list[Path]:
    suffixes = (".c", ".cpp", ".go", *INTERPRETERS)
    pages = (path for path in directory.iterdir() if path.suffix in suffixes)
    return sorted(path for path in pages if path.stem not in SHARED)


def _name(page: Path) -> str:
    return page.stem.replace("_", "-")


def _words(page: Path, programs: Path) -> list[str]:
    if interpreter := INTERPRETERS.get(page.suffix):
        return [interpreter, str(page)]
    return [str(programs / _name(page))]


@contextmanager
def _busy_processors(count: int) -> Iterator[None]:
    processes = [spawn(BUSY, stdout=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
