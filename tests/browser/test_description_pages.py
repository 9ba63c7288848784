"""The pages on which a dataset is described, its events verified and its versions numbered."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Membership
from datasets_catalog.roles import Role
from tests.browser.chromium import DESK, PHONE, overflow, picture, violations
from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import make_published, make_release

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/datasets/acme/tones/"


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_pages_are_accessible_and_fit(
    open_page: OpenPage, people: Cast, tmp_path: Path, width: int
) -> None:
    release = make_published(people, tmp_path)
    make_release(people, release.dataset, "1.0.1")
    Membership.objects.create(user=people.ada, organisation=people.acme, role=Role.VERIFIER)
    clip = release.dataset.clips.get(path="field/000.wav")
    wrong = {}
    for address in (
        f"{BASE}description/",
        f"{BASE}clips/{clip.uid}/",
        f"{BASE}releases/new/?propose=1",
        f"{BASE}releases/compare/?before=1.0.0&after=1.0.1",
        f"{BASE}releases/1.0.0/",
    ):
        page = open_page(address, user=people.ada, theme="light", width=width)
        expect(page.locator("h1")).to_be_visible()
        name = address.replace(str(clip.uid), "clip").strip("/").partition("?")[0]
        picture(page, f"description-{name.replace('/', '-')}-{width}")
        found = (violations(page), overflow(page))
        if any(found):
            wrong[address] = found
    assert wrong == {}
