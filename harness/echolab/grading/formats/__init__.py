"""The forms in which a grade is written, for who reads it next."""

from collections.abc import Callable
from pathlib import Path

from echolab.errors import LabError
from echolab.grading.files import replace_file
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
        replace_file(path, render(grade, hints).encode())
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None
    return path
