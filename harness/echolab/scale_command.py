"""The scale command: builds, weighs, prints, keeps."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from echolab import quantities, results, scale_tables, tables
from echolab.environment import environment
from echolab.interrupts import Interrupted, orderly_ending
from echolab.limits import connections_possible
from echolab.lineup import line_up, two_cores
from echolab.measurement import Cores
from echolab.scale import Scaling, document, sizes
from echolab.scale_page import write_page
from echolab.ui import StepProgress


def weigh_connections(
    servers: Sequence[str],
    commands: Sequence[str],
    most: int,
    pin: bool,
    json_file: Path | None,
    html_file: Path | None,
) -> int:
    """Carries out the command `./lab scale`, and returns its exit status."""
    cores = two_cores() if pin else Cores()
    with orderly_ending():
        lineup = line_up(servers, commands)
        surroundings = environment(lineup.programs, cores)
        possible, cut_short = connections_possible(most)
        scaling = Scaling(lineup.loadgen, cores)
        interruption = None
        # Two at each size, but one at the least, where 10 busy ones are all.
        with StepProgress(len(lineup.contenders) * (2 * len(sizes(possible)) - 1)) as progress:
            try:
                _carry_out(scaling, lineup.contenders, possible, progress)
            except Interrupted as signal:
                interruption = signal
        remarks = [*scaling.remarks, *([cut_short] if cut_short else [])]
        if scaling.points:
            _show(scaling, remarks)
        result = document(surroundings, scaling.points, remarks)
        if json_file:
            results.write(result, json_file)
        if html_file and scaling.points:
            write_page(result, scaling.points, html_file)
    if interruption:
        print(f"lab: {interruption}: the above is what was measured before", file=sys.stderr)
        return interruption.exit_status
    return 1 if any(point.failed for point in scaling.points) else 0


def _carry_out(
    scaling: Scaling, contenders: Sequence, possible: int, progress: StepProgress
) -> None:
    for contender, connections, busy in scaling.steps(contenders, possible):
        count = quantities.counted(connections, "connection")
        progress.begin(f"{contender.name}, {count}, {'all' if busy == connections else busy} busy")
        progress.end(scaling.measure(contender, connections, busy))


def _show(scaling: Scaling, remarks: Sequence[str]) -> None:
    console = tables.output_console()
    scale_tables.print_tables(console, scaling.points)
    tables.show(console)
    failures = {
        point.server: f"FAILED at {point.connections:,} connections: {point.void_reason}"
        for point in scaling.points
        if point.failed
    }
    for line in (*failures.values(), *remarks):
        tables.show(console, Text(line))
    tables.show(console, Text(scale_tables.how_it_was_taken(scaling.points)))
