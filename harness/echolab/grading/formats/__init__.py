"""The forms in which a grade is written, for who reads it next."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from echolab.errors import LabError
from echolab.grading.formats import classroom50, csv, gradescope, junit, markdown
from echolab.grading.grade import Grade

# By the name of the format: the name of its file, and how it is written.
FORMATS: dict[str, tuple[str, Callable[[Grade, str], str]]] = {
    "gradescope": ("results.json", gradescope.render),
    "classroom50": ("result.json", classroom50.render),
    "junit": ("junit.xml", junit.render),
    "csv": ("grade.csv", csv.render),
    "markdown": ("grade.md", markdown.render),
    "json": ("grade.json", lambda grade, _hints: grade.to_json() + "\n"),
}


def write(grade: Grade, name: str, directory: Path, hints: str) -> Path:
    """Writes a grade in a format; returns the file. Raises LabError where that cannot be."""
    file, render = FORMATS[name]
    path = directory / file
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _replace(path, render(grade, hints))
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
    return path


def _replace(path: Path, text: str) -> None:
    """Puts a new file in the place of what may be there: a link is replaced, never followed."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
