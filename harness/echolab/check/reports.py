"""An examination for programs: JSON, JUnit, Markdown, and the timelines of the wire."""

import enum
import json
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

from echolab.check.diagnosis import Diagnosis
from echolab.check.outcomes import Outcome, Verdict
from echolab.check.registry import Check
from echolab.check.transcript import Step
from echolab.check.verdict import Examination

SCHEMA = "echolab/check/v1"
HEX_BYTES = 16  # a line of a dump


def as_dictionary(examination: Examination) -> dict[str, Any]:
    """Returns the examination as docs/check-format.md describes it."""
    pairs = zip(examination.checks, examination.outcomes)
    return {
        "schema": SCHEMA,
        "server": examination.server,
        "verdict": examination.conformance.value,
        "seconds": round(examination.seconds, 3),
        "checks": [_check(check, outcome) for check, outcome in pairs],
        "diagnoses": [_diagnosis(diagnosis) for diagnosis in examination.diagnoses],
    }


def _check(check: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "verdict": outcome.verdict.value,
        "requirement": check.requirement.number,
        "level": check.requirement.level,
        "message": outcome.message,
        "evidence": {name: _plain(value) for name, value in outcome.facts.items()},
        "steps": [str(step) for step in outcome.steps],
        "server_end": outcome.server_end,
        "seconds": round(outcome.seconds, 3),
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    bug = diagnosis.bug
    return {
        "bug": bug.id,
        "title": bug.title,
        "confidence": diagnosis.finding.confidence.value,
        "evidence": diagnosis.finding.evidence,
        "hint": {"question": bug.question, "pointer": bug.pointer, "remedy": bug.remedy},
        "checks": list(diagnosis.checks),
        "may_disappear_with": diagnosis.hidden_by,
    }


def _plain(value: Any) -> Any:
    """Returns a fact as JSON has it; bytes as Python writes them."""
    if isinstance(value, bytes):
        return repr(value[:256])
    if isinstance(value, enum.Enum):
        return value.name.lower()
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def write_json(examination: Examination, path: Path) -> None:
    """Writes the examination as JSON."""
    path.write_text(json.dumps(as_dictionary(examination), indent=2, ensure_ascii=False) + "\n")


def write_junit(examination: Examination, path: Path) -> None:
    """Writes the examination as JUnit's XML, a test case a check."""
    suite = xml.Element("testsuite", name=f"echolab check {examination.server}")
    failed = {outcome.check_id for _, outcome in examination.failures()}
    for check, outcome in zip(examination.checks, examination.outcomes):
        case = xml.SubElement(
            suite,
            "testcase",
            classname=check.group,
            name=f"{check.id} {check.title}",
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.check_id in failed:
            message = _xml_safe(outcome.message)
            steps = "\n".join(map(str, outcome.steps))
            xml.SubElement(case, "failure", message=message).text = _xml_safe(steps)
        elif outcome.verdict in (Verdict.SKIPPED, Verdict.INCONCLUSIVE):
            reason = f"{outcome.verdict.value}: {outcome.message}"
            xml.SubElement(case, "skipped", message=_xml_safe(reason))
    counts = {
        "tests": len(examination.checks),
        "failures": len(failed),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _xml_safe(text: str) -> str:
    """Replaces what XML 1.0 cannot hold: control characters."""
    return "".join(c if c in "\n\t" or c >= " " else f"\\x{ord(c):02x}" for c in text)


def as_markdown(examination: Examination) -> str:
    """Returns the examination as Markdown, for a step summary or a hand-in."""
    lines = [f"# {examination.conformance.value.capitalize()}: `{examination.server}`", ""]
    if examination.diagnoses:
        lines += ["| bug | sure? | because | hint |", "|---|---|---|---|"]
        for d in examination.diagnoses:
            because = _cell(d.finding.evidence)
            cells = (f"**{d.bug.id}**: {d.bug.title}", d.finding.confidence.value, because)
            lines.append(f"| {' | '.join(cells)} | {d.bug.question} |")
        lines.append("")
    lines += ["| check | verdict | |", "|---|---|---|"]
    for check, outcome in zip(examination.checks, examination.outcomes):
        message = _cell(outcome.message.partition("\n")[0])
        lines.append(f"| {check.id} {check.title} | {outcome.verdict.value} | {message} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write_timelines(examination: Examination, directory: Path) -> None:
    """Writes what went over the wire in each check: when, whose, in hex and as text."""
    directory.mkdir(parents=True, exist_ok=True)
    for check, outcome in zip(examination.checks, examination.outcomes):
        if outcome.steps:
            text = f"{check.id}: {check.title}: {outcome.verdict.value}\n\n"
            text += "".join(map(_timeline_entry, outcome.steps))
            (directory / f"{check.id}.txt").write_text(text)


def _timeline_entry(step: Step) -> str:
    entry = f"{step.seconds:9.6f} s  {step}\n"
    return entry + "".join(f"{'':14}{line}\n" for line in hex_dump(step.data[:256]))


def hex_dump(data: bytes, offset: int = 0) -> list[str]:
    """Returns lines of offset, hex and text, as hexdump -C writes them; text is never a command."""
    lines = []
    for start in range(0, len(data), HEX_BYTES):
        piece = data[start : start + HEX_BYTES]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{offset + start:08x}  {piece.hex(' '):<{3 * HEX_BYTES}} |{text}|")
    return lines
