"""What the tests of ways out share: what people say, and hands at each door."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.datasets.models import Dataset
from apps.releases.actions import submit_release
from apps.releases.errors import GatesFailedError
from apps.releases.models import Release
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import (
    make_release,
)
from tests.factories.jobs import work_off
from tests.journeys.door_asking import client_of, given_by_doors, heard_sounds, md5_of

OPEN = ("research.noncommercial", "publish.open", "share.raw_audio", "preview.public_clip")
GATED = ("research.noncommercial", "publish.gated", "share.raw_audio")
API = "/api/v1/datasets/acme/tones/"
PAGES = "/datasets/acme/tones/"


def consent_of(
    person: str, day: int, answers: Mapping[Purpose, Answer], *, form: str = "voices"
) -> ConsentEntry:
    """What a contributor says on a day of January 2026."""
    return ConsentEntry(
        contributor=person,
        form=form,
        form_version="2",
        given_at=datetime(2026, 1, day, tzinfo=UTC),
        answers={Purpose(purpose): answer for purpose, answer in answers.items()},
        evidence_sha256="ab" * 32,
    )


def allow(cast: Cast, purposes: Sequence[str], *, person: str = "ben", day: int = 20) -> None:
    entry = consent_of(person, day, dict.fromkeys(map(Purpose, purposes), Answer.ALLOWED))
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def deny(cast: Cast, purposes: Sequence[str], *, person: str = "ben", day: int = 25) -> None:
    entry = consent_of(person, day, dict.fromkeys(map(Purpose, purposes), Answer.DENIED))
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def gates_in_the_way(cast: Cast, dataset: Dataset, purposes: Sequence[str] = GATED) -> set[str]:
    """The gates that stop a release of the draft as it is; none: it may be reviewed."""
    serial = Release.objects.count()
    with transaction.atomic():
        row = Dataset.objects.get(pk=dataset.pk)
        release = make_release(cast, row, version=f"9.{serial}.0", purposes=purposes)
        try:
            submit_release(actor=cast.ada, release=release)
        except GatesFailedError as refusal:
            return {gate["code"] for gate in refusal.detail["gates"]}
        finally:
            transaction.set_rollback(True)
    return set()


def sounds_for(user: User | None, release: Release) -> list[str]:
    """The doors at which the person got a sound of the release."""
    release = Release.objects.select_related("dataset__organisation").get(pk=release.pk)
    oids = list(release.holdings.values_list("blob__oid", flat=True))
    clips = set(release.dataset.clips.values_list("blob__oid", flat=True))
    given = heard_sounds(given_by_doors(client_of(user), release, oids))
    return [door for door, sound in given if md5_of(sound) in clips]


def pages_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, verb: str, address: str, body: dict[str, Any]) -> Any:
    """Send JSON and give the answer, which is never a failure of ours."""
    answer = getattr(client, verb)(address, body, content_type="application/json")
    assert answer.status_code < 500, (address, answer.content[:300])
    return answer


def run(*words: str, user: User) -> None:
    """Run a command as the person; it may refuse."""
    with suppress(CommandError, SystemExit):
        call_command(*words, "--as", user.username)


def push_over_the_hub(user: User, files: Mapping[str, bytes]) -> None:
    """Commit files to the draft as the Hub's clients do; it may be refused."""
    lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "add"}}]
    for path, content in files.items():
        value = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
        lines.append({"key": "file", "value": value})
    body = "\n".join(json.dumps(line) for line in lines)
    address = "/api/datasets/acme/tones/commit/main"
    answer = client_of(user).post(address, body, content_type="application/x-ndjson")
    assert answer.status_code < 500, answer.content[:300]
    work_off()
