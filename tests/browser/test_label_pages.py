"""Pages of labels and splits in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.datasets.actions import import_vocabulary, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.ingest.label_imports import import_labels
from apps.publishing.release_publication import publish_release_here
from tests.browser.chromium import DESK, PHONE, THEMES, overflow, picture, violations
from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/datasets/acme/tones/"
TERMS = "code,name,parents,abstract\n/p,Pets,,true\n/d,Dog,/p,\n/b,Bark,/d,\n/c,Cat,/p,\n"


def furnish(people: Cast, base: Path) -> Dataset:
    dataset = make_draft(people, base, clips=3)
    vocabulary = import_vocabulary(actor=people.ada, name="animals", version="3", text=TERMS)
    dataset = update_dataset(actor=people.ada, dataset=dataset, changes={"vocabulary": vocabulary})
    one, two, three = Clip.objects.filter(dataset=dataset).order_by("path")
    table = base / "labels.csv"
    table.write_text(
        f"path,onset,offset,label,presence\n{one.path},0,0.1,Bark,\n{two.path},0,0.1,Cat,\n"
        f"{two.path},,,Cat,\n{two.path},,,Dog,no\n{three.path},,,,\n"
    )
    report = import_labels(
        actor=people.ada, dataset=dataset, source=table, format_name="native", replace=True
    )
    assert report.is_clean, report.sentences()
    publish_release_here(actor=people.rita, release=approve(people, make_release(people, dataset)))
    return dataset


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_every_page_of_labels_is_accessible(
    open_page: OpenPage, people: Cast, tmp_path: Path, theme: str, width: int
) -> None:
    dataset = furnish(people, tmp_path)
    _, two, three = Clip.objects.filter(dataset=dataset).order_by("path")
    wrong = {}
    for address in (
        f"{BASE}settings/splits/",
        f"{BASE}labels/",
        f"{BASE}clips/{two.uid}/",
        f"{BASE}clips/{three.uid}/",
        f"{BASE}releases/1.0.0/",
        f"{BASE}releases/1.0.0/part/?labels=Pets",
    ):
        page = open_page(address, user=people.ada, theme=theme, width=width)
        expect(page.locator("h1")).to_be_visible()
        name = address.removeprefix(BASE).partition("?")[0].strip("/").replace("/", "-")
        picture(page, f"labels-{name}-{theme}-{width}")
        found = (violations(page), overflow(page))
        if any(found):
            wrong[address] = found
    assert wrong == {}


def test_what_splits_mean_is_declared_without_scripts(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(people, tmp_path, clips=2)
    page = open_page(f"{BASE}settings/splits/", user=people.ada, scripts=False)
    page.get_by_role("link", name="Places never heard before").click()
    page.get_by_role("button", name="Save what splits mean").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("acme/tones")
    dataset.refresh_from_db()
    assert dataset.split_policy == {"apart": ["recording", "contributor", "sound", "place"]}
