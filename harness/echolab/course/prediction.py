"""The predict and reveal commands: what a reader expects, kept, and held against measurements."""

import datetime
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

from echolab.course.labs import Lab, Question, questions
from echolab.course.registry import Measurement, find_measurement
from echolab.errors import BadUsage, CannotRun, LabError
from echolab.server_process import ServerCannotRun

WIDTH = 79

Ask = Callable[[str], str]
Say = Callable[[str], None]


def predict(lab: Lab, file: Path, ask: Ask, say: Say) -> None:
    """Asks the lab's questions, and keeps the answers in `file`; an empty answer is a pass."""
    kept = _read(file)
    answers = kept.setdefault(lab.number, {})
    say(f"{lab.title}: what do you expect? An empty answer passes.")
    for number, question in enumerate(questions(lab), 1):
        say("\n" + _numbered(number, question))
        text = _ask_until_understood(find_measurement(question.name), ask, say)
        if text:
            now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            answers[question.name] = {"answer": text, "at": now}
        else:
            answers.pop(question.name, None)
        _write(file, kept)  # after each, so that who is interrupted has lost nothing
    say(f"\nKept in {file}. Now do the lab; ./lab reveal {lab.number} measures the answers.")


def reveal(lab: Lab, file: Path, say: Say) -> None:
    """Measures the answers, and sets each beside what was predicted."""
    answers = _read(file).get(lab.number, {})
    if not answers:
        raise LabError(f"{file} holds no answers to lab {lab.number}: ./lab predict {lab.number}")
    for number, question in enumerate(questions(lab), 1):
        say(_numbered(number, question))
        _reveal_one(question, answers.get(question.name, {}).get("answer"), say)
        say("")


def _reveal_one(question: Question, answer: str | None, say: Say) -> None:
    measurement = find_measurement(question.name)
    say(f"   you:      {answer or '(passed)'}")
    try:
        measured = measurement.measure()
    except (CannotRun, ServerCannotRun) as reason:
        say(f"   measured: not on this machine: {reason}")
        return
    say(f"   measured: {measured.seen}")
    if answer:
        say(f"   {measurement.kind.compare(measurement.kind.read(answer), measured.value)}")


def _numbered(number: int, question: Question) -> str:
    return textwrap.fill(f"{number}. {question.text}", width=WIDTH, subsequent_indent="   ")


def _ask_until_understood(measurement: Measurement, ask: Ask, say: Say) -> str:
    while text := ask(f"   ({measurement.kind.asked}) ").strip():
        try:
            measurement.kind.read(text)
            return text
        except ValueError as error:
            say(f"   {error}")
    return ""


def _read(file: Path) -> dict:
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text())
        if isinstance(kept, dict):
            return kept
        reason = "it holds no predictions"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise BadUsage(f"cannot read {file}: {reason}: mend it, or move it away")


def _write(file: Path, kept: dict) -> None:
    try:
        file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise LabError(f"cannot keep the answers in {file}: {error.strerror}") from None
