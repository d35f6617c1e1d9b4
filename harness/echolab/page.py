"""Pages: one self-contained HTML file of text, charts and tables that opens offline.

What is here knows nothing of servers. The template, the style and the script lie in
page_template/. The file loads nothing: Chart.js is inlined, and the page's own
Content-Security-Policy forbids the network (W3C CSP Level 3).
"""

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from echolab.errors import CannotRun, LabError

TEMPLATE = Path(__file__).parent / "page_template"
SCRIPTS = (
    "quantities series annotations scales configuration legend choices tables page"
).split()  # in the order in which they need one another
CHART_LIBRARY = Path("/usr/share/javascript/chart.js/chart.min.js")  # Debian's libjs-chart.js
REMEDY = "sudo apt-get install -y --no-install-recommends"


@dataclass(frozen=True)
class Cell:
    """What a table shows, and by what a column of it is sorted; `tone`: "", "quiet" or "alarm"."""

    text: str
    order: float | None = None
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """`hint` says in a few words what the figures are; it stands under the title.

    A column of `prose` is broken into lines.
    """

    title: str
    numeric: bool = True
    hint: str = ""
    prose: bool = False


@dataclass(frozen=True)
class Table:
    """The first cell of each row names the row. A sortable table's headings are buttons.

    `look`: "" or "matrix", whose cells have a tone "shade-0" to "shade-4", the best the lightest.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | str]]
    sortable: bool = False
    look: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart of Chart.js 3, and under it its table, which holds the same figures.

    `configuration` is Chart.js's, as JSON, without colours and functions, since those belong to
    the page. page_template/ adds them, and understands besides:

    - of a data set: `series` (0, 1, ...: its colour, dash and marker; "plain": the one colour of a
      chart without series; "context": thin and grey), `ranges` ([low, high] for each bar, drawn
      as whiskers), `notes` (a text for each bar, written at its end) and `outlined` (bars that
      touch are told apart);
    - of a scale: `quantity`, one of "duration" (microseconds), "size" (bytes), "count", "rate",
      "digits", "ratio" and "percentile" (whose values are 1 / (1 - p), as HdrHistogram's axis
      has them), which decides the ticks and how values are written; `ticks`: where the ticks are,
      instead.

    `reading` says in a sentence how to read it, and which direction is better; `height` is in
    CSS pixels. `heading` stands above it, or else the title; "": nothing, since what stands around
    it says it.
    """

    kind: ClassVar[str] = "chart"
    title: str
    reading: str
    configuration: dict[str, Any]
    table: Table
    height: int = 320
    heading: str | None = None
    table_open: bool = False


@dataclass(frozen=True)
class Panels:
    """Charts side by side, where there is room; the reading is that of all."""

    kind: ClassVar[str] = "panels"
    charts: Sequence[Chart]
    reading: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences; `tone`: "" or "alarm"."""

    kind: ClassVar[str] = "points"
    texts: Sequence[str]
    tone: str = ""


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    kind: ClassVar[str] = "facts"
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Command:
    """A command line."""

    kind: ClassVar[str] = "command"
    text: str


@dataclass(frozen=True)
class Choice:
    """Alternatives, of which the screen shows one and paper all.

    Choosing a name chooses it in every other choice of the page that has it, too.
    """

    kind: ClassVar[str] = "choice"
    legend: str
    alternatives: Sequence["Alternative"]


@dataclass(frozen=True)
class Alternative:
    """`name` labels the button, `heading` stands above its blocks."""

    name: str
    heading: str
    blocks: Sequence["Block"]


Block: TypeAlias = str | Table | Chart | Panels | Points | Facts | Command | Choice


@dataclass(frozen=True)
class Section:
    """A heading and what follows it; a text is a paragraph. `short` is its name in the menu."""

    heading: str
    blocks: Sequence[Block]
    short: str = ""

    @property
    def anchor(self) -> str:
        """The section's address within the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.heading.lower()).strip("-")


@dataclass(frozen=True)
class Page:
    """A whole page; `facts` and `command` stand under its title."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]] = ()
    command: str = ""


@dataclass
class _Numbers:
    """Numbers the charts and the choices as the template meets them."""

    charts: list[Chart] = field(default_factory=list)
    choices: Iterator[int] = field(default_factory=itertools.count)

    def chart(self, chart: Chart) -> int:
        self.charts.append(chart)
        return len(self.charts) - 1

    def choice(self) -> int:
        return next(self.choices)


def render(page: Page) -> str:
    """Returns the page as HTML; raises CannotRun if a package is missing that it needs."""
    try:
        import jinja2
    except ImportError:
        raise CannotRun(f"pages need python3-jinja2: {REMEDY} python3-jinja2") from None
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["cell"] = lambda cell: Cell(cell) if isinstance(cell, str) else cell
    numbers = _Numbers()
    # The body first: it numbers the charts, whose configurations then follow it.
    body = templates.get_template("body.html").render(page=page, numbers=numbers)
    scripts = [_chart_library(), *(_source(f"{name}.js") for name in SCRIPTS)]
    style = _source("page.css")
    return templates.get_template("page.html").render(
        page=page,
        body=body,
        charts=_embeddable_json([_drawing(chart) for chart in numbers.charts]),
        scripts=scripts,
        style=style,
        script_hashes=[_hash(script) for script in scripts],
        style_hash=_hash(style),
    )


def write(page: Page, path: Path) -> None:
    """Writes the page to `path`; raises LabError if that is impossible."""
    html = render(page)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None


def _drawing(chart: Chart) -> dict[str, Any]:
    return {"configuration": chart.configuration, "height": chart.height}


def _chart_library() -> str:
    try:
        source = CHART_LIBRARY.read_text(encoding="utf-8")
    except OSError:
        raise CannotRun(f"pages need Chart.js: {REMEDY} libjs-chart.js") from None
    without_map = re.sub(r"^//# sourceMappingURL=.*$", "", source, flags=re.MULTILINE)
    return _embeddable_script(without_map)


def _source(name: str) -> str:
    return _embeddable_script((TEMPLATE / name).read_text(encoding="utf-8"))


def _embeddable_script(source: str) -> str:
    """Returns a script that does not end the element around it (HTML, 4.12.1.3)."""
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--").strip()


def _embeddable_json(value: Any) -> str:
    """Returns JSON in which nothing can be taken for a tag."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(source: str) -> str:
    """Returns the name by which a Content-Security-Policy allows an inline source."""
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
