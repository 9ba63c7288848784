"""Ways by which data once left that somebody had not allowed, each tried at every door and role.

Here: opening, granting, and what was out when an answer changed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.access.models import Entitlement
from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.datasets.actions import update_dataset
from apps.datasets.models import Dataset
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import (
    approve,
    make_draft,
    make_release,
)
from tests.journeys.door_asking import client_of
from tests.journeys.world import (
    API,
    OPEN,
    PAGES,
    allow,
    consent_of,
    deny,
    pages_of,
    run,
    send,
    sounds_for,
)

pytestmark = pytest.mark.django_db


# --- A1: opening is a decision about a release, which one person does not take ---


def open_over_rest(user: User) -> None:
    send(client_of(user), "patch", API, {"access": "open"})


def open_by_proposing_and_agreeing(user: User) -> None:
    client = client_of(user)
    answer = send(client, "post", f"{API}access-changes/", {"access": "open", "reason": "I say so"})
    uid = answer.json().get("uid")
    send(client, "post", f"{API}access-changes/{uid}/confirm/", {})


def open_on_the_page(user: User) -> None:
    form = {"save": "1", "access": "open", "reason": "I say so"}
    pages_of(user).post(f"{PAGES}access/settings/", form)
    pages_of(user).post(f"{PAGES}settings/", {"access": "open", "title": "Tones"})


def open_over_the_hub(user: User) -> None:
    client = client_of(user)
    address = "/api/datasets/acme/tones/settings"
    send(client, "put", address, {"gated": False})
    send(client, "put", address, {"private": False, "gated": False, "visibility": "public"})


def open_by_command(user: User) -> None:
    words = ("access_change", "propose", "acme/tones", "--access", "open", "--reason", "I say so")
    run(*words, user=user)
    run("access_change", "confirm", "acme/tones", user=user)


def open_in_the_database(user: User) -> None:
    with suppress(DatabaseError), transaction.atomic():
        Dataset.objects.filter(name="tones").update(access="open")


OPENINGS = [
    open_over_rest,
    open_by_proposing_and_agreeing,
    open_on_the_page,
    open_over_the_hub,
    open_by_command,
    open_in_the_database,
]


def test_nobody_opens_alone_what_was_released(cast: Cast, gated: Release, sam: User) -> None:
    for attempt in OPENINGS:
        attempt(sam)
        access = Dataset.objects.get(name="tones").access
        assert access in {Dataset.Access.REQUEST, Dataset.Access.ORGANISATION}, attempt
    assert sounds_for(None, gated) == []
    assert sounds_for(cast.eve, gated) == []


@pytest.mark.parametrize(
    "purposes",
    [
        ("research.noncommercial",),
        ("research.noncommercial", "share.raw_audio"),
        ("research.noncommercial", "publish.open", "publish.gated"),
    ],
)
def test_a_release_that_was_not_made_for_readers_has_none(
    cast: Cast, tmp_path: Path, purposes: tuple[str, ...]
) -> None:
    """However open its dataset is from the beginning, and whatever was granted."""
    dataset = make_draft(cast, tmp_path)
    allow(cast, purposes)
    Dataset.objects.filter(pk=dataset.pk).update(access="open")
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk), purposes=purposes)
    release = publish_release_here(actor=cast.rita, release=approve(cast, release))
    body = {"username": "dan", "purposes": ["research.noncommercial"]}
    send(client_of(cast.ada), "post", f"{API}entitlements/", body)
    for access in ("open", "terms", "request", "organisation"):
        Dataset.objects.filter(pk=dataset.pk).update(access=access)
        for reader in (None, cast.eve, cast.dan):
            assert sounds_for(reader, release) == [], access


# --- A9: what was granted fits what was allowed ---


def grant_over_rest(user: User, purposes: list[str]) -> None:
    send(client_of(user), "post", f"{API}entitlements/", {"username": "eve", "purposes": purposes})


def grant_on_the_page(user: User, purposes: list[str]) -> None:
    pages_of(user).post(f"{PAGES}access/", {"username": "eve", "purposes": purposes, "grant": "1"})


def grant_over_the_hub(user: User, purposes: list[str]) -> None:
    address = "/api/datasets/acme/tones/user-access-request/grant"
    send(client_of(user), "post", address, {"user": "eve", "purposes": purposes})


def grant_by_command(user: User, purposes: list[str]) -> None:
    words = [word for purpose in purposes for word in ("--purposes", purpose)]
    run("grant_access", "acme/tones", "eve", *words, user=user)


def grant_in_the_database(user: User, purposes: list[str]) -> None:
    dataset = Dataset.objects.get(name="tones")
    with suppress(DatabaseError), transaction.atomic():
        Entitlement.objects.create(
            dataset=dataset,
            user=User.objects.get(username="eve"),
            purposes=purposes,
            granted_by=user,
        )


GRANTS = [
    grant_over_rest,
    grant_on_the_page,
    grant_over_the_hub,
    grant_by_command,
    grant_in_the_database,
]


def test_nobody_grants_what_no_release_is_cleared_for(
    cast: Cast, gated: Release, sam: User
) -> None:
    for purpose in ("train.voice_synthesis", "research.commercial", "publish.open"):
        for attempt in GRANTS:
            attempt(sam, [purpose])
            attempt(sam, ["research.noncommercial", purpose])
    for row in Entitlement.objects.filter(user=cast.eve):
        assert set(row.purposes) == {"research.noncommercial"}


def test_a_grant_without_a_purpose_is_none(cast: Cast, gated: Release) -> None:
    for attempt in (grant_over_rest, grant_on_the_page, grant_by_command, grant_in_the_database):
        attempt(cast.ada, [])
    assert not Entitlement.objects.exists()
    assert sounds_for(cast.eve, gated) == []


# --- A10: after the answer changes ---


def test_a_no_after_publication_closes_the_release_to_readers(cast: Cast, gated: Release) -> None:
    send(
        client_of(cast.ada),
        "post",
        f"{API}entitlements/",
        {"username": "dan", "purposes": ["research.noncommercial"]},
    )
    assert set(sounds_for(cast.dan, gated)) >= {"dvc", "archive", "rest"}
    deny(cast, ["research.noncommercial"])
    assert sounds_for(cast.dan, gated) == []
    grant_over_rest(cast.ada, ["research.noncommercial"])
    assert not Entitlement.objects.filter(user=cast.eve).exists()
    for person in (cast.ada, cast.cleo):
        assert person.notices.filter(dataset=gated.dataset, text__contains="1.0.0").exists()
    page = pages_of(cast.eve).get(f"{PAGES}releases/1.0.0/").content.decode()
    assert "no longer" in page
    assert "ben" not in page


def test_a_consent_that_ends_closes_the_release_on_that_day(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    end = timezone.now() + timedelta(days=3)
    entry = consent_of("ben", 20, dict.fromkeys(map(Purpose, OPEN), Answer.ALLOWED))
    entry = replace(entry, valid_until=end)
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])
    update_dataset(actor=cast.ada, dataset=dataset, changes={"access": "open"})
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk), purposes=OPEN)
    release = publish_release_here(actor=cast.rita, release=approve(cast, release))
    with time_machine.travel(end - timedelta(minutes=1), tick=False):
        assert set(sounds_for(None, release)) >= {"dvc", "archive", "rest"}
    with time_machine.travel(end, tick=False):
        assert sounds_for(None, release) == []
