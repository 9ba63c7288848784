"""Asking, accepting, answering and giving seats on pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from apps.access.access_terms import save_terms
from apps.access.actions import grant_access
from apps.access.agreements import give_seat
from apps.access.authorizations import Action, Code
from apps.access.authorize import authorize_action
from apps.access.grants import Agreement
from apps.access.models import AccessChange, AccessRequest, Entitlement, Notice
from apps.access.notices import send_mails
from apps.accounts.actions import add_member, create_organisation
from apps.datasets.models import Dataset
from apps.releases.models import Release
from tests.cast import Cast
from tests.doors.web.conftest import As
from tests.factories.published import make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db
PAGE = "/datasets/acme/birds/access/"
SETTINGS = f"{PAGE}settings/"
QUESTIONS = "Institution; text; required\nCountry; country; required\nKind; select; optional; a, b"


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def dataset(**columns: Any) -> Dataset:
    set_access(**columns)
    return Dataset.objects.select_related("organisation").get()


def test_the_granter_sets_the_questions_and_the_asker_answers_them(
    release: Release, cast: Cast, as_user: As
) -> None:
    ada, eve = as_user(cast.ada), as_user(cast.eve)
    saved = ada.post(
        SETTINGS,
        {"save": "1", "access": "request", "grant_days": "90", "questions": QUESTIONS},
        follow=True,
    )
    assert "The settings are saved." in saved.content.decode()
    assert "Institution; text; required" in saved.content.decode()
    asked = {"purposes": ["research.noncommercial"], "message": "My thesis."}
    refused = eve.post(PAGE, asked)
    assert refused.status_code == 422
    told = eve.post(PAGE, {**asked, "own_institution": "Owl lab", "own_country": "FR"}, follow=True)
    assert "has not been answered yet" in told.content.decode()
    queue = ada.get("/access/").content.decode()
    for words in ("eve", "Owl lab", "FR", "My thesis.", "acme/birds"):
        assert words in queue
    row = AccessRequest.objects.get()
    ada.post(
        f"/access/{row.uid}/answer/",
        {f"{row.uid}-days": "30", f"{row.uid}-purposes": row.purposes, "yes": "1", "queue": "1"},
    )
    until = Entitlement.objects.get().valid_until
    assert until is not None
    assert timedelta(days=29) < until - timezone.now() < timedelta(days=31)
    mine = eve.get("/access/").content.decode()
    assert "In force" in mine
    assert "You may take acme/birds until" in mine
    assert send_mails() == 2
    assert sorted(message.to[0] for message in mail.outbox) == [
        "ada@example.org",
        "eve@example.org",
    ]


def test_terms_are_read_and_accepted_on_the_page(release: Release, cast: Cast, as_user: As) -> None:
    ada, eve = as_user(cast.ada), as_user(cast.eve)
    ada.post(SETTINGS, {"terms": "1", "text": "Only for owls.", "asks_again": "on"})
    alone = ada.post(SETTINGS, {"save": "1", "access": "terms"}, follow=True)
    assert "Give a reason" in alone.content.decode()
    ada.post(SETTINGS, {"save": "1", "access": "terms", "reason": "A challenge begins."})
    proposal = AccessChange.objects.get()
    assert "Take the proposal back" in ada.get(PAGE).content.decode()
    assert "A challenge begins." in as_user(cast.cleo).get(PAGE).content.decode()
    assert "A challenge begins." not in eve.get(PAGE).content.decode()
    as_user(cast.cleo).post(f"{PAGE}changes/{proposal.uid}/", {"confirm": "1"})
    shown = eve.get(PAGE).content.decode()
    assert "Only for owls." in shown
    assert "Ask for access" not in shown
    assert "Accept the terms" not in as_user(None).get(PAGE).content.decode()
    unticked = eve.post(f"{PAGE}accept/", {"version": "1"}, follow=True)
    assert "Tick the box" in unticked.content.decode()
    vague = eve.post(f"{PAGE}accept/", {"version": "1", "accept": "on"}, follow=True)
    assert "Say what acme/birds is taken for" in vague.content.decode()
    said = {"version": "1", "accept": "on", "purposes": ["research.noncommercial"]}
    taken = eve.post(f"{PAGE}accept/", said, follow=True)
    assert "You may take" in taken.content.decode() or "Yes." in taken.content.decode()
    save_terms(actor=cast.ada, dataset=dataset(), text="Only for barn owls.")
    assert authorize_action(cast.eve, _again(release), Action.DOWNLOAD).code is Code.TERMS_CHANGED
    assert "Only for barn owls." in eve.get(PAGE).content.decode()
    assert "Terms to accept" in eve.get("/access/").content.decode()
    late = eve.post(f"{PAGE}accept/", {"version": "1", "accept": "on"}, follow=True)
    assert "at version 2" in late.content.decode()
    eve.post(f"{PAGE}accept/", {"version": "2", "accept": "on"})
    assert authorize_action(cast.eve, _again(release), Action.DOWNLOAD).allowed


def test_whoever_was_put_out_is_not_let_in_by_accepting_again(
    release: Release, cast: Cast, as_user: As
) -> None:
    save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    dataset(access="terms")
    eve = as_user(cast.eve)
    said = {"version": "1", "accept": "on", "purposes": ["research.noncommercial"]}
    eve.post(f"{PAGE}accept/", said)
    as_user(cast.ada).post(f"{PAGE}revoke/", {"username": "eve"})
    shown = eve.get(PAGE).content.decode()
    assert "was taken back" in shown
    assert "Ask for access" in shown
    assert eve.post(f"{PAGE}accept/", {"version": "1", "accept": "on"}).status_code == 403
    assert not authorize_action(cast.eve, _again(release), Action.DOWNLOAD).allowed


def test_an_owner_gives_seats_until_the_house_is_full(
    release: Release, cast: Cast, as_user: As
) -> None:
    lab = create_organisation(actor=cast.dan, name="lab", kind="company")
    for name in ("eve", "rita"):
        add_member(actor=cast.dan, organisation=lab, username=name, role="member")
    row = grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=lab,
        agreement=Agreement("Licence 7", seats=1),
        purposes=["research.noncommercial"],
    )
    dan, eve = as_user(cast.dan), as_user(cast.eve)
    address = f"/organisations/lab/agreements/{row.uid}/seats/"
    assert "0 of 1 taken" in dan.get("/organisations/lab/agreements/").content.decode()
    assert eve.post(address, {"username": "eve"}).status_code == 403
    assert "you have none: ask an owner" in eve.get(PAGE).content.decode().replace("\n", " ")
    dan.post(address, {"username": "eve"})
    assert "Give a seat" not in eve.get("/organisations/lab/agreements/").content.decode()
    assert "Yes." in eve.get(PAGE).content.decode()
    full = dan.post(address, {"username": "rita"}, follow=True).content.decode()
    assert "All 1 seats of lab for acme/birds are taken" in full
    assert Notice.objects.filter(user=cast.ada, kind="full").exists()
    dan.post(address, {"username": "eve", "drop": "1"})
    assert "Yes." not in eve.get(PAGE).content.decode()
    assert as_user(cast.olga).get("/organisations/lab/agreements/").status_code == 404


def test_an_organisation_accepts_terms_through_its_owner(
    release: Release, cast: Cast, as_user: As
) -> None:
    lab = create_organisation(actor=cast.dan, name="lab", kind="company")
    row = grant_access(
        actor=cast.ada, dataset=release.dataset, holder=lab, purposes=["research.noncommercial"]
    )
    save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    assert authorize_action(cast.dan, _again(release), Action.DOWNLOAD).code is Code.TERMS_NEEDED
    page = as_user(cast.dan).get("/organisations/lab/agreements/").content.decode()
    assert "Accept for lab" in page
    as_user(cast.dan).post(
        f"/organisations/lab/agreements/{row.uid}/seats/", {"accept": "on", "version": "1"}
    )
    assert authorize_action(cast.dan, _again(release), Action.DOWNLOAD).allowed


def test_a_dataset_kept_to_an_organisation_is_listed_for_those_let_in(
    release: Release, cast: Cast, as_user: As
) -> None:
    dataset(access="organisation")
    eve = as_user(cast.eve)
    assert "acme/birds" not in eve.get("/datasets/").content.decode()
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.eve,
        purposes=["research.noncommercial"],
    )
    assert "acme/birds" in eve.get("/datasets/").content.decode()
    assert eve.get(PAGE).status_code == 200
    Entitlement.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    assert "acme/birds" not in eve.get("/datasets/").content.decode()
    assert eve.get(PAGE).status_code == 404


def test_a_page_says_from_when_a_release_can_be_taken(
    release: Release, cast: Cast, as_user: As
) -> None:
    set_access("open", embargoes={"1.0.0": "2099-01-31T00:00:00+00:00"})
    shown = as_user(None).get(PAGE).content.decode()
    assert "can be taken from 2099-01-31" in shown
    assert "Yes." in as_user(cast.olga).get(PAGE).content.decode()


def test_a_token_is_limited_to_datasets_on_the_page(
    release: Release, cast: Cast, as_user: As
) -> None:
    ada = as_user(cast.ada)
    made = ada.post(
        "/tokens/",
        {"name": "lab", "scope": "download", "days": "30", "datasets": ["acme/birds"]},
    ).content.decode()
    assert "Copy the token now." in made
    token = cast.ada.tokens.get()
    assert (token.datasets, token.scope) == (["acme/birds"], "download")
    assert "acme/birds" in ada.get("/tokens/").content.decode()


def test_only_those_who_grant_open_the_settings(release: Release, cast: Cast, as_user: As) -> None:
    statuses = [
        as_user(who).get(SETTINGS).status_code
        for who in (cast.ada, cast.olga, cast.rita, cast.eve, None)
    ]
    assert statuses == [200, 403, 403, 403, 302]
    assert as_user(None).get("/access/").status_code == 302


def test_news_are_read_once(release: Release, cast: Cast, as_user: As) -> None:
    lab = create_organisation(actor=cast.dan, name="lab", kind="company")
    row = grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=lab,
        agreement=Agreement(seats=2),
        purposes=["research.noncommercial"],
    )
    give_seat(actor=cast.dan, agreement=row, username="dan")
    dan = as_user(cast.dan)
    assert "gave you a seat" in dan.get("/access/").content.decode()
    dan.post("/access/read/")
    assert "gave you a seat" not in dan.get("/access/").content.decode()


def _again(release: Release) -> Release:
    return Release.objects.select_related("dataset__organisation").get(pk=release.pk)
