"""Taking a part of a release: what is chosen is counted, made and taken."""

import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import make_published
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_part_is_chosen_made_in_a_flavour_and_downloaded(
    people: Cast, open_page: OpenPage, tmp_path: Path
) -> None:
    make_published(people, tmp_path)
    page = open_page("/datasets/acme/tones/releases/1.0.0/", user=people.ada)
    page.get_by_role("link", name="Take a part").click()
    amount = page.locator("#part-amount")
    expect(amount.locator("dl").first).to_contain_text("4")
    page.get_by_label("tone-0").check()
    expect(amount.locator("dl").first).to_contain_text("2")
    page.get_by_label("Rate").select_option("8000")
    page.get_by_role("button", name="Have it made").click()
    expect(amount).to_contain_text("Waiting for a worker")
    work_off()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download as tar").click(timeout=15_000)
    with tarfile.open(taken.value.path()) as tar:
        audio = [name for name in tar.getnames() if "/audio/" in name]
    assert [Path(name).name for name in audio] == ["000.wav.flac", "003.wav.flac"]
