"""The progress of what takes its time: a bar on a terminal, plain lines elsewhere."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from echolab import quantities
from echolab.measurement import Step


def progress_bar() -> Progress:
    """Returns a bar on stderr, which is gone when it ends; nothing where that is no terminal."""
    console = Console(stderr=True, highlight=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class StepProgress:
    """Shows on stderr, as a context manager, which step is under way and how the last one went."""

    def __init__(self, steps: int | None):
        """Without a number of `steps` nobody knows beforehand how many there will be."""
        self._progress = progress_bar()
        self._description = "starting"
        self._task = self._progress.add_task(self._description, total=steps)

    def __enter__(self) -> "StepProgress":
        self._progress.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._progress.stop()

    def begin(self, description: str) -> None:
        """Announces a step."""
        self._description = description
        self._progress.update(self._task, description=description)

    def end(self, outcome: str) -> None:
        """Reports how the step went."""
        self._progress.advance(self._task)
        if self._progress.disable:
            print(f"{self._description}: {outcome}", file=sys.stderr, flush=True)


class ComparisonProgress(StepProgress):
    """The progress of a comparison's runs."""

    def __init__(self, steps: int, rounds: int):
        super().__init__(steps)
        self._rounds = rounds

    def before(self, step: Step) -> None:
        """Announces a run."""
        self.begin(
            f"round {step.round}/{self._rounds}, {step.workload.name}"
            f" {quantities.counted(step.clients, 'client')}, {step.contender.name}"
        )

    def after(self, _step: Step, outcome: str) -> None:
        """Reports how a run went."""
        self.end(outcome)
