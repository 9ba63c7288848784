"""Pages in a real Chromium, against a real server with the tests' database behind it."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from tests.browser.chromium import DESK, context_for, launch
from tests.cast import Cast, assemble

# Playwright's loop runs in the tests' own thread; the rows are touched there and nowhere else.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return assemble()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Opens an address as a person, in a theme and a width.

    Nothing may go wrong in the console, unless the test says that something fails.
    """
    contexts = []
    complaints: list[str] = []

    def go(
        path: str,
        *,
        user: User | None = None,
        theme: str = "light",
        width: int = DESK,
        scripts: bool = True,
        fails: bool = False,
    ) -> Page:
        context = context_for(browser, live_server.url, theme=theme, width=width, scripts=scripts)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
            name = django_settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        page = context.new_page()
        if fails:
            page.goto(path)
            return page
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints
