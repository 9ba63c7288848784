"""Finding and starting the browser, and the two questions every page is asked."""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
THEMES = ("light", "dark")
PHONE = 360
DESK = 1280


def find() -> str:
    """The browser's path. Without one the tests are skipped, but never where CI is set."""
    named = os.environ.get("EARMARK_CHROMIUM", "")
    found = named or next((path for path in map(shutil.which, NAMES) if path), "")
    if found:
        return found
    advice = "No Chromium here: apt-get install chromium, or set EARMARK_CHROMIUM to its path."
    if os.environ.get("CI"):
        pytest.fail(advice)
    pytest.skip(advice)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)


def context_for(
    browser: Browser, base_url: str, *, theme: str, width: int, scripts: bool = True
) -> BrowserContext:
    context = browser.new_context(
        base_url=base_url,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(10_000)
    return context


def violations(page: Page) -> list[str]:
    """What axe holds against the page as it stands, one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']} at {node['target']}" for one in found for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, width)


def picture(page: Page, name: str) -> None:
    """Keeps a screenshot in the folder that EARMARK_SCREENSHOTS names, when it names one."""
    folder = os.environ.get("EARMARK_SCREENSHOTS", "")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
