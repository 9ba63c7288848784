"""The components every page is made of, each in all its states."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.browser.chromium import DESK, PHONE, THEMES, overflow, picture, violations
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def position(page: Page) -> float:
    seconds: float = page.evaluate("document.querySelector('audio').currentTime")
    return seconds


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_components_are_accessible_and_fit(open_page: OpenPage, theme: str, width: int) -> None:
    page = open_page("/styleguide/", theme=theme, width=width)
    picture(page, f"components-{theme}-{width}")
    assert violations(page) == []
    assert overflow(page) == 0


def test_the_theme_is_remembered_on_the_next_page(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", theme="light")
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.goto("/account/sign-in/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("Theme")).to_have_value("dark")


def test_the_first_tab_stop_leads_past_the_navigation(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_form_with_errors_takes_the_focus_to_its_summary(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Name").click()
    expect(page.locator("#id_bad-name")).to_be_focused()


def test_a_confirmation_opens_and_closes_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    opener = page.get_by_role("button", name="Publish 1.2.0 …")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Publish 1.2.0")
    expect(dialog).to_be_visible()
    submit = dialog.get_by_role("button", name="Publish", exact=True)
    dialog.get_by_label("Type 1.2.0 to confirm").fill("1.2")
    expect(submit).to_be_disabled()
    dialog.get_by_label("Type 1.2.0 to confirm").fill("1.2.0")
    expect(submit).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_shortcuts_are_listed_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Single keys work outside the waveform").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_the_player_plays_one_event_and_stops_at_its_end(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    page.get_by_role("button", name="Play Door from 0:03.050 to 0:03.200").click()
    toggle = page.locator("[data-play]")
    expect(toggle).to_have_attribute("aria-label", "Pause")
    expect(toggle).to_have_attribute("aria-label", "Play")
    assert position(page) == pytest.approx(3.2, abs=0.35)


def test_the_waveform_is_steered_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    page.locator("canvas").focus()
    page.keyboard.press("l")
    expect(page.locator(".player output")).to_have_text("0:02.00 / 0:04.00")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".player output")).to_have_text("0:01.00 / 0:04.00")


def test_the_player_is_plain_audio_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", scripts=False)
    expect(page.locator("audio[controls]")).to_be_visible()
    expect(page.locator("canvas")).to_be_hidden()


def test_the_theme_can_be_set_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/account/sign-in/", scripts=False)
    page.get_by_label("Theme").select_option("dark")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_components_are_not_shown_in_production(open_page: OpenPage, settings: Settings) -> None:
    settings.DEBUG = False
    page = open_page("/account/sign-in/")
    assert page.request.get("/styleguide/").status == 404
