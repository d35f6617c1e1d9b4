"""Conformance tests: every model of the kit against docs/protocol.md, from outside.

    pytest harness/conformance --model=select --model='epoll --edge-triggered'

The programs are those in the directory ECHOLAB_BIN, or else of the preset dev.
"""

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness"))
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", tempfile.gettempdir())

from echolab.build import build_info  # noqa: E402
from echolab.check.outcomes import Stuck  # noqa: E402
from echolab.server_process import ServerCannotRun  # noqa: E402
from server_under_test import ServerUnderTest  # noqa: E402
from subject import Subject, all_subjects, subject_of  # noqa: E402

LOG_LINES_SHOWN = 40
STEPS_SHOWN = 60
outcome_key = pytest.StashKey[pytest.TestReport]()
servers_key = pytest.StashKey[list[ServerUnderTest]]()

StartServer = Callable[..., ServerUnderTest]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --model."""
    parser.addoption(
        "--model",
        action="append",
        type=subject_of,
        metavar="'MODEL [OPTIONS]'",
        help="test this model only (may be repeated; default: all, with all variants)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Documents the markers, and lifts the limit of descriptors that the clients need."""
    config.addinivalue_line("markers", "only(*models): the requirement concerns these models only")
    config.addinivalue_line("markers", "excused(model, why): by its nature it needs not do this")
    config.addinivalue_line("markers", "documented_limit(model, why): expected to fail, strictly")
    # They use memory of their own, must be loaded before all other libraries, and look at memory
    # through a pipe, for which there must be descriptors.
    config.addinivalue_line("markers", "without_sanitizers: a build with them cannot pass it")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test once a model."""
    if "subject" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("model") or all_subjects()
        metafunc.parametrize("subject", chosen, ids=lambda subject: subject.name, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is not asked of a model or of this build; marks documented limits."""
    has_sanitizers = bool(build_info(_programs()).get("sanitizers"))
    concerned: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        is_possible = not (has_sanitizers and item.get_closest_marker("without_sanitizers"))
        concerned[is_possible and _concerns_its_subject(item)].append(item)
    config.hook.pytest_deselected(items=concerned[False])
    items[:] = concerned[True]
    for item in items:
        limit = item.get_closest_marker("documented_limit")
        if limit and _subject_of(item).is_named_by(limit.args[0]):
            item.add_marker(pytest.mark.xfail(strict=True, raises=Stuck, reason=limit.args[1]))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds to a failure what led to it: the steps, and the server's own words."""
    result = yield
    report = result.get_result()
    item.stash[outcome_key] = report
    servers = item.stash.setdefault(servers_key, [])
    if report.failed:
        for server in servers:
            report.sections += _evidence(server)
    if report.when == "teardown":
        servers.clear()  # their files would stay open until the end of the session


@pytest.fixture(scope="session")
def programs() -> Path:
    """Returns the directory of the servers' programs."""
    return _programs()


@pytest.fixture(scope="session")
def sanitizers(programs: Path) -> str:
    """Returns which sanitizers the programs were built with; "" for none."""
    return build_info(programs).get("sanitizers", "")


@pytest.fixture
def with_prompt_signals(sanitizers: str) -> None:
    """Skips a test of a race that is ThreadSanitizer's own.

    It keeps back a signal that comes just before a call that blocks, until that call returns.
    """
    if sanitizers == "thread":
        pytest.skip("ThreadSanitizer keeps back signals that come just before a blocking call")


@pytest.fixture
def start_server(
    subject: Subject, programs: Path, sanitizers: str, request: pytest.FixtureRequest
) -> Iterator[StartServer]:
    """Returns a function that starts a server with the given options.

    After a test that passed, each server must be unharmed, unless the test has ended it, and must
    end well: these are requirements RES-3, RES-4 and LIFE-4, checked after everything.
    """
    servers = request.node.stash[servers_key] = []

    def start(*options: str, **how) -> ServerUnderTest:
        server = ServerUnderTest(subject, programs, thread_sanitizer=sanitizers == "thread")
        servers.append(server)
        try:
            return server.start(*options, **how)
        except ServerCannotRun as error:
            pytest.skip(str(error))

    yield start
    try:
        if request.node.stash[outcome_key].passed:
            for server in reversed(servers):  # two may have had the same port, one after the other
                _check_afterwards(server)
    finally:
        for server in servers:
            server.destroy()


@pytest.fixture
def server(start_server: StartServer) -> ServerUnderTest:
    """Returns a running server with default options."""
    return start_server()


@pytest.fixture(scope="session")
def model(subject: Subject) -> str:
    """Returns the model's name, as the server itself gives it."""
    return subject.model.name


@pytest.fixture(scope="session")
def one_at_a_time(subject: Subject) -> bool:
    """Tells whether the server serves one client to its end before the next."""
    return subject.is_named_by("iterative")


@pytest.fixture
def still_served(server: ServerUnderTest, one_at_a_time: bool) -> Callable[[], None]:
    """Returns a check that a client from before all trouble is served.

    iterative has no bystanders: beside one nobody else would be served.
    """
    if one_at_a_time:
        return lambda: None
    client = server.connect()
    client.echo(b"before")
    return lambda: client.echo(b"still here")


def _programs() -> Path:
    return Path(os.environ.get("ECHOLAB_BIN", ROOT / "build" / "dev" / "bin"))


def _check_afterwards(server: ServerUnderTest) -> None:
    server.note("is looked at afterwards")
    if not server.has_been_ended:
        server.assert_unharmed()
    server.assert_ended_well()


def _subject_of(item: pytest.Item) -> Subject | None:
    return item.callspec.params.get("subject") if hasattr(item, "callspec") else None


def _concerns_its_subject(item: pytest.Item) -> bool:
    subject = _subject_of(item)
    if not subject:
        return True
    only = item.get_closest_marker("only")
    excused = any(subject.is_named_by(marker.args[0]) for marker in item.iter_markers("excused"))
    return (not only or any(map(subject.is_named_by, only.args))) and not excused


def _evidence(server: ServerUnderTest) -> list[tuple[str, str]]:
    log = server.stderr.splitlines() if server.is_started() else []
    if server.is_started() and not server.is_running():
        server.note(f"has ended by now, with status {server.process.exit_status}")
    return [
        ("the steps that led to this", "\n".join(server.transcript.lines()[-STEPS_SHOWN:])),
        ("the server's stderr", "\n".join(log[-LOG_LINES_SHOWN:])),
    ]
