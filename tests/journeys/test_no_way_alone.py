"""What a reviewer or an answer closed is opened by nobody alone, at any door, in any one role."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from apps.access.models import Entitlement
from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.consent.forms import register_form
from apps.consent.models import ConsentForm, FormReach
from apps.datasets.models import Clip, Dataset
from apps.publishing.actions import TargetSettings, save_target
from apps.publishing.models import Publication
from apps.releases.models import Release
from apps.review.actions import count_people
from apps.review.models import Headcount
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import make_dataset, make_draft
from tests.journeys.door_asking import client_of
from tests.journeys.test_no_way_out import GRANTS
from tests.journeys.world import (
    API,
    GATED,
    allow,
    deny,
    gates_in_the_way,
    pages_of,
    run,
    send,
    sounds_for,
)

pytestmark = pytest.mark.django_db
ORGANISATION = "/api/v1/organisations/acme/"


# --- A5: somebody unknown is not counted away by who did not listen ---


def count_over_rest(user: User, clip: Clip) -> None:
    body = {"people_heard": 1, "reason": "only ben"}
    send(client_of(user), "post", f"/api/v1/cases/{clip.uid}/headcounts/", body)


def count_on_the_page(user: User, clip: Clip) -> None:
    form = {"people_heard": "1", "reason": "only ben"}
    pages_of(user).post(f"/review/clips/{clip.uid}/people/", form)


def count_by_command(user: User, clip: Clip) -> None:
    run("count_people", str(clip.uid), "1", "--reason", "only ben", user=user)


def count_in_the_database(user: User, clip: Clip) -> None:
    with suppress(DatabaseError), transaction.atomic():
        Headcount.objects.create(
            dataset=clip.dataset,
            clip=clip,
            content_sha256=clip.blob.sha256,
            people_heard=1,
            somebody_unknown=False,
            people_recorded=1,
            reason="only ben",
            counted_by=user,
            uploaded_by=clip.added_by,
        )


COUNTS = [count_over_rest, count_on_the_page, count_by_command, count_in_the_database]


def test_nobody_counts_somebody_unknown_away_unheard(cast: Cast, tmp_path: Path, sam: User) -> None:
    dataset = make_draft(cast, tmp_path)
    allow(cast, GATED)
    clip = dataset.clips.select_related("dataset", "blob").get(path="field/000.wav")
    count_people(
        actor=cast.cleo, clip=clip, people_heard=2, somebody_unknown=True, reason="a second voice"
    )
    for attempt in COUNTS:
        attempt(sam, clip)
        assert Headcount.objects.count() == 1, attempt
    assert gates_in_the_way(cast, dataset) == {"consent.coverage"}


# --- A7: who recorded answers does not say that they were asked about more ---


def bind_over_rest(user: User, form: ConsentForm) -> None:
    body = {"dataset": "tones", "reason": "they meant both"}
    address = f"{ORGANISATION}consent-forms/{form.uid}/reaches/"
    send(client_of(user), "post", address, body)


def bind_on_the_page(user: User, form: ConsentForm) -> None:
    tones = Dataset.objects.get(name="tones")
    body = {"dataset": tones.pk, "recording": "", "reason": "they meant both"}
    pages_of(user).post(f"/organisations/acme/consent-forms/{form.uid}/", body)


def bind_by_command(user: User, form: ConsentForm) -> None:
    run("bind_form", "acme", "study-b", "2", "tones", "--reason", "they meant both", user=user)


def bind_by_registering_again(user: User, form: ConsentForm) -> None:
    body = {"name": "study-b", "version": "2", "datasets": ["tones"]}
    send(client_of(user), "post", f"{ORGANISATION}consent-forms/", body)


def bind_in_the_database(user: User, form: ConsentForm) -> None:
    with suppress(DatabaseError), transaction.atomic():
        tones = Dataset.objects.get(name="tones")
        FormReach.objects.create(form=form, dataset=tones, added_by=user, reason="both")


BINDINGS = [
    bind_over_rest,
    bind_on_the_page,
    bind_by_command,
    bind_by_registering_again,
    bind_in_the_database,
]


def test_nobody_widens_alone_what_people_were_asked_about(
    cast: Cast, tmp_path: Path, sam: User
) -> None:
    dataset = make_draft(cast, tmp_path)
    other = make_dataset(cast, "other")
    form = register_form(
        actor=cast.ada, organisation=cast.acme, name="study-b", version="2", datasets=[other]
    )
    entry = ConsentEntry(
        contributor="ben",
        form="study-b",
        form_version="2",
        given_at=datetime(2026, 1, 27, tzinfo=UTC),
        answers={Purpose.RESEARCH_COMMERCIAL: Answer.ALLOWED},
        evidence_sha256="ab" * 32,
    )
    # Sam may record answers for as long as it takes, and then has the one role alone again.
    with_right = sam.memberships.get_or_create(organisation=cast.acme, role="steward")
    record_consents(actor=sam, organisation=cast.acme, entries=[entry])
    if with_right[1]:
        with_right[0].delete()
    for attempt in BINDINGS:
        attempt(sam, form)
        assert not FormReach.objects.filter(form=form, dataset=dataset).exists(), attempt
    commercial = ("research.commercial", *GATED[1:])
    assert "consent.coverage" in gates_in_the_way(cast, dataset, commercial)


# --- A10: after the answer changed nobody new gets it, by whatever hand ---


def send_over_rest(user: User) -> None:
    address = f"{API}releases/1.0.0/publications/"
    send(client_of(user), "post", address, {"target": "hub"})


def send_on_the_page(user: User) -> None:
    place = {"organisation": "acme", "name": "tones", "version": "1.0.0", "target": "hub"}
    pages_of(user).post(reverse("web:dataset_release_plan", kwargs=place))


def send_by_command(user: User) -> None:
    run("publish", "acme/tones", "1.0.0", "--target", "hub", user=user)


SENDINGS: list[Callable[[User], None]] = [send_over_rest, send_on_the_page, send_by_command]


def test_nobody_gives_on_what_somebody_no_longer_allows(
    cast: Cast, gated: Release, sam: User
) -> None:
    save_target(
        actor=cast.rita,
        organisation=cast.acme,
        name="hub",
        settings=TargetSettings("acme/tones", endpoint="http://127.0.0.1:9", token="hf_x"),
    )
    deny(cast, ["research.noncommercial"])
    for grant in GRANTS:
        grant(sam, ["research.noncommercial"])
        assert not Entitlement.objects.exists(), grant
    for attempt in SENDINGS:
        attempt(sam)
        assert not Publication.objects.exists(), attempt
    assert sounds_for(cast.eve, gated) == []
