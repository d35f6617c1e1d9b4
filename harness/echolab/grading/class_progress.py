"""The live progress of a class: who is being graded, and how the others came out."""

from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from echolab.grading.class_summary import as_line, one_line
from echolab.grading.gradebook import Entry


class ClassProgress:
    """Shows on stderr, as a context manager, a line for each who is done, and below who is not.

    Where stderr is no terminal there are only the lines.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("grading", total=0)
        self._running: Sequence[tuple[str, float]] = ()
        self._live = Live(
            get_renderable=self._shown, console=self._console, transient=True, auto_refresh=False
        )

    def __enter__(self) -> "ClassProgress":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_exception) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def expect(self, count: int) -> None:
        """So many more submissions are going to be graded."""
        self._bar.update(self._task, total=(self._bar.tasks[0].total or 0) + count)

    def look(self, running: Sequence[tuple[str, float]]) -> None:
        """These are being graded now, for so many seconds."""
        self._running = running
        if self._console.is_terminal:
            self._live.refresh()

    def after(self, entry: Entry) -> None:
        """One is over."""
        self._bar.advance(self._task)
        self._console.print(as_line(entry), markup=False, soft_wrap=True)

    def _shown(self) -> Table:
        rows = Table.grid(padding=(0, 2))
        rows.add_row(self._bar)
        for name, seconds in self._running:
            rows.add_row(Text(f"  {seconds:5.0f} s  {one_line(name)}"))
        return rows
