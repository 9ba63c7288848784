"""The pages of a review's record in a real browser: stops, documents, questions, the report."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.releases.checklist_answers import attach_document
from apps.releases.models import Stop
from apps.releases.stops import place_stop
from tests.browser.chromium import DESK, PHONE, THEMES, overflow, picture, violations
from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import make_draft, make_published, make_release

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/datasets/acme/tones/"


def furnish(people: Cast, base: Path) -> None:
    release = make_published(people, base / "one")
    make_release(people, make_draft(people, base / "two", name="more"))
    clip = release.dataset.clips.get(path="field/000.wav")
    place_stop(actor=people.cleo, dataset=release.dataset, reason="A name is said.", clip=clip)
    attach_document(
        actor=people.ada,
        dataset=release.dataset,
        kind="ethics",
        title="Vote 12 of the ethics board",
        content=b"Approved.\n",
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_every_page_of_the_record_is_accessible(
    open_page: OpenPage, people: Cast, tmp_path: Path, theme: str, width: int
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    furnish(people, tmp_path)
    wrong = {}
    for address in (
        f"{BASE}stops/",
        f"{BASE}documents/",
        f"{BASE}releases/1.0.0/",
        f"{BASE}releases/1.0.0/report/",
        "/datasets/acme/more/releases/1.0.0/checklist/",
    ):
        page = open_page(address, user=people.ada, theme=theme, width=width)
        expect(page.locator("h1")).to_be_visible()
        picture(page, f"record-{address.strip('/').replace('/', '-')}-{theme}-{width}")
        found = (violations(page), overflow(page))
        if any(found):
            wrong[address] = found
    assert wrong == {}


def test_a_second_person_confirms_and_opens_again(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    furnish(people, tmp_path)
    page = open_page(f"{BASE}releases/1.0.0/", user=people.olga)
    expect(page.get_by_text("closed by a privacy officer of acme").first).to_be_visible()
    page = open_page(f"{BASE}stops/", user=people.cleo)
    expect(page.get_by_text("You placed it")).to_be_visible()
    page = open_page(f"{BASE}stops/", user=people.ada)
    page.get_by_role("button", name="Confirm: it has to stay closed").click()
    expect(page.get_by_text("It stays closed until somebody lifts it")).to_be_visible()
    page.get_by_role("button", name="Open again …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The name is of a place.")
    dialog.get_by_role("button", name="Open again", exact=True).click()
    expect(page.get_by_text("is open again")).to_be_visible()
    assert Stop.objects.in_force().count() == 0
