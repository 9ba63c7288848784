"""Running the detectors over whatever they have not seen in its present form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Clip, Dataset
from apps.datasets.text_cells import collect_cells
from apps.detection.detectors.base import (
    COARSE_DECIMALS,
    AudioSubject,
    CellsSubject,
    Detection,
    Detector,
    DetectorFailedError,
    Looks,
    Subject,
    build_version,
    needs_speech,
    run_detector_on_many,
)
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.speech import SpeechDetector
from apps.detection.draft_groups import build_groups
from apps.detection.draft_voices import note_voices
from apps.detection.models import Finding, Scan
from apps.storage.blobs import open_local_copy
from datasets_catalog.errors import EarmarkError
from datasets_catalog.verticals import Vertical, load_place_decimals

CHUNK = 200
Progress = Callable[[int, int, str], None]


def ignore_progress(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class ScanReport:
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


def find_scanned_content(clip: Clip, detector: Detector) -> str:
    """SHA-256 of what the detector looks at in this clip: its bytes or its texts."""
    return clip.cells_sha256 if detector.looks_at is Looks.CELLS else clip.blob.sha256


def scan_dataset(
    *, actor: User, dataset: Dataset, progress: Progress = ignore_progress
) -> ScanReport:
    """Scan every clip of the draft; unchanged content is not scanned again."""
    ids = list(_list_clips(dataset).values_list("pk", flat=True))
    return scan_clips(actor=actor, dataset=dataset, clip_ids=ids, progress=progress)


def scan_clips(
    *, actor: User, dataset: Dataset, clip_ids: Sequence[int], progress: Progress = ignore_progress
) -> ScanReport:
    """Scan the named clips of a draft. Stopped anywhere, it goes on where it was."""
    detectors = list_detectors(dataset.privacy_profile)
    result = ScanReport()
    for start in range(0, len(clip_ids), CHUNK):
        progress(start, len(clip_ids), "Scanning for what needs a person's eyes and ears")
        clips = list(
            _list_clips(dataset)
            .filter(pk__in=clip_ids[start : start + CHUNK])
            .select_related("blob", "dataset", "recording")
        )
        with ExitStack() as lent:
            chunk = _Chunk(dataset, clips, lent)
            for detector in detectors:
                if detector.looks_at is not Looks.DATASET:
                    _scan_chunk(chunk, detector, result)
        _note_known(dataset, clips)
        note_voices(dataset, clips)
    for detector in detectors:
        if detector.looks_at is Looks.DATASET:
            _scan_draft(dataset, detector, result)
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


def _list_clips(dataset: Dataset) -> QuerySet[Clip]:
    return Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")


def list_scans(dataset: Dataset, detector: Detector) -> QuerySet[Scan]:
    """The scans that this very version of the detector made in the dataset."""
    version = build_version(detector)
    return Scan.objects.filter(
        dataset=dataset,
        detector=version.name,
        detector_version=version.version,
        parameters_sha256=version.parameters_sha256,
    )


@dataclass(slots=True)
class _Chunk:
    """Some clips while they are scanned: their files, lent once for all detectors.

    `speech` is what the speech detector heard in them, for those detectors that go by it.
    """

    dataset: Dataset
    clips: Sequence[Clip]
    lent: ExitStack
    paths: dict[str, Path] = field(default_factory=dict)
    speech: dict[str, Scan] = field(default_factory=dict)

    def subject(self, clip: Clip, detector: Detector) -> Subject:
        """What the detector is to look at. Raises what reading the blob raises."""
        if detector.looks_at is Looks.CELLS:
            decimals = load_place_decimals().get(Vertical(self.dataset.vertical), COARSE_DECIMALS)
            return CellsSubject(collect_cells(clip), decimals)
        content = clip.blob.sha256
        if content not in self.paths:
            self.paths[content] = self.lent.enter_context(open_local_copy(clip.blob))
        heard = self._find_speech_stretches(clip) if needs_speech(detector) else None
        return AudioSubject(self.paths[content], clip.path, heard)

    def _find_speech_stretches(self, clip: Clip) -> tuple[tuple[float, float], ...]:
        scan = self.speech.get(clip.blob.sha256)
        if scan is None or scan.failed:
            raise DetectorFailedError(
                f"{clip.path} was not listened to for speech, so nobody knows where to look on."
            )
        return tuple((onset, offset) for onset, offset in scan.evidence["stretches"])


def _scan_chunk(chunk: _Chunk, detector: Detector, result: ScanReport) -> None:
    by_content: dict[str, list[Clip]] = {}
    for clip in chunk.clips:
        by_content.setdefault(find_scanned_content(clip, detector), []).append(clip)
    mine = list_scans(chunk.dataset, detector).filter(content_sha256__in=list(by_content))
    # A scan that failed says nothing of the content: try it again.
    mine.filter(failed=True).delete()
    known = {scan.content_sha256: scan for scan in mine}
    fresh = {content: same[0] for content, same in by_content.items() if content not in known}
    if fresh:
        rows = [
            _build_scan(chunk.dataset, content, detector, answer)
            for content, answer in _ask_detector(chunk, fresh, detector)
        ]
        known |= _write_scans(chunk.dataset, detector, rows)
        result.contents += len(rows)
        result.failed += sum(row.failed for row in rows)
    if detector.name == SpeechDetector.name:
        chunk.speech = known
    seen = [(known[content], same) for content, same in by_content.items()]
    result.findings += _note_findings([each for each in seen if each[0].seen])


def _note_known(dataset: Dataset, clips: Sequence[Clip]) -> None:
    """Note what was ever seen in the bytes of these clips, whatever clip they were in then.

    Also by a person, or under a setting that does not hold any more.
    """
    by_content: dict[str, list[Clip]] = {}
    for clip in clips:
        by_content.setdefault(clip.blob.sha256, []).append(clip)
    scans = list_scans_with_findings(dataset).filter(content_sha256__in=list(by_content))
    _note_findings([(scan, by_content[scan.content_sha256]) for scan in scans])


def list_scans_with_findings(dataset: Dataset) -> QuerySet[Scan]:
    """Every scan of a content of the dataset that saw something, by whatever detector or person."""
    return Scan.objects.filter(dataset=dataset, failed=False).exclude(seen=[])


def _ask_detector(
    chunk: _Chunk, clips: Mapping[str, Clip], detector: Detector
) -> Iterator[tuple[str, Detection | EarmarkError]]:
    """What one detector says of many contents; whatever goes wrong is an answer too."""
    subjects: dict[str, Subject] = {}
    for content, clip in clips.items():
        try:
            subjects[content] = chunk.subject(clip, detector)
        except EarmarkError as problem:
            yield content, problem
    yield from zip(subjects, run_detector_on_many(detector, list(subjects.values())), strict=True)


def _build_scan(
    dataset: Dataset, content: str, detector: Detector, answer: Detection | EarmarkError
) -> Scan:
    """The scan that the answer makes; one that is a problem is a failed scan, which blocks."""
    version = build_version(detector)
    outcome: dict[str, Any] = (
        {"failed": True, "error": answer.message[:500]}
        if isinstance(answer, EarmarkError)
        else {
            "seen": [asdict(seen) for seen in answer.findings],
            "evidence": dict(answer.evidence),
            "heard": answer.surest_of_people,
        }
    )
    return Scan(
        dataset=dataset,
        content_sha256=content,
        detector=version.name,
        detector_version=version.version,
        parameters_sha256=version.parameters_sha256,
        model_sha256=version.model_sha256,
        **outcome,
    )


def _write_scans(dataset: Dataset, detector: Detector, rows: Sequence[Scan]) -> dict[str, Scan]:
    """The rows as they stand, by content: where another worker was faster, its own."""
    Scan.objects.bulk_create(rows, ignore_conflicts=True)
    kept = list_scans(dataset, detector).filter(
        content_sha256__in=[row.content_sha256 for row in rows]
    )
    return {scan.content_sha256: scan for scan in kept}


def _scan_draft(dataset: Dataset, detector: Detector, result: ScanReport) -> None:
    """Let a detector look at the groups of the whole draft that it does not know yet."""
    groups = build_groups(dataset, detector)
    mine = list_scans(dataset, detector)
    mine.filter(failed=True).delete()
    present = set(mine.values_list("content_sha256", flat=True))
    fresh = {key: group for key, group in groups.items() if key not in present}
    if fresh:
        answers = run_detector_on_many(detector, list(fresh.values()))
        rows = [
            _build_scan(dataset, key, detector, answer)
            for key, answer in zip(fresh, answers, strict=True)
        ]
        Scan.objects.bulk_create(rows, ignore_conflicts=True)
        result.contents += len(rows)
        result.failed += sum(row.failed for row in rows)
    for scan in mine.exclude(seen=[]).filter(failed=False):
        group = groups.get(scan.content_sha256)
        if group is not None:
            clips = Clip.objects.filter(pk__in=group.clips).select_related("blob")
            fitting = drop_rarer_clips(scan, list(clips))
            result.findings += _note_findings([(scan, fitting)])


def drop_rarer_clips(scan: Scan, clips: Sequence[Clip]) -> list[Clip]:
    """Clips of a group but those of which a finding says the same, or worse, already.

    When a group grows, what was decided on it while it was smaller still holds; and so does what
    was decided by fewer columns, for who stands alone by some of them does by all.
    """
    if "size" not in scan.evidence:
        return list(clips)
    size = int(scan.evidence["size"])
    findings = Finding.objects.filter(
        clip__in=clips,
        scan__detector=scan.detector,
        scan__detector_version=scan.detector_version,
        scan__parameters_sha256=scan.parameters_sha256,
    ).exclude(scan=scan)
    rows = findings.values_list("clip_id", "content_sha256", "evidence")
    columns = set(scan.evidence["columns"])
    rarer = {
        (clip, content)
        for clip, content, told in rows
        if told["size"] <= size and set(told["columns"]) <= columns
    }
    return [clip for clip in clips if (clip.pk, clip.cells_sha256) not in rarer]


@transaction.atomic
def _note_findings(found: Sequence[tuple[Scan, Sequence[Clip]]]) -> int:
    """Make what scans saw into findings of each clip with that content; returns how many."""
    scans = [scan for scan, _ in found]
    rows = Finding.objects.filter(scan__in=scans)
    present: dict[tuple[int, int], set[str]] = {}
    for scan_id, clip_id, content in rows.values_list("scan_id", "clip_id", "content_sha256"):
        present.setdefault((scan_id, clip_id), set()).add(content)
    fresh = []
    for scan, clips in found:
        for clip in clips:
            known, content = (
                present.get((scan.pk, clip.pk), set()),
                _choose_finding_content(scan, clip),
            )
            if content not in known:
                # A clip may meet the same scan of a draft again, with other cells or bytes.
                after = len(known) * len(scan.seen)
                fresh += [
                    _build_finding(scan, clip, content, after + at) for at in range(len(scan.seen))
                ]
    Finding.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _choose_finding_content(scan: Scan, clip: Clip) -> str:
    """What a finding speaks of: what was scanned, or for a draft as a whole the clip as it is."""
    if scan.content_sha256 in {clip.blob.sha256, clip.cells_sha256}:
        return scan.content_sha256
    return clip.blob.sha256 if scan.evidence.get("bound_to") == "bytes" else clip.cells_sha256


def _build_finding(scan: Scan, clip: Clip, content: str, position: int) -> Finding:
    seen = scan.seen[position % len(scan.seen)]
    return Finding(
        clip=clip,
        scan=scan,
        position=position,
        content_sha256=content,
        kind=seen["kind"],
        onset=seen["onset"],
        offset=seen["offset"],
        score=seen["score"],
        detail=seen["detail"][:500],
        evidence=seen["evidence"],
    )
