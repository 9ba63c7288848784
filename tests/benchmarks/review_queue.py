"""What a page of the review queue costs with 10,000 open clips, and what a batch of them does.

    pytest -s tests/benchmarks/review_queue.py

The rows are made up: ten clips to a recording, one finding in each, a tenth of them decided. With
EXPLAIN=1 the database's plan is printed.
"""

import os
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q

from apps.datasets.models import Clip, Recording
from apps.detection.models import Finding, Scan
from apps.review.actions import decide_findings_alike
from apps.review.models import Decision, Playback
from apps.review.queue import count_progress, find_place, list_visible_cases
from apps.storage.models import Blob
from tests.cast import Cast
from tests.factories.published import make_dataset

CLIPS = int(os.environ.get("CLIPS", "11000"))
PAGE = 50
BATCH = 2000
BUDGET = 0.3
KINDS = ("speech", "name", "metadata")


def digest(number: int, mark: int) -> str:
    return f"{mark:02x}{number:062x}"


def fill(cast: Cast) -> list[Finding]:
    dataset = make_dataset(cast.acme, cast.ada)
    Blob.objects.bulk_create(
        (
            Blob(store=dataset.uid, oid=f"{n:032x}", sha256=digest(n, 1), size=1)
            for n in range(CLIPS)
        ),
        batch_size=BATCH,
    )
    blobs = list(Blob.objects.filter(store=dataset.uid).order_by("sha256"))
    sessions = Recording.objects.bulk_create(
        Recording(dataset=dataset, name=f"{n:05d}") for n in range(CLIPS // 10)
    )
    clips = Clip.objects.bulk_create(
        (
            Clip(
                uid=uuid4(), dataset=dataset, path=f"{n:06d}.wav", blob=blob,
                recording=sessions[n // 10], media_type="audio/wav", codec="pcm",
                sample_rate=16000, channels=1, frames=1, duration=10.0,
                cells_sha256=digest(n, 2), added_by=cast.ada,
            )
            for n, blob in enumerate(blobs)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    scans = Scan.objects.bulk_create(
        (
            Scan(
                dataset=dataset, content_sha256=digest(n, 1), detector="speech",
                detector_version="1", parameters_sha256=digest(0, 3),
            )
            for n in range(CLIPS)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    findings = Finding.objects.bulk_create(
        (
            Finding(
                clip=clip, scan=scan, position=0, content_sha256=scan.content_sha256,
                kind=KINDS[n % 3], onset=1.0, offset=1.0 + n % 7, score=(n * 37 % 100) / 100,
            )
            for n, (clip, scan) in enumerate(zip(clips, scans, strict=True))
        ),
        batch_size=BATCH,
    )  # fmt: skip
    Playback.objects.bulk_create(
        (
            Playback(
                dataset=dataset, content_sha256=scan.content_sha256, listener=cast.cleo,
                onset=0.0, offset=clip.duration,
            )
            for clip, scan in zip(clips, scans, strict=True)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    Decision.objects.bulk_create(
        Decision(
            finding=finding, verdict="clear", reason="x", content_sha256=finding.content_sha256,
            decided_by=cast.cleo, uploaded_by=cast.ada,
        )
        for finding in findings[:: CLIPS // (CLIPS // 11)]
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return findings


def slowest(work: Callable[[], object], rounds: int = 7) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return sorted(took)[rounds // 2]


@pytest.mark.django_db
def test_the_queue_with_ten_thousand_open_clips(cast: Cast) -> None:
    findings = fill(cast)
    dataset = findings[0].clip.dataset
    rows = list_visible_cases(cast.cleo, dataset=dataset)
    opened = rows.count()
    middle: Any = rows[opened // 2]

    def after() -> object:
        further = (
            Q(recording_risk__lt=middle.recording_risk)
            | Q(recording_risk=middle.recording_risk, recording_group__gt=middle.recording_group)
            | Q(
                recording_risk=middle.recording_risk,
                recording_group=middle.recording_group,
                risk__lt=middle.risk,
            )
        )
        return list(rows.filter(further)[:PAGE])

    works = {
        "the first page": lambda: list(rows[:PAGE]),
        "a page in the middle": after,
        "the place of a case": lambda: find_place(rows, middle),
        "progress": lambda: count_progress(cast.cleo, dataset),
    }
    print(f"\n{connection.vendor}, {opened} open clips")
    took = {name: slowest(work) for name, work in works.items()}
    for name, seconds in took.items():
        print(f"{name}: {seconds * 1000:.0f} ms")
    if os.environ.get("EXPLAIN"):
        print(rows[:PAGE].explain(analyze=True))
    alike = list(Finding.objects.filter(kind="speech", decision=None).select_related("clip"))
    began = time.perf_counter()
    decide_findings_alike(actor=cast.cleo, findings=alike, verdict="clear", reason="tones")
    print(f"{len(alike)} findings cleared at once: {time.perf_counter() - began:.1f} s")
    assert max(took.values()) < BUDGET or connection.vendor != "postgresql"
