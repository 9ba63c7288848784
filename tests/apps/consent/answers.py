"""Answers to record in tests, and what the ledger then says of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from apps.consent.actions import RecordedConsents, record_consents
from apps.consent.entries import ConsentEntry
from apps.consent.ledger import load_consents
from apps.consent.models import Consent, Contributor, Participation
from apps.datasets.models import Clip, Dataset
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan
from datasets_catalog.ledger import Ledger, Refusal, Scope
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.published import keep
from tests.factories.sounds import sound_bytes

RESEARCH = Purpose.RESEARCH_NONCOMMERCIAL
COMMERCIAL = Purpose.RESEARCH_COMMERCIAL
GATED = Purpose.PUBLISH_GATED
OPEN = Purpose.PUBLISH_OPEN
EVIDENCE = "ab" * 32


def day(number: int, month: int = 3) -> datetime:
    return datetime(2026, month, number, 9, 30, tzinfo=UTC)


FIRST = day(1)


def answers(
    contributor: str = "ben",
    *,
    allowed: Sequence[Purpose] = (),
    denied: Sequence[Purpose] = (),
    given_at: datetime = FIRST,
    form: str = "voices",
    form_version: str = "1",
    **more: Any,
) -> ConsentEntry:
    given = dict.fromkeys(allowed, Answer.ALLOWED) | dict.fromkeys(denied, Answer.DENIED)
    return ConsentEntry(contributor, form, form_version, given_at, given, **more)


def record(
    cast: Cast, *entries: ConsentEntry, datasets: Sequence[Dataset] = ()
) -> RecordedConsents:
    return record_consents(
        actor=cast.ada, organisation=cast.acme, entries=entries, datasets=datasets
    )


def only_consent(cast: Cast, code: str = "ben") -> Consent:
    return Consent.objects.get(contributor__organisation=cast.acme, contributor__code=code)


def asked(dataset: Dataset, at: datetime | None = None) -> PeopleCoverage:
    ledger = Ledger(load_consents(Dataset.objects.get(pk=dataset.pk)))
    return PeopleCoverage(ledger, Plan((), dataset=dataset.full_name), at or timezone.now())


def scope(
    dataset: Dataset, code: str = "ben", *, recording: str = "", at: datetime | None = None
) -> Scope:
    """What somebody permits for a recording of the dataset."""
    return asked(dataset, at).scope(ClipPeople("c", "c.wav", (code,), 1.0, recording=recording))


def refusal(
    dataset: Dataset, purpose: Purpose, code: str = "ben", *, at: datetime | None = None
) -> Refusal | None:
    ledger = Ledger(load_consents(Dataset.objects.get(pk=dataset.pk)))
    plan = Plan((purpose,), frozenset({"DE"}), dataset=dataset.full_name)
    found = PeopleCoverage(ledger, plan, at or timezone.now())
    rows = found.list_gaps(ClipPeople("c", "c.wav", (code,), 1.0))
    return rows[0].refusal if rows else None


def put_in_clip(dataset: Dataset, code: str = "ben", path: str = "a.wav") -> Clip:
    """A clip of the draft in which the contributor can be heard."""
    person, _ = Contributor.objects.get_or_create(organisation=dataset.organisation, code=code)
    clip = Clip.objects.create(
        dataset=dataset,
        path=path,
        blob=keep(dataset, sound_bytes()),
        media_type="audio/wav",
        codec="pcm_s16le",
        sample_rate=16_000,
        channels=1,
        frames=3200,
        duration=0.2,
        has_video=False,
        added_by=dataset.created_by,
    )
    Participation.objects.create(contributor=person, clip=clip)
    return clip
