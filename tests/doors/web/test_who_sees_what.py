"""Every page, opened by each of the cast."""

import pytest
from django.test import Client

from apps.jobs.actions import start_job
from tests.cast import Cast
from tests.doors.web.conftest import As, House

pytestmark = pytest.mark.django_db

HERE, SIGN_IN, NO, NOTHING = 200, 302, 403, 404
BASE = "/datasets/acme/tones/"
HOME = "/organisations/acme/"
# Who may open what: ada (owner, steward), cleo (reviewer), olga (auditor), eve (nobody), and a
# visitor who is not signed in.
WHO = ("ada", "cleo", "olga", "eve", None)
EVERYBODY = (HERE, HERE, HERE, HERE, HERE)
MEMBERS = (HERE, HERE, HERE, NO, SIGN_IN)
PAGES: dict[str, tuple[int, ...]] = {
    "/": EVERYBODY,
    "/datasets/": EVERYBODY,
    "/datasets/?q=tones&vertical=sfx": EVERYBODY,
    BASE: EVERYBODY,
    f"{BASE}releases/": EVERYBODY,
    f"{BASE}releases/1.0.0/": EVERYBODY,
    f"{BASE}releases/compare/": EVERYBODY,
    f"{BASE}releases/9.0.0/": (NOTHING,) * 5,
    f"{BASE}access/": EVERYBODY,
    f"{BASE}access/settings/": (HERE, NO, NO, NO, SIGN_IN),
    f"{BASE}clips/": MEMBERS,
    f"{BASE}clips/{{clip}}/": MEMBERS,
    f"{BASE}clips/{{clip}}/audio": MEMBERS,
    f"{BASE}clips/{{clip}}/peaks.json": MEMBERS,
    f"{BASE}labels/": MEMBERS,
    f"{BASE}rights/": MEMBERS,
    f"{BASE}rights/?use=adaptation&wanted=commercial": MEMBERS,
    f"{BASE}consent/": MEMBERS,
    f"{BASE}consent/?purpose=train.generative": MEMBERS,
    f"{BASE}privacy/": MEMBERS,
    f"{BASE}activity/": MEMBERS,
    f"{BASE}settings/": MEMBERS,
    f"{BASE}releases/new/": MEMBERS,
    f"{BASE}imports/": (HERE, NO, NO, NO, SIGN_IN),
    f"{BASE}labels/import/": (HERE, NO, NO, NO, SIGN_IN),
    "/new/dataset/": (HERE, NO, NO, NO, SIGN_IN),
    "/new/organisation/": (HERE, HERE, HERE, HERE, SIGN_IN),
    "/access/": (HERE, HERE, HERE, HERE, SIGN_IN),
    "/organisations/": (HERE, HERE, HERE, HERE, SIGN_IN),
    HOME: EVERYBODY,
    f"{HOME}members/": MEMBERS,
    f"{HOME}contributors/": MEMBERS,
    f"{HOME}contributors/ben/": MEMBERS,
    f"{HOME}consent-forms/": MEMBERS,
    f"{HOME}consents/import/": (HERE, NO, NO, NO, SIGN_IN),
    f"{HOME}terms/": (HERE, HERE, HERE, NO, SIGN_IN),
    f"{HOME}agreements/": (HERE, HERE, HERE, NO, SIGN_IN),
    f"{HOME}targets/": (HERE, NO, NO, NO, SIGN_IN),
    f"{HOME}log/": (HERE, NO, HERE, NO, SIGN_IN),
    "/vocabularies/": EVERYBODY,
    "/review/": (HERE, HERE, HERE, NO, SIGN_IN),
    "/review/{finding}/": (SIGN_IN, SIGN_IN, SIGN_IN, NOTHING, SIGN_IN),
    "/review/clips/{clip}/": (HERE, HERE, HERE, NOTHING, SIGN_IN),
    "/review/clips/{clip}/sound.wav?start=0&end=1": (HERE, HERE, HERE, NOTHING, SIGN_IN),
    "/review/clips/{clip}/spectrogram.webp?start=0&end=1": (HERE, HERE, HERE, NOTHING, SIGN_IN),
    "/review/clips/{clip}/outline.json": (HERE, HERE, HERE, NOTHING, SIGN_IN),
    "/review/alike/?dataset=acme/tones&kind=speech": (NO, HERE, NO, NO, SIGN_IN),
    "/review/samples/acme/tones/": (HERE, HERE, HERE, NO, SIGN_IN),
    "/jobs/": (HERE, HERE, HERE, HERE, SIGN_IN),
    "/jobs/{job}/": (HERE, HERE, HERE, NOTHING, SIGN_IN),
    "/tokens/": (HERE, HERE, HERE, HERE, SIGN_IN),
    "/account/sign-in/": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, HERE),
    "/datasets/acme/unheard-of/": (NOTHING,) * 5,
    "/organisations/unheard-of/": (NOTHING,) * 5,
    "/no/such/page/": (NOTHING,) * 5,
}


def status_of(client: Client, page: str) -> int:
    answer = client.get(page)
    # Read to its end, or the file stays open.
    answer.getvalue()
    return answer.status_code


def test_each_page_opens_for_those_it_is_for(cast: Cast, house: House, as_user: As) -> None:
    job = start_job(
        actor=cast.ada, kind_name="privacy.scan", subject="acme/tones", organisation=cast.acme
    )
    names = {"clip": house.clip.uid, "finding": house.finding.uid, "job": job.uid}
    clients = [as_user(getattr(cast, name) if name else None) for name in WHO]
    found = {
        page: tuple(status_of(client, page.format(**names)) for client in clients) for page in PAGES
    }
    assert found == PAGES


def test_a_visitor_is_led_to_the_sign_in_page_and_back(house: House, as_user: As) -> None:
    answer = as_user(None).get(f"{BASE}clips/")
    assert answer["Location"] == "/account/sign-in/?next=%2Fdatasets%2Facme%2Ftones%2Fclips%2F"


def test_outsiders_see_no_names_of_reviewers_or_clips_on_a_release(
    cast: Cast, house: House, as_user: As
) -> None:
    inside = as_user(cast.olga).get(f"{BASE}releases/1.0.0/").content.decode()
    outside = as_user(None).get(f"{BASE}releases/1.0.0/").content.decode()
    assert "cleo" in inside
    for name in ("cleo", "rita", "field/00", "ben"):
        assert name not in outside


def test_a_draft_release_is_not_there_for_outsiders(cast: Cast, house: House, as_user: As) -> None:
    as_user(cast.ada).post(
        f"{BASE}releases/new/", {"version": "1.1.0", "purposes": ["publish.gated"]}
    )
    assert as_user(cast.ada).get(f"{BASE}releases/1.1.0/").status_code == HERE
    assert as_user(cast.eve).get(f"{BASE}releases/1.1.0/").status_code == NOTHING
    assert "1.1.0" not in as_user(None).get(f"{BASE}releases/").content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "/datasets/?q=%00",
        "/datasets/?after=%00",
        "/datasets/?after=WzEsIDFd",
        f"{BASE}clips/?licence=%00&split=%00&q=%00",
        f"{BASE}clips/?after=bm90IGpzb24=",
        f"{BASE}clips/?sort=blob__sha256",
        f"{BASE}releases/compare/?before=%00&after=..",
        f"{HOME}contributors/?q=%00",
        f"{HOME}contributors/%C3%A4/",
        f"{HOME}log/?subject=%00",
        "/review/?kind=%00&dataset=%00/%00",
        "/jobs/?state=%00",
        "/datasets/acme/tones%00/",
    ],
)
def test_nonsense_in_an_address_is_never_our_fault(
    cast: Cast, house: House, as_user: As, page: str
) -> None:
    assert as_user(cast.ada).get(page).status_code in {200, 400, 404}
