"""Where the figures come from: the machine, its state, and the workloads."""

import shlex
from collections.abc import Sequence
from typing import Any

from echolab import quantities
from echolab.page import Cell, Column, Facts, Section, Table
from echolab.report.figures import NOTHING
from echolab.workloads import DEFAULT
from echolab.report.measured import Measured

NAMING = ("name", "description")
ACRONYMS = ("cpu", "smt")
COMMIT_DIGITS = 12
ALWAYS = ("clients", "bytes", "duration")
METHOD = (
    "Every echoed byte was compared with what was sent. CPU an echo is the server's own, read while"
    " the load generator waits: opening and closing connections is not counted, except with churn."
    " Memory is PSS: a page that n processes share counts 1/n in each."
    " docs/results-format.md describes every figure."
)
SHARED = (
    "Server and clients shared the cores: where the scheduler put them is in the echoes a second"
    " and in the latencies; compare CPU an echo first."
)


def provenance_section(measured: Measured) -> Section:
    """Returns how, where and with which workloads it was measured."""
    environment = measured.environment
    blocks: list[Any] = [METHOD]
    if environment and not environment.get("pinning"):
        blocks.append(SHARED)
    if facts := environment_facts(environment | {"seed of the order": measured.seed}):
        blocks.append(Facts(facts))
    if measured.commands:
        blocks.append(_commands(measured.commands))
    if measured.workloads:
        blocks.append(_workloads(measured.workloads))
    return Section("How it was taken", blocks)


def environment_facts(environment: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns all of the environment that is known, in words."""
    facts = []
    for name, value in _flat(environment):
        if value not in (None, "", [], {}):
            facts.append((_label(name), _plain(name, value)))
    return facts


def _flat(values: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Returns names and values; those within another one have its name before theirs."""
    flat = []
    for name, value in values.items():
        if name == "command_line":
            continue  # it stands under the title
        if isinstance(value, dict):
            flat += _flat(value, f"{above}{name} ")
        else:
            flat.append((f"{above}{name}", value))
    return flat


def _label(name: str) -> str:
    label = name.removesuffix("_bytes").replace("_", " ").replace("build build", "build")
    return label.upper() if label in ACRONYMS else label[0].upper() + label[1:]


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "commit":
        return value[:COMMIT_DIGITS] + ("+dirty" if value.endswith("+dirty") else "")
    if name.endswith("_bytes"):
        return quantities.size(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    return str(value)


def _workloads(workloads: Sequence[dict[str, Any]]) -> Table:
    """Returns the workloads' keys; those that all leave at their default are left out."""
    keys = [
        key
        for key in dict.fromkeys(key for workload in workloads for key in workload)
        if key in ALWAYS or key not in NAMING and any(_is_set(one, key) for one in workloads)
    ]
    columns = [Column("workload", numeric=False), *(Column(key.replace("_", " ")) for key in keys)]
    rows = [[one["name"], *(_parameter(one.get(key)) for key in keys)] for one in workloads]
    return Table("Workloads: durations in seconds, sizes in bytes", columns, rows)


def _commands(servers: Sequence[dict[str, Any]]) -> Table:
    """Returns how each server was started."""
    columns = [Column("server", numeric=False), Column("command", numeric=False)]
    rows = [[one["server"], shlex.join(one["command"])] for one in servers]
    return Table("Commands", columns, rows)


def _is_set(workload: dict[str, Any], key: str) -> bool:
    return workload.get(key) not in (getattr(DEFAULT, key, None), None, "")


def _parameter(value: Any) -> Cell:
    if value in (None, False, 0, "", []):
        return NOTHING
    if value is True:
        return Cell("yes")
    if isinstance(value, (list, tuple)):
        return Cell(", ".join(f"{number:,}" for number in value))
    return Cell(f"{value:g}" if isinstance(value, float) else str(value))
