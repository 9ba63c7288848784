"""Every kind of page in a real browser: accessible, in both themes, down to a phone's width."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Token
from apps.datasets.models import Clip
from apps.detection.models import Finding, Scan
from apps.jobs.actions import start_job
from apps.releases.models import Release
from tests.browser.chromium import DESK, PHONE, THEMES, overflow, picture, violations
from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import make_published

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/datasets/acme/tones/"
HOME = "/organisations/acme/"
PAGES = (
    "/datasets/",
    BASE,
    f"{BASE}clips/",
    f"{BASE}labels/",
    f"{BASE}rights/?use=adaptation&wanted=CC0-1.0",
    f"{BASE}consent/?purpose=train.generative",
    f"{BASE}privacy/",
    f"{BASE}releases/",
    f"{BASE}releases/1.0.0/",
    f"{BASE}releases/1.0.0/part/?labels=tone-0&flavour=16000-mono-flac",
    f"{BASE}releases/new/",
    f"{BASE}access/",
    f"{BASE}access/settings/",
    f"{BASE}activity/",
    f"{BASE}settings/",
    f"{BASE}imports/",
    f"{HOME}members/",
    f"{HOME}contributors/",
    f"{HOME}contributors/ben/",
    f"{HOME}consent-forms/",
    f"{HOME}agreements/",
    f"{HOME}targets/",
    f"{HOME}log/",
    "/access/",
    "/organisations/",
    "/vocabularies/",
    "/review/",
    "/jobs/",
    "/tokens/",
    "/account/password/",
)


def furnish(people: Cast, base: Path) -> Finding:
    """A published dataset, a job under way, and an open finding."""
    release = make_published(people, base)
    start_job(
        actor=people.ada,
        kind_name="privacy.scan",
        subject=release.dataset.full_name,
        organisation=people.acme,
    )
    clip = Clip.objects.get(dataset=release.dataset, path="field/000.wav")
    scan = Scan.objects.filter(detector="speech", content_sha256=clip.blob.sha256).get()
    return Finding.objects.create(
        clip=clip,
        scan=scan,
        position=9,
        content_sha256=clip.blob.sha256,
        kind="speech",
        onset=0.1,
        offset=0.3,
        score=0.9,
    )


@pytest.mark.parametrize(("theme", "width"), list(zip(THEMES, (PHONE, DESK), strict=True)))
def test_pages_are_accessible_and_fit(
    open_page: OpenPage, people: Cast, tmp_path: Path, theme: str, width: int
) -> None:
    finding = furnish(people, tmp_path)
    pages = ["/", *PAGES, f"/review/{finding.uid}/", f"{BASE}clips/{finding.clip.uid}/"]
    page = open_page("/", user=people.ada, theme=theme, width=width)
    wrong = {}
    for number, path in enumerate(pages):
        page.goto(path)
        picture(page, f"page-{number:02d}-{theme}-{width}")
        found = violations(page) + [f"wider than the window by {overflow(page)}"] * (
            overflow(page) > 0
        )
        if found:
            wrong[path] = found
    assert wrong == {}


def test_a_release_is_deprecated_with_a_reason_only(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    release = make_published(people, tmp_path)
    page = open_page(f"{BASE}releases/1.0.0/", user=people.rita)
    page.get_by_role("button", name="Deprecate …").click()
    dialog = page.get_by_role("dialog", name="Deprecate this release")
    dialog.get_by_role("button", name="Deprecate").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Reason").fill("Labels were shifted by half a second.")
    dialog.get_by_role("button", name="Deprecate").click()
    expect(page.get_by_role("status")).to_contain_text("Marked as deprecated")
    assert Release.objects.get(pk=release.pk).state == "deprecated"


def test_a_token_is_copied_from_the_page_it_is_shown_on(open_page: OpenPage, people: Cast) -> None:
    page = open_page("/tokens/", user=people.eve)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("button", name="Copy the token").click()
    expect(page.get_by_role("button", name="Copy the token")).to_have_text("Copied")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(Token.objects.get().prefix)


def test_searching_changes_the_list_and_the_address(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    make_published(people, tmp_path)
    page = open_page("/datasets/")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("whales")
    expect(page.get_by_role("heading", name="No dataset fits")).to_be_visible()
    page.wait_for_url("**/datasets/?q=whales*")


def test_a_request_that_fails_says_what_to_do(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    make_published(people, tmp_path)
    page = open_page("/datasets/", fails=True)
    page.route("**/datasets/?q=*", lambda route: route.abort())
    page.get_by_label("Search").fill("tones")
    expect(page.get_by_role("status")).to_contain_text("The server did not answer")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("status")).not_to_contain_text("The server did not answer")
