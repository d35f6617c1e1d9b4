"""The contents of a report, from its title to its last row."""

import datetime
from collections.abc import Mapping
from typing import Any

from echolab.page import Page, Points, Section
from echolab.report.baseline import baseline_section
from echolab.report.company import held_section, isolation_section
from echolab.report.connections import connections_section
from echolab.report.families import in_families
from echolab.report.latency import latency_section
from echolab.report.measured import Measured
from echolab.report.overview import failures, overview
from echolab.report.provenance import provenance_section
from echolab.report.ranking import ranking_section
from echolab.report.rows import medians_section, runs_section


def report_of(document: Mapping[str, Any], scale: Mapping[str, Any] | None = None) -> Page:
    """Returns the page of a comparison's JSON, and of a `./lab scale`'s if there is one."""
    measured = Measured(document)
    groups = in_families(measured.servers)
    sections = (
        _findings(measured),
        overview(measured),
        ranking_section(measured),
        baseline_section(measured),
        latency_section(measured, groups),
        connections_section(measured, groups, scale),
        isolation_section(measured),
        held_section(measured),
        provenance_section(measured),
        medians_section(measured),
        runs_section(measured),
    )
    return Page(
        "Echo servers compared",
        _subtitle(measured),
        [section for section in sections if section],
        _facts(measured),
        measured.environment.get("command_line") or "",
    )


def _findings(measured: Measured) -> Section | None:
    failed, found = failures(measured), [finding["text"] for finding in measured.findings]
    blocks = [Points(failed, tone="alarm")] if failed else []
    blocks += [Points(found)] if found else []
    return Section("Findings", blocks) if blocks else None


def _subtitle(measured: Measured) -> str:
    parts = [
        _counted(len(measured.servers), "server"),
        _counted(len({point.workload for point in measured.points}), "workload"),
        _counted(measured.rounds, "round"),
    ]
    date = measured.environment.get("date")
    return ", ".join(parts) + (f" · {_moment(date)}" if date else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _moment(date: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(date)
    except ValueError:
        return date
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _facts(measured: Measured) -> list[tuple[str, str]]:
    environment = measured.environment
    build, load = environment.get("build") or {}, environment.get("load_average") or [None]
    cores = environment.get("cores")
    options = " ".join(environment.get("server_options") or [])
    facts = [
        ("Processor", environment.get("cpu")),
        ("Cores", "a core each for server and clients" if environment.get("pinning")
         else cores and f"{cores}, shared by server and clients"),
        ("Kernel", environment.get("kernel") and f"Linux {environment['kernel']}"),
        ("Load at the start", load[0] is not None and f"{load[0]:g}"),
        ("Built with", build and f"{build.get('compiler')} {build.get('flags')}"),
        ("Options of the models", options),
    ]  # fmt: skip
    return [(name, str(value)) for name, value in facts if value]
