"""What ./lab timeline does: runs the servers one after the other, draws, and keeps."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from echolab import page, proc, results
from echolab.contenders import Contender
from echolab.environment import environment
from echolab.interrupts import Interrupted, orderly_ending
from echolab.lineup import line_up
from echolab.measurement import Cores
from echolab.models import MODELS
from echolab.server_process import ServerCannotRun, ServerError, ServerProcess
from echolab.timeline.charts import page_of
from echolab.timeline.document import document
from echolab.timeline.observation import PATIENCE_SECONDS, observe
from echolab.timeline.printed import print_panels
from echolab.timeline.record import Panel
from echolab.timeline.trace import trace
from echolab.timeline.words import in_seconds
from echolab.ui import StepProgress

# One of a kind: one client at a time, a thread for each, few threads, one loop that waits for
# readiness, one that waits for completion, two loops.
TELLING = (
    "iterative",
    "thread-per-client",
    "thread-pool --workers 2",
    "epoll",
    "io-uring",
    "prefork-epoll --workers 2",
)
DYING_SECONDS = 0.5


@dataclass(frozen=True)
class Scene:
    """What every server is asked."""

    clients: int
    requests_each: int
    service_time: float  # of the models, in seconds
    service_work: str  # how it passes: "sleep" or "cpu"

    @property
    def patience(self) -> float:
        """How many seconds a server may do nothing that one can see.

        A server may read all requests, and answer none before it has served all.
        """
        return PATIENCE_SECONDS + 3 * self.clients * self.service_time

    @property
    def options(self) -> list[str]:
        """What the models are told."""
        time = f"{round(self.service_time * 1e6)}us"
        return ["--service-time", time, "--service-work", self.service_work]


@dataclass(frozen=True)
class Outputs:
    """Where a timeline is kept, besides being printed."""

    json: Path | None = None
    html: Path | None = None
    trace: Path | None = None


def timeline(
    servers: Sequence[str], commands: Sequence[str], scene: Scene, outputs: Outputs
) -> int:
    """Draws what the clients of each server see; returns the exit status.

    The arguments `servers` and `commands` are those of contenders.choose.
    """
    panels: list[Panel] = []
    interruption = None
    has_failed = False
    with orderly_ending():
        lineup = line_up(servers, commands, scene.options)
        surroundings = environment(lineup.programs, Cores(), scene.options)
        try:
            has_failed = _measure_all(lineup.contenders, scene, panels)
        except Interrupted as signal:
            interruption = signal
    if panels:
        print_panels(panels)
        _keep(panels, surroundings, outputs)
    if interruption:
        seen = "the above is what was seen before" if panels else "nothing was seen before"
        print(f"lab: {interruption}: {seen}", file=sys.stderr)
        return interruption.exit_status
    return 1 if has_failed else 0


def _measure_all(contenders: Sequence[Contender], scene: Scene, panels: list[Panel]) -> bool:
    """Adds a panel for each server that runs; says why one does not; returns whether any failed."""
    has_failed = False
    with StepProgress(len(contenders)) as progress:
        for contender in contenders:
            progress.begin(contender.name)
            try:
                panel = measure(contender, scene)
            except ServerError as error:
                is_left_out = isinstance(error, ServerCannotRun)
                has_failed |= not is_left_out
                progress.end("left out" if is_left_out else "failed")
                print(f"lab: {error}", file=sys.stderr)
                continue
            panels.append(panel)
            has_failed |= bool(panel.failures)
            progress.end(f"all is done after {in_seconds(panel.end)}")
    return has_failed


def measure(contender: Contender, scene: Scene) -> Panel:
    """Runs a server and its clients; raises ServerError if it does not start, or dies."""
    workers = [1]
    with contender.process() as server:
        seen = observe(
            (server.host, server.port),
            scene.clients,
            scene.requests_each,
            patience=scene.patience,
            at_milestone=lambda: workers.append(_threads(server)),
        )
        if seen.failures and server.wait(DYING_SECONDS):
            raise ServerError(server.death_in_words())
    model = MODELS.get(contender.name.partition(" ")[0])
    return Panel(
        server=contender.name,
        idea=model.idea if model and contender.is_model else "",
        clients=scene.clients,
        requests_each=scene.requests_each,
        service_time=scene.service_time if contender.is_model else None,
        service_work=scene.service_work,
        workers=max(workers),
        requests=seen.requests,
        failures=seen.failures,
    )


def _threads(server: ServerProcess) -> int:
    return sum(map(proc.thread_count, server.tree()))


def _keep(panels: Sequence[Panel], surroundings: dict, outputs: Outputs) -> None:
    if outputs.json:
        results.write(document(surroundings, panels), outputs.json)
    if outputs.trace:
        results.write(trace(panels), outputs.trace)
    if outputs.html:
        page.write(page_of(panels, surroundings), outputs.html)
    for path in filter(None, (outputs.html, outputs.trace, outputs.json)):
        print(f"Written: {path}")
