"""The report as a reader has it: in Chromium, without a network. Skipped where that is missing."""

import functools

import pytest
from browsing import (
    DESKTOP,
    OVERFLOW,
    PATIENCE,
    PHONE,
    chromium,
    column_of,
    load,
    needs_chromium,
)
from invented_results import HOSTILE, document
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from echolab import report

MODELS = "iterative thread-per-client select poll epoll asio-callbacks io-uring prefork".split()
pytestmark = needs_chromium

# Colours of a canvas: what was drawn has more than the one that says "nothing here".
COLOURS = """
return [...document.querySelectorAll("canvas")].map((canvas) => {
  const { width, height } = canvas;
  const pixels = new Uint32Array(
    canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
  return new Set(pixels).size;
});
"""
# Of each choice the names of those alternatives that are in sight.
IN_SIGHT = """
return [...document.querySelectorAll(".choice")].map((choice) =>
  [...choice.querySelectorAll(":scope > .alternative")]
    .filter((one) => getComputedStyle(one).visibility === "visible" && one.clientHeight > 0)
    .map((one) => one.dataset.name));
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    result = document([*MODELS, HOSTILE], rounds=1, names=("busy", "mostly-idle", "concurrency"))
    report.write_report(result, path)
    return path


@pytest.fixture
def show(browser, file):
    """Loads the report in a window of that size and colour scheme; returns the browser."""
    return functools.partial(load, browser, file)


def test_it_loads_without_a_network_and_without_a_complaint(show):
    browser = show()
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def _colours_of_all(browser) -> list[int] | None:
    """Returns the number of colours of each chart, or None while some are still to be drawn."""
    drawn = browser.execute_script("return document.querySelectorAll('canvas[style]').length")
    charts = browser.execute_script("return document.querySelectorAll('canvas').length")
    return browser.execute_script(COLOURS) if drawn == charts else None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn(show, scheme):
    browser = show(scheme=scheme)
    colours = WebDriverWait(browser, PATIENCE).until(_colours_of_all)
    assert len(colours) > 30 and min(colours) > 5


@pytest.mark.parametrize("scheme, paper", [("light", "255, 255, 255"), ("dark", "20, 23, 27")])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_sticks_out_of_the_window_and_the_paper_is_as_its_reader_likes_it(
    show, size, scheme, paper
):
    browser = show(size, scheme)
    assert browser.execute_script(OVERFLOW) <= 0
    background = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(background) == f"rgb({paper})"


def test_a_click_sorts_a_table_and_another_one_turns_it_round(show):
    table = show().find_elements(By.CSS_SELECTOR, "table.sortable")[-1]
    heading = table.find_elements(By.CSS_SELECTOR, "thead th")[0]
    before = column_of(table, 0)
    for state, order in (("ascending", sorted(before)), ("descending", sorted(before)[::-1])):
        heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert heading.get_attribute("aria-sort") == state
        assert column_of(table, 0) == order != before


def test_figures_are_sorted_by_value_and_what_was_not_measured_is_last(show):
    table = show().find_elements(By.CSS_SELECTOR, "table.sortable")[-1]
    headings = table.find_elements(By.CSS_SELECTOR, "thead th")
    (place,) = [n for n, one in enumerate(headings) if one.text.startswith("echoes/s")]
    headings[place].find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    shown = column_of(table, place)
    figures = [float(text.removesuffix("k")) for text in shown if text.endswith("k")]
    assert figures == sorted(figures) and shown[-1] == "–"


def test_words_choose_rows_of_a_long_table(show):
    browser = show()
    table = browser.find_elements(By.CSS_SELECTOR, "table.sortable")[-1]
    browser.find_elements(By.CSS_SELECTOR, ".filter input")[-1].send_keys("epoll busy")
    rows = "return [...arguments[0].tBodies[0].rows].filter((row) => !row.hidden)"
    names = f"{rows}.map((row) => row.cells[0].textContent)"
    WebDriverWait(browser, PATIENCE).until(
        lambda it: it.execute_script(names, table) == ["epoll", "epoll"],
        "not two rows, with 10 clients and with 100",
    )
    assert browser.find_elements(By.CSS_SELECTOR, ".filter output")[-1].text.startswith("2 of ")


def test_a_key_chooses_a_workload_in_all_choices_that_have_it(show):
    browser = show()
    first = browser.execute_script(IN_SIGHT)
    browser.find_element(By.CSS_SELECTOR, "input[type=radio]").send_keys(Keys.ARROW_RIGHT)
    second = browser.execute_script(IN_SIGHT)
    assert first == [["busy 10"], ["busy 10"], ["Memory"]]
    assert second == [["busy 100"], ["busy 100"], ["Memory"]]


def test_paper_shows_all_alternatives(show):
    names = show(media="print").execute_script(IN_SIGHT)
    assert [len(one) for one in names] == [4, 4, 3]


def test_a_curve_is_hidden_by_its_button(show):
    browser = show()
    WebDriverWait(browser, PATIENCE).until(_colours_of_all)
    button = browser.find_element(By.CSS_SELECTOR, ".alternative:not(.off) .legend button")
    drawn = "return arguments[0].closest('figure').querySelector('canvas').toDataURL()"
    before = browser.execute_script(drawn, button)
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-pressed") == "false"
    WebDriverWait(browser, PATIENCE).until(lambda it: it.execute_script(drawn, button) != before)


def test_a_change_of_the_colour_scheme_recolours_the_charts(show):
    browser = show(scheme="light")
    drawn = "return document.querySelector('canvas').toDataURL()"
    before = browser.execute_script(drawn)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    WebDriverWait(browser, PATIENCE).until(lambda it: it.execute_script(drawn) != before)


def test_the_first_stop_of_the_keyboard_leads_to_the_content(show):
    browser = show()
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    link = browser.switch_to.active_element
    assert link.get_attribute("href").endswith("#content")
    assert browser.execute_script("return arguments[0].getBoundingClientRect().left", link) >= 0
