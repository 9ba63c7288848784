"""What the database's own checks of a publication cost at 50,000 clips.

    pytest -s tests/benchmarks/publication_guards.py
    EARMARK_TEST_DATABASE=sqlite pytest -s tests/benchmarks/publication_guards.py

The rows are made up, as many as a reviewed release has; what is timed is the one statement that
moves the release to `published`, and the statement that notes which blobs it holds.
"""

import os
import time
from collections.abc import Sequence
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding, Scan
from apps.releases.freezing import hold_blobs
from apps.releases.gate_results import note_detectors
from apps.releases.models import DetectorInForce, Release
from apps.review.models import Decision
from apps.storage.models import Blob
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release, walk

BATCH = 2000
CLIPS = int(os.environ.get("CLIPS", "50000"))
FINDINGS = CLIPS // 20


def digest(number: int, mark: int) -> str:
    return f"{mark:02x}{number:062x}"


def fill(cast: Cast, dataset: Dataset) -> None:
    """Clips that every detector in force has seen, one in twenty with a decided finding."""
    Blob.objects.bulk_create(
        (
            Blob(store=dataset.uid, oid=f"{n:032x}", sha256=digest(n, 1), size=1)
            for n in range(CLIPS)
        ),
        batch_size=BATCH,
    )
    stored = list(Blob.objects.filter(store=dataset.uid, size=1).order_by("sha256"))
    clips = Clip.objects.bulk_create(
        (
            Clip(
                uid=uuid4(), dataset=dataset, path=f"{n:06d}.wav", blob=blob,
                media_type="audio/wav", codec="pcm", sample_rate=16000, channels=1, frames=1,
                duration=1.0, cells_sha256=digest(n, 2), added_by=cast.ada,
            )
            for n, blob in enumerate(stored)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    review(cast, dataset, clips)


def review(cast: Cast, dataset: Dataset, clips: Sequence[Clip]) -> None:
    scans = []
    for asked in DetectorInForce.objects.all():
        mark = 2 if asked.looks_at == "cells" else 1
        scans += [
            Scan(
                dataset=dataset, content_sha256=digest(n, mark), detector=asked.detector,
                detector_version=asked.detector_version,
                parameters_sha256=asked.parameters_sha256,
            )
            for n in range(CLIPS)
        ]  # fmt: skip
    Scan.objects.bulk_create(scans, batch_size=BATCH)
    speech = Scan.objects.filter(dataset=dataset, detector="speech").order_by("content_sha256")
    findings = Finding.objects.bulk_create(
        Finding(clip=clip, scan=scan, position=0, content_sha256=scan.content_sha256, kind="speech")
        for clip, scan in zip(clips[:FINDINGS], speech[:FINDINGS], strict=True)
    )
    Decision.objects.bulk_create(
        Decision(
            finding=finding, verdict="clear", reason="x", content_sha256=finding.content_sha256,
            decided_by=cast.cleo, uploaded_by=cast.ada,
        )
        for finding in findings
    )  # fmt: skip


@pytest.mark.django_db
def test_a_publication_of_fifty_thousand_clips(cast: Cast) -> None:
    dataset = make_dataset(cast.acme, cast.ada)
    release = make_release(dataset, state=ReleaseState.DRAFT)
    note_detectors(dataset.privacy_profile)
    fill(cast, dataset)
    Release.objects.filter(pk=release.pk).update(clips=CLIPS)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    release.refresh_from_db()
    began = time.perf_counter()
    hold_blobs(release)
    held = time.perf_counter() - began
    walk(release, ReleaseState.APPROVED)
    began = time.perf_counter()
    Release.objects.filter(pk=release.pk).update(state="published", published_at=timezone.now())
    took = time.perf_counter() - began
    print(f"\n{connection.vendor}: {CLIPS} clips: hold {held:.2f} s, publish {took:.2f} s")
