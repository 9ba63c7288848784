"""The workbench in a real Chromium: whole cases by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import Membership
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.review.models import Comment, Decision, Redaction, ReviewTime
from tests.browser.chromium import DESK, PHONE, overflow, picture, violations
from tests.browser.conftest import OpenPage
from tests.cast import Cast
from tests.factories.drafts import make_draft
from tests.factories.reviews import make_case_draft

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=20_000)
QUEUE = "/review/?dataset=acme/street"


@pytest.fixture
def street(people: Cast, tmp_path: Path) -> Dataset:
    """Two clips of one recording with speech twice in each, one with a name in its tags."""
    return make_case_draft(people, tmp_path)


def keyed(page: Page) -> None:
    """The page that a key led to has run its scripts: it hears the next key."""
    page.wait_for_load_state("load")


def settled(page: Page) -> None:
    """The waveform and the picture are there, and keys are heard."""
    expect(page.locator("[data-stage]")).to_be_visible()
    keyed(page)
    page.wait_for_function(
        "() => { const picture = document.querySelector('[data-picture]');"
        " return picture.complete && picture.naturalWidth > 0; }"
    )


def test_queue_and_case_are_accessible_and_fit(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    for theme, width in (("light", DESK), ("dark", DESK), ("light", PHONE)):
        page = open_page(QUEUE, user=people.cleo, theme=theme, width=width)
        picture(page, f"review-queue-{theme}-{width}")
        assert violations(page) == []
        assert overflow(page) == 0
        page.get_by_role("link", name="Start with the first").click()
        settled(page)
        page.keyboard.press("3")
        picture(page, f"review-case-{theme}-{width}")
        assert violations(page) == []
        assert overflow(page) == 0


def test_a_reviewer_goes_through_the_queue_by_keyboard_alone(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    page = open_page(QUEUE, user=people.cleo)
    page.keyboard.press("Enter")
    title = page.locator("#case-title")
    expect(title).to_have_text("000.wav")
    settled(page)
    said = page.locator("#say")
    expect(said).to_contain_text("Finding 1 of 2: Speech, from 0:0")
    page.keyboard.press("n")
    expect(said).to_contain_text("Finding 2 of 2")
    page.keyboard.press("p")
    expect(said).to_contain_text("Finding 1 of 2")
    # Shorter looks at a clip are not sent.
    page.wait_for_timeout(900)
    page.keyboard.press("3")
    expect(said).to_contain_text("Why? 1, Somebody talks in the background.")
    page.keyboard.press("b")
    page.keyboard.press("a")
    page.keyboard.press("1")
    expect(title).to_have_text("001.wav")
    assert Decision.objects.filter(verdict="redact").count() == 2
    assert Redaction.objects.get().method == "bleep"
    settled(page)
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(said).to_contain_text("Finding 2 of 2")
    assert Decision.objects.get(verdict="clear").reason == "An animal, not a person."
    settled(page)
    page.keyboard.press("1")
    page.keyboard.press("w")
    page.keyboard.type("A loose shutter in the wind.")
    page.keyboard.press("Enter")
    expect(title).to_have_text("002.wav")
    assert Decision.objects.filter(reason="A loose shutter in the wind.").count() == 1
    settled(page)
    page.keyboard.press("4")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="No case fits")).to_be_visible()
    assert Clip.objects.get(path="002.wav").state == Clip.State.EXCLUDED
    times = ReviewTime.objects.filter(reviewer=people.cleo, seconds__gt=0)
    assert times.count() >= 1


def test_a_slip_of_the_hand_is_undone_with_one_key(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    page = open_page(QUEUE, user=people.cleo)
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("4")
    page.keyboard.press("1")
    expect(page.locator("#case-title")).to_have_text("001.wav")
    keyed(page)
    assert Clip.objects.get(path="000.wav").state == Clip.State.EXCLUDED
    page.keyboard.press("u")
    expect(page.locator("#case-title")).to_have_text("000.wav")
    assert Clip.objects.get(path="000.wav").state == Clip.State.ACTIVE
    assert not Decision.objects.exists()


def test_alike_findings_are_decided_at_once_after_their_number_was_typed(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    page = open_page(QUEUE, user=people.cleo)
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="4 alike: Speech")).to_be_visible()
    expect(page.get_by_text("2 were not sent to you to be played yet")).to_be_visible()
    keyed(page)
    for number in range(4):
        with page.expect_response(re.compile("sound.wav")):
            page.keyboard.press("n")
        expect(page.locator("#say")).to_contain_text(f"{number + 1} of")
    page.keyboard.press("1")
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Clear 4 findings?")).to_be_visible()
    picture(page, "review-batch")
    assert violations(page) == []
    expect(page.get_by_label("Type 4 to confirm")).to_be_focused()
    assert not Decision.objects.exists()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Clear 4 findings")
    assert Decision.objects.filter(verdict="clear").count() == 4


def test_a_second_reviewer_agrees_or_opens_it_again(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    Membership.objects.create(user=people.dan, organisation=people.acme, role="privacy_reviewer")
    first = open_page(QUEUE, user=people.cleo)
    first.keyboard.press("Enter")
    for said in ("Finding 1 of 2", "Finding 2 of 2"):
        expect(first.locator("#say")).to_contain_text(said)
        settled(first)
        first.keyboard.press("2")
        first.keyboard.press("1")
    expect(first.locator("#case-title")).to_have_text("001.wav")
    second = open_page(f"{QUEUE}&awaiting=second", user=people.dan)
    second.keyboard.press("Enter")
    expect(second.get_by_role("heading", name="Do you agree?")).to_be_visible()
    settled(second)
    picture(second, "review-second")
    assert violations(second) == []
    second.keyboard.press("1")
    second.keyboard.press("1")
    expect(second.locator("#say")).to_contain_text("Finding 2 of 2")
    settled(second)
    second.keyboard.press("2")
    second.keyboard.press("2")
    expect(second.get_by_role("heading", name="No case fits")).to_be_visible()
    assert Decision.objects.get().confirmation.agree


def test_the_sound_from_before_a_redaction_is_heard_by_reviewers_alone(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    page = open_page(QUEUE, user=people.cleo)
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("3")
    page.keyboard.press("1")
    before = page.get_by_role("button", name="Hear before")
    expect(before).to_be_visible()
    with page.expect_response(
        lambda answer: "sound.wav" in answer.url and "take=" in answer.url
    ) as heard:
        before.click()
    assert heard.value.status == 200
    address = heard.value.url
    other = open_page("/", user=people.olga)
    assert other.request.get(address).status == 403
    assert other.request.get(address.split("&take")[0]).status == 200


def test_a_case_is_decided_and_talked_about_without_scripts(
    open_page: OpenPage, people: Cast, street: Dataset
) -> None:
    page = open_page(QUEUE, user=people.cleo, scripts=False)
    page.get_by_role("link", name="000.wav").click()
    expect(page.locator("noscript audio, figure audio").first).to_be_visible()
    page.get_by_label("For other reviewers").fill("Listen to the end.")
    page.get_by_role("button", name="Comment").click()
    assert Comment.objects.get().text == "Listen to the end."
    for sound in page.locator("figure audio").all():
        # What pressing play does, but to the end.
        assert page.request.get(str(sound.get_attribute("src"))).status == 200
    page.get_by_label("Clear what was found may stay").check()
    page.get_by_label("Music or a machine, not a voice.").check()
    page.get_by_role("button", name="Record").click()
    assert Decision.objects.get().reason == "Music or a machine, not a voice."


def test_a_sample_is_heard_by_keyboard_and_the_bound_falls(
    open_page: OpenPage, people: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(people, tmp_path)
    page = open_page(f"/review/samples/{dataset.full_name}/", user=people.cleo)
    page.get_by_label("To prove that at most so many hold a voice").select_option("5 %")
    page.get_by_role("button", name="Draw").click()
    settled(page)
    expect(page.locator(".bound")).to_contain_text("Nothing")
    page.keyboard.press("1")
    expect(page.locator("#sample-words")).to_contain_text("1 of 4 heard")
    settled(page)
    picture(page, "review-sample")
    assert violations(page) == []
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.locator("#sample-words")).to_contain_text("2 of 4 heard, 1 missed")
    found = Finding.objects.get(scan__detector="listener")
    assert found.detail == "Somebody speaks."
