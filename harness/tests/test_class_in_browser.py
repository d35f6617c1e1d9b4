"""The overview of a class as its lecturer has it: in Chromium, without a network."""

import functools

import pytest
from browsing import DESKTOP, OVERFLOW, PHONE, chromium, column_of, load, needs_chromium
from invented_grades import HOSTILE, LAB, a_class
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from echolab import page
from echolab.grading.class_page import page_of

pytestmark = needs_chromium
SHOWN = "return [...arguments[0].tBodies[0].rows].filter((row) => !row.hidden).length"


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("class") / "class.html"
    page.write(page_of(LAB, a_class(), "./lab grade 03 --all class", "today"), path)
    return path


@pytest.fixture
def show(browser, file):
    """Loads the overview in a window of that size and colour scheme; returns the browser."""
    return functools.partial(load, browser, file)


def table_of(browser, section):
    return browser.find_element(By.CSS_SELECTOR, f"section[aria-labelledby={section}] table")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_it_fits_every_window_and_a_students_name_is_only_text(show, size, scheme):
    browser = show(size, scheme)
    assert browser.get_log("browser") == []
    assert browser.execute_script(OVERFLOW) <= 0
    assert HOSTILE in column_of(table_of(browser, "the-class"), 0)


def test_scores_are_sorted_as_numbers_and_who_has_none_is_last(show):
    table = table_of(show(), "the-class")
    table.find_elements(By.CSS_SELECTOR, "thead button")[1].send_keys(Keys.ENTER)
    *scores, last = column_of(table, 1)
    assert [float(score) for score in scores] == sorted(map(float, scores)) and last == "–"


def test_a_name_chooses_what_that_student_has_lost(show):
    browser = show()
    table = table_of(browser, "what-was-lost")
    filters = browser.find_elements(By.CSS_SELECTOR, ".filter input")
    filters[-1].send_keys("unsure")
    assert browser.execute_script(SHOWN, table) == 1


def test_paper_has_the_whole_class(show):
    browser = show(media="print")
    visible = "return [...arguments[0].tBodies[0].rows].every((row) => row.offsetHeight > 0)"
    assert browser.execute_script(visible, table_of(browser, "the-class"))
