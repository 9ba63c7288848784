"""Running the detectors over whatever they have not seen in its present form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.audit import record
from apps.datasets.cells import cells_of
from apps.datasets.models import Clip, Dataset
from apps.privacy.detectors.base import (
    AudioSubject,
    CellsSubject,
    Detection,
    Detector,
    Looks,
    Subject,
    run_many,
    version_of,
)
from apps.privacy.detectors.registry import detectors_for
from apps.privacy.models import Finding, Scan
from apps.privacy.voices import note_voices
from apps.storage.blobs import local_copy
from datasets_catalog.errors import EarmarkError

CHUNK = 200
Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class Scanned:
    """What a pass over a dataset did: counts of contents, findings, and failures that block."""

    contents: int = 0
    findings: int = 0
    failed: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    def sentence(self) -> str:
        text = f"The detectors scanned {self.contents} contents and saw {self.findings} things"
        return (
            f"{text}; {self.failed} scans failed and block the release."
            if self.failed
            else (f"{text}." if not self.findings else f"{text} for a reviewer to decide on.")
        )


def content_of(clip: Clip, detector: Detector) -> str:
    """SHA-256 of what the detector looks at in this clip: its bytes or its texts."""
    return clip.cells_sha256 if detector.looks_at is Looks.CELLS else clip.blob.sha256


def scan_dataset(*, actor: User, dataset: Dataset, progress: Progress = silent) -> Scanned:
    """Scan every clip of the draft; unchanged content is not scanned again."""
    ids = list(_clips(dataset).values_list("pk", flat=True))
    return scan_clips(actor=actor, dataset=dataset, clip_ids=ids, progress=progress)


def scan_clips(
    *, actor: User, dataset: Dataset, clip_ids: Sequence[int], progress: Progress = silent
) -> Scanned:
    """Scan the named clips of a draft. Stopped anywhere, it goes on where it was."""
    detectors = detectors_for(dataset.privacy_profile)
    result = Scanned()
    for start in range(0, len(clip_ids), CHUNK):
        progress(start, len(clip_ids), "Scanning for what needs a person's eyes and ears")
        clips = list(
            _clips(dataset)
            .filter(pk__in=clip_ids[start : start + CHUNK])
            .select_related("blob", "dataset")
        )
        for detector in detectors:
            _scan_chunk(dataset, clips, detector, result)
        note_voices(dataset, clips)
    if result.contents or result.findings:
        record.scan_finished(
            actor=actor.username,
            organisation=dataset.organisation.name,
            dataset=dataset.full_name,
            scanned=result.contents,
            findings=result.findings,
            failed=result.failed,
        )
    return result


def _clips(dataset: Dataset) -> QuerySet[Clip]:
    return Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")


def scans_by(dataset: Dataset, detector: Detector) -> QuerySet[Scan]:
    """The scans that this very version of the detector made in the dataset."""
    version = version_of(detector)
    return Scan.objects.filter(
        dataset=dataset,
        detector=version.name,
        detector_version=version.version,
        parameters_sha256=version.parameters_sha256,
    )


def _scan_chunk(
    dataset: Dataset, clips: Sequence[Clip], detector: Detector, result: Scanned
) -> None:
    by_content: dict[str, list[Clip]] = {}
    for clip in clips:
        by_content.setdefault(content_of(clip, detector), []).append(clip)
    mine = scans_by(dataset, detector).filter(content_sha256__in=list(by_content))
    # A scan that failed says nothing of the content: try it again.
    mine.filter(failed=True).delete()
    known = {scan.content_sha256: scan for scan in mine}
    fresh = {content: same[0] for content, same in by_content.items() if content not in known}
    for scan in _scan(dataset, fresh, detector):
        known[scan.content_sha256] = scan
        result.contents += 1
        result.failed += scan.failed
    result.findings += sum(
        _note_findings(known[content], same) for content, same in by_content.items()
    )


def _scan(dataset: Dataset, clips: Mapping[str, Clip], detector: Detector) -> Iterator[Scan]:
    """Run one detector on many contents; whatever goes wrong is a failed scan, which blocks."""
    with ExitStack() as stack:
        subjects: list[Subject] = []
        contents: list[str] = []
        for content, clip in clips.items():
            try:
                subjects.append(_subject(clip, detector, stack))
            except EarmarkError as problem:
                yield _written(dataset, content, detector, problem)
            else:
                contents.append(content)
        for content, answer in zip(contents, run_many(detector, subjects), strict=True):
            yield _written(dataset, content, detector, answer)


def _subject(clip: Clip, detector: Detector, stack: ExitStack) -> Subject:
    if detector.looks_at is Looks.CELLS:
        return CellsSubject(cells_of(clip))
    return AudioSubject(stack.enter_context(local_copy(clip.blob)), clip.path)


def _written(
    dataset: Dataset, content: str, detector: Detector, answer: Detection | EarmarkError
) -> Scan:
    version = version_of(detector)
    outcome: dict[str, Any] = (
        {"failed": True, "error": answer.message[:500]}
        if isinstance(answer, EarmarkError)
        else {
            "seen": [asdict(seen) for seen in answer.findings],
            "evidence": dict(answer.evidence),
        }
    )
    scan, _ = Scan.objects.get_or_create(
        dataset=dataset,
        content_sha256=content,
        detector=version.name,
        detector_version=version.version,
        parameters_sha256=version.parameters_sha256,
        defaults={"model_sha256": version.model_sha256, **outcome},
    )
    return scan


@transaction.atomic
def _note_findings(scan: Scan, clips: Sequence[Clip]) -> int:
    """Make what the scan saw into findings of each clip with that content; returns how many."""
    if not scan.seen:
        return 0
    rows = Finding.objects.filter(scan=scan, clip__in=clips).values_list("clip_id", "position")
    present = set(rows)
    fresh = [
        Finding(
            clip=clip,
            scan=scan,
            position=position,
            content_sha256=scan.content_sha256,
            kind=seen["kind"],
            onset=seen["onset"],
            offset=seen["offset"],
            score=seen["score"],
            detail=seen["detail"][:500],
            evidence=seen["evidence"],
        )
        for clip in clips
        for position, seen in enumerate(scan.seen)
        if (clip.pk, position) not in present
    ]
    Finding.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
