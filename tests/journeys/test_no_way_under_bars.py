"""A bar is not lowered by one hand, and nobody clears a voice unheard: tried at every door."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import User
from apps.datasets.actions import update_dataset
from apps.datasets.bar_lowerings import confirm_lowering, propose_lowering
from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.review.models import Decision
from tests.cast import Cast
from tests.factories.drafts import (
    make_draft,
)
from tests.factories.reviews import make_case_draft, play
from tests.journeys.door_asking import client_of
from tests.journeys.world import API, PAGES, gates_in_the_way, pages_of, run, send

pytestmark = pytest.mark.django_db


# --- A3: a bar is not lowered by one hand ---

HIGH = {"privacy_profile": "sensitive", "verified_share": 0.5, "evidence_required": True}
LOW = {"privacy_profile": "standard", "verified_share": 0.0, "evidence_required": False}


def lower_over_rest(user: User, name: str, value: object) -> None:
    client = client_of(user)
    send(client, "patch", API, {name: value})
    body = {"changes": {name: value}, "reason": "it hinders"}
    uid = send(client, "post", f"{API}lowerings/", body).json().get("uid")
    send(client, "post", f"{API}lowerings/{uid}/confirm/", {"reason": "it hinders"})


def lower_on_the_page(user: User, name: str, value: object) -> None:
    form = {"title": "Tones", "access": "request", "use": "collection", name: value}
    pages_of(user).post(f"{PAGES}settings/", {**LOW, **form, "reason": "it hinders"})


def lower_by_command(user: User, name: str, value: object) -> None:
    said = f"{name}={json.dumps(value)}"
    words = ("lower_bar", "propose", "acme/tones", "--set", said, "--reason", "it hinders")
    run(*words, user=user)
    run("lower_bar", "confirm", "acme/tones", "--reason", "it hinders", user=user)


def lower_in_the_database(user: User, name: str, value: object) -> None:
    with suppress(DatabaseError), transaction.atomic():
        Dataset.objects.filter(name="tones").update(**{name: value})


LOWERINGS = [lower_over_rest, lower_on_the_page, lower_by_command, lower_in_the_database]


def test_nobody_lowers_a_bar_alone(cast: Cast, tmp_path: Path, sam: User) -> None:
    dataset = make_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes=HIGH)
    for attempt in LOWERINGS:
        for name, value in LOW.items():
            attempt(sam, name, value)
            row = Dataset.objects.get(pk=dataset.pk)
            assert {bar: getattr(row, bar) for bar in HIGH} == HIGH, attempt


def test_what_was_found_under_a_stricter_profile_stays_found(cast: Cast, tmp_path: Path) -> None:
    dataset = make_case_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"privacy_profile": "sensitive"})
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk))
    for profile in ("standard", "speech"):
        changes = {"privacy_profile": profile}
        asked = propose_lowering(actor=cast.ada, dataset=dataset, changes=changes, reason="quiet")
        confirm_lowering(actor=cast.cleo, lowering=asked, reason="I heard them all")
        row = Dataset.objects.get(pk=dataset.pk)
        scan_dataset(actor=cast.ada, dataset=row)
        assert "privacy.decided" in gates_in_the_way(cast, row), profile


def clear_over_rest(user: User, finding: Finding) -> None:
    body = {"verdict": "clear", "reason": "only a bird"}
    send(client_of(user), "post", f"/api/v1/findings/{finding.uid}/decision/", body)


def clear_by_command(user: User, finding: Finding) -> None:
    run("decide", str(finding.uid), "clear", "--reason", "only a bird", user=user)


def clear_on_the_page(user: User, finding: Finding) -> None:
    form = {"verdict": "clear", "reason": "only a bird", "finding": str(finding.uid)}
    pages_of(user).post(f"/review/clips/{finding.clip.uid}/", form)


def clear_as_a_batch_over_rest(user: User, finding: Finding) -> None:
    count = Finding.objects.filter(kind=finding.kind, decision=None).count()
    body = {"kind": finding.kind, "count": count, "verdict": "clear", "reason": "only birds"}
    name = finding.clip.dataset.full_name
    send(client_of(user), "post", f"/api/v1/datasets/{name}/decisions/", body)


def clear_as_a_batch_on_the_page(user: User, finding: Finding) -> None:
    alike = Finding.objects.filter(kind=finding.kind, decision=None).order_by("-pk")
    form = {
        "verdict": "clear",
        "reason": "only birds",
        "phrase": str(alike.count()),
        "newest": str(alike[0].pk),
    }
    query = f"dataset={finding.clip.dataset}&kind={finding.kind}"
    pages_of(user).post(f"/review/alike/?{query}", form)


def clear_as_a_batch_by_command(user: User, finding: Finding) -> None:
    words = ("decide", str(finding.clip.dataset), "clear", "--batch", finding.kind)
    run(*words, "--reason", "only birds", user=user)


CLEARANCES = [
    clear_over_rest,
    clear_by_command,
    clear_on_the_page,
    clear_as_a_batch_over_rest,
    clear_as_a_batch_on_the_page,
    clear_as_a_batch_by_command,
]


@pytest.mark.parametrize("clear", CLEARANCES)
def test_a_voice_is_cleared_only_after_it_was_played(
    cast: Cast, tmp_path: Path, clear: Callable[[User, Finding], None]
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    finding = Finding.objects.filter(clip__dataset=dataset, kind="speech").first()
    assert finding is not None
    clear(cast.cleo, finding)
    assert not Decision.objects.filter(finding__kind="speech").exists()
    play(cast.cleo, *dataset.clips.all())
    clear(cast.cleo, finding)
    assert Decision.objects.filter(finding=finding).exists()
