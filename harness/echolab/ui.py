"""The progress of a comparison: a bar on a terminal, plain lines elsewhere."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from echolab.measurement import Step


class ComparisonProgress:
    """Shows on stderr, as a context manager, which run is under way and how the last one went."""

    def __init__(self, steps: int, rounds: int):
        self._rounds = rounds
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=steps)

    def __enter__(self) -> "ComparisonProgress":
        self._progress.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._progress.stop()

    def before(self, step: Step) -> None:
        """Announces a run."""
        self._progress.update(self._task, description=self._description(step))

    def after(self, step: Step, outcome: str) -> None:
        """Reports how a run went."""
        self._progress.advance(self._task)
        if self._progress.disable:
            print(f"{self._description(step)}: {outcome}", file=sys.stderr, flush=True)

    def _description(self, step: Step) -> str:
        noun = "client" if step.clients == 1 else "clients"
        return (
            f"round {step.round}/{self._rounds}, {step.workload.name}"
            f" {step.clients} {noun}, {step.contender.name}"
        )
