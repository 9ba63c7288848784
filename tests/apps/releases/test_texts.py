"""Personal data in the dataset's own texts and in its events stops a release."""

from pathlib import Path

import pytest
from django.utils import timezone

from apps.datasets.actions import update_dataset
from apps.datasets.models import Clip, Dataset, Event
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from datasets_catalog.gates.base import Verdict
from datasets_catalog.gates.privacy import PrivacyMetadata
from tests.cast import Cast
from tests.factories.drafts import make_draft

pytestmark = pytest.mark.django_db
ADDRESS = "dan.field@example.org"


def judged(cast: Cast, dataset: Dataset) -> Verdict:
    release = create_release(
        actor=cast.ada, dataset=dataset, version="1.0.0", purposes=["research.noncommercial"]
    )
    return PrivacyMetadata().check(load_facts(release, at=timezone.now()))


def test_a_dataset_whose_texts_name_nobody_passes(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    text = "Recorded 2024-05-01 at 48000 Hz; see https://example.org/12345678901 and v1.2.3.4."
    update_dataset(actor=cast.ada, dataset=dataset, changes={"description": text})
    clip = Clip.objects.filter(dataset=dataset)[0]
    Event.objects.create(clip=clip, label="train 4711", onset=0, offset=0.1, annotator="an-07")
    verdict = judged(cast, Dataset.objects.get(pk=dataset.pk))
    assert verdict.passed, verdict.rows


def test_what_is_personal_in_title_description_and_events_is_named_shortened(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    changes = {"title": f"Tones of {ADDRESS}", "description": "Ring +31 20 794 0800 at night."}
    update_dataset(actor=cast.ada, dataset=dataset, changes=changes)
    clip = Clip.objects.filter(dataset=dataset)[0]
    for onset in (0, 0.1):
        Event.objects.create(
            clip=clip, label=f"laugh {ADDRESS}", onset=onset, offset=0.2, annotator=ADDRESS
        )
    verdict = judged(cast, Dataset.objects.get(pk=dataset.pk))
    assert not verdict.passed
    assert [row.message.split(" may ")[0] for row in verdict.rows] == [
        'title "Tones of da…" (email)',
        'description "Ring +3… at night." (phone)',
        'label "laugh da…" (email)',
        'annotator "da…" (email)',
    ]
    assert all("take it out" in row.message for row in verdict.rows)


def test_events_that_no_release_holds_do_not_count(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    first, second = Clip.objects.filter(dataset=dataset)[:2]
    Event.objects.create(clip=first, label=ADDRESS, onset=0, offset=0.1, status="rejected")
    Event.objects.create(clip=second, label=ADDRESS, onset=0, offset=0.1)
    Clip.objects.filter(pk=second.pk).update(state=Clip.State.EXCLUDED)
    assert judged(cast, dataset).passed
