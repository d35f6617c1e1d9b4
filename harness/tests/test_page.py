import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser

import pytest

from echolab import page
from echolab.errors import CannotRun, LabError
from echolab.page import Alternative, Cell, Chart, Choice, Column, Command, Facts, Page, Panels
from echolab.page import Points, Section, Table

HOSTILE = "</script><script>alert('x')</script>"
COLUMNS = [Column("server", numeric=False), Column("CPU", hint="s/M")]
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "wbr"}


class Outline(HTMLParser):
    """The elements of a page, with their attributes, and whether each is closed in its order."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def of(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


def table(name: str = "poll", sortable: bool = False) -> Table:
    return Table("CPU an echo", COLUMNS, [[name, Cell("3.07", 3.07)]], sortable)


def chart(name: str = "poll") -> Chart:
    data = {"labels": [name], "datasets": [{"label": name, "data": [3.07]}]}
    return Chart(f"CPU of {name}", "Shorter is better.", {"type": "bar", "data": data}, table(name))


def rendered(*blocks: page.Block) -> str:
    return page.render(Page("Title", "subtitle", [Section("A heading", blocks)]))


def test_every_kind_of_block_is_rendered_in_order():
    html = rendered(
        "a paragraph",
        Points(["a point"]),
        Facts([("kernel", "6.18")]),
        Command("./lab compare"),
        Choice("Workload", [Alternative("busy", "all busy", [Panels([chart()])])]),
        table(),
    )
    shown = ["a paragraph", "a point", "6.18", "./lab", "all busy", "CPU of poll", "3.07"]
    places = [html.index(text) for text in shown]
    assert places == sorted(places)


def test_elements_are_closed_and_addresses_unique():
    outline = Outline(rendered(chart(), table(sortable=True), Points(["a"])))
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_hostile_name_is_text_everywhere():
    html = rendered(HOSTILE, chart(HOSTILE), table(HOSTILE), Points([HOSTILE]))
    assert "<script>alert" not in html
    # The charts, Chart.js, the page's own
    assert len(Outline(html).of("script")) == 2 + len(page.SCRIPTS)


def test_the_configurations_are_json_that_survives_its_embedding():
    html = rendered(chart(HOSTILE))
    (embedded,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html)
    assert json.loads(embedded)[0]["configuration"]["data"]["labels"] == [HOSTILE]


def test_the_page_loads_nothing():
    outline = Outline(rendered(chart()))
    assert not outline.of("link") and not outline.of("img")
    for _, attributes in outline.elements:
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")


def test_only_the_pages_own_script_and_style_may_run():
    html = rendered(chart())
    (policy,) = [m["content"] for m in Outline(html).of("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    inline = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", html, re.DOTALL)
    assert len(inline) == 2 + len(page.SCRIPTS)  # the style, Chart.js, the page's own
    for source in inline:
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_every_chart_is_an_image_with_a_name_and_a_table():
    outline = Outline(rendered(Panels([chart("poll"), chart("select")])))
    canvases = outline.of("canvas")
    assert [c["aria-label"].split(".")[0] for c in canvases] == ["CPU of poll", "CPU of select"]
    assert all(c["role"] == "img" for c in canvases)
    assert len(outline.of("table")) == len(canvases)


def test_headings_of_tables_say_what_they_head():
    outline = Outline(rendered(table(sortable=True)))
    assert [th["scope"] for th in outline.of("th")] == ["col", "col", "row"]
    assert [th.get("aria-sort") for th in outline.of("th")] == ["none", "none", None]


def test_a_figure_is_sorted_by_its_value_not_by_its_text():
    assert {"class": "number", "data-order": "3.07"} in Outline(rendered(table())).of("td")


def palettes() -> dict[str, dict[str, str]]:
    """Returns the colours of page.css by name, of the light scheme and of the dark one."""
    style = (page.TEMPLATE / "page.css").read_text()
    light, dark = style.split("prefers-color-scheme: dark", 1)
    colours = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    return {"light": dict(colours.findall(light)), "dark": dict(colours.findall(dark))}


def luminance(colour: str) -> float:
    """Returns the relative luminance (WCAG 2.1)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_curves_stand_out_from_what_they_lie_on(scheme):
    palette = palettes()[scheme]
    for text in ("ink", "quiet", "accent", "alarm"):
        for ground in ("paper", "raised"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for name in palette:
        if name.startswith("series-") or name == "plain":
            assert contrast(palette[name], palette["paper"]) >= 3, name
    for shade, ink in zip(range(5), ("ink", "ink", "ink", "shade-ink", "shade-ink")):
        assert contrast(palette[f"shade-{shade}"], palette[ink]) >= 4.5, shade


@pytest.mark.parametrize("missing", ["jinja2", "Chart.js"])
def test_a_missing_package_is_one_line_with_its_remedy(missing, monkeypatch, tmp_path):
    if missing == "jinja2":
        monkeypatch.setitem(sys.modules, "jinja2", None)
    else:
        monkeypatch.setattr(page, "CHART_LIBRARY", tmp_path / "none.js")
    with pytest.raises(CannotRun, match=f"need.* .*{missing}.*apt-get install"):
        rendered(chart())


def test_a_file_that_cannot_be_written_is_reported(tmp_path):
    with pytest.raises(LabError, match="cannot write .*: Is a directory"):
        page.write(Page("Title", "", []), tmp_path)
