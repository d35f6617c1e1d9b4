"""Pages in Chromium, without a network. Who imports this is skipped where that is missing."""

import contextlib
import shutil

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

DRIVER = shutil.which("chromedriver")
PATIENCE = 60  # seconds: a loaded machine starts a browser slowly
DESKTOP, PHONE = (1280, 900), (360, 740)
OVERFLOW = "return document.documentElement.scrollWidth - window.innerWidth"
needs_chromium = pytest.mark.skipif(
    not (DRIVER and shutil.which("chromium")), reason="chromium-driver is not installed"
)


@contextlib.contextmanager
def chromium():
    """Gives a browser that has no network."""
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        yield driver
    finally:
        driver.quit()


def load(browser, file, size=DESKTOP, scheme="light", media=""):
    """Loads a page in a window of that size and colour scheme; returns the browser."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    emulated = {"media": media, "features": features}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    browser.get(file.as_uri())
    WebDriverWait(browser, PATIENCE).until(
        lambda it: it.find_elements(By.CSS_SELECTOR, "html[data-ready]")
    )
    return browser


def column_of(table, number: int) -> list[str]:
    """Returns the texts of a column of a table."""
    rows = "return [...arguments[0].tBodies[0].rows]"
    cells = f"{rows}.map((row) => row.cells[{number}].textContent)"
    return table.parent.execute_script(cells, table)
