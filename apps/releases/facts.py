"""The one place where rows become the facts that gates judge."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, F, Q

from apps.consent.ledger import load_consents, load_people
from apps.datasets.label_verification import SECOND_PERSON
from apps.datasets.models import Clip, Dataset, Event
from apps.detection.detectors.base import Detector
from apps.detection.detectors.registry import list_detectors
from apps.detection.kinds import find_kind_policy
from apps.detection.models import Finding
from apps.detection.sounds_alike import group_alike_sounds
from apps.licensing.licences import load_own_terms
from apps.releases.checklist_answers import list_documents_in_force, load_answers
from apps.releases.label_facts import load_label_facts
from apps.releases.models import Release, ReleaseBlob
from apps.releases.personal_texts import find_identifying_texts
from apps.releases.scan_coverage import ScansOfDraft, build_detector_fact
from apps.releases.version_proposals import load_version_step
from apps.review.access import filter_current_content, match_awaiting_second
from apps.review.alterations import find_stripped_contents
from apps.review.models import ChangeRequest, Decision
from apps.review.people_heard import PeopleHeard
from apps.review.sampling import load_sample_facts
from apps.storage.blobs import verify_blob
from apps.storage.errors import BlobMismatchError, BlobMissingError
from apps.storage.missing_blobs import find_missing
from apps.storage.models import Blob
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.facts import (
    BlobState,
    ClipFacts,
    DatasetFacts,
    DocumentFacts,
    FindingFacts,
    FindingState,
    ReleaseFacts,
)
from datasets_catalog.labels import Status
from datasets_catalog.licences import Use
from datasets_catalog.privacy_profiles import Profile
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import PUBLIC_STATES
from datasets_catalog.split_policies import (
    FIELD_PREFIX,
    OPTIONAL,
    SplitPolicy,
    Trait,
    parse_policy,
)
from datasets_catalog.verticals import Vertical

# Characters of an ISO 8601 date down to its day.
DAY = 10


def load_facts(release: Release, *, at: datetime) -> ReleaseFacts:
    """Everything the gates want to know about the draft that the release froze."""
    dataset = release.dataset
    detectors = list_detectors(dataset.privacy_profile)
    return ReleaseFacts(
        dataset=DatasetFacts(
            full_name=dataset.full_name,
            title=dataset.title,
            description=dataset.description,
            vertical=Vertical(dataset.vertical),
            verified_share=dataset.verified_share,
            identifying=find_identifying_texts(dataset),
            sensitive=dataset.privacy_profile == Profile.SENSITIVE,
            splits=parse_policy(dataset.split_policy),
            evidence_required=dataset.evidence_required,
        ),
        purposes=tuple(Purpose(purpose) for purpose in release.purposes),
        at=at,
        use=Use(release.use),
        clips=list(_load_clip_facts(dataset, detectors)),
        consents=load_consents(dataset),
        terms=load_own_terms(dataset.organisation),
        territories=frozenset(release.territories),
        detectors=frozenset(build_detector_fact(detector) for detector in detectors),
        wanted=dataset.wanted_licence or None,
        sample=load_sample_facts(dataset),
        answers=load_answers(release),
        version=release.version or None,
        changed=load_version_step(release) if release.pk else None,
        documents=tuple(
            DocumentFacts(row.kind, row.title, row.valid_until)
            for row in list_documents_in_force(dataset)
        ),
    )


class _Row(NamedTuple):
    """What is read of each clip, in the order of the query."""

    pk: int
    uid: Any
    path: str
    duration: float
    licence: str
    recording_id: int | None
    recording: str | None
    recording_offset: float | None
    split: str
    place: str
    device: str
    environment: str
    recorded_at: str
    synthetic: bool
    original_id: int | None
    title: str
    author: str
    source_url: str
    fields: Mapping[str, Any]
    cells_sha256: str
    blob_id: int
    oid: str
    sha256: str
    size: int
    destroyed_at: datetime | None


_COLUMNS = (
    "pk",
    "uid",
    "path",
    "duration",
    "licence",
    "recording_id",
    "recording__name",
    "recording_offset",
    "split",
    "place",
    "device",
    "environment",
    "recorded_at",
    "synthetic",
    "original_id",
    "title",
    "author",
    "source_url",
    "fields",
    "cells_sha256",
    "blob_id",
    "blob__oid",
    "blob__sha256",
    "blob__size",
    "blob__destroyed_at",
)


def _load_clip_facts(dataset: Dataset, detectors: Iterable[Detector]) -> Iterator[ClipFacts]:
    seen = ScansOfDraft(dataset, detectors)
    findings = _Findings(dataset)
    people = load_people(dataset)
    heard = PeopleHeard(dataset)
    sounds = group_alike_sounds(dataset)
    events = _count_events(dataset)
    labels = load_label_facts(dataset)
    policy = parse_policy(dataset.split_policy)
    blobs = _BlobStates(dataset)
    stripped = find_stripped_contents(dataset)
    # Plain values: an instance for each of many thousand clips would cost more than all the rest.
    rows = (
        Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
        .order_by("path")
        .values_list(*_COLUMNS)
    )
    for clip in map(_Row._make, rows.iterator(chunk_size=2000)):
        total, verified = events.get(clip.pk, (0, 0))
        recorded = ClipPeople(str(clip.uid), clip.path, people.get(clip.pk, ()), clip.duration)
        known = heard.complete(recorded, clip=clip.pk, contents=(clip.sha256, clip.cells_sha256))
        yield ClipFacts(
            clip_id=known.clip_id,
            path=clip.path,
            sha256=clip.sha256,
            duration=clip.duration,
            licence=clip.licence or None,
            contributors=known.contributors,
            recording=clip.recording,
            split=clip.split or None,
            synthetic=clip.synthetic,
            modified=clip.original_id is not None and (str(clip.uid), clip.oid) not in stripped,
            credited=bool(clip.title or clip.author or clip.source_url),
            identifiable=known.identifiable,
            speech_heard=known.speech_heard,
            nobody_identifiable=known.nobody_identifiable,
            agreement_due=known.agreement_due,
            people_heard=known.people_heard,
            somebody_unknown=known.somebody_unknown,
            count_due=known.count_due,
            blob=blobs.of(clip),
            sound_group=sounds.get(clip.pk),
            scans=seen.of(clip.pk, clip.sha256, clip.cells_sha256),
            findings=(*findings.of(clip), *seen.find_unnoted(clip.pk, clip.sha256)),
            identifying=findings.identifying(clip),
            events=total,
            events_verified=verified,
            weak_labels=labels[clip.pk].weak,
            overlaps=labels[clip.pk].overlaps,
            advised_against=labels[clip.pk].advised_against,
            label_problems=tuple(labels[clip.pk].problems),
            recording_offset=clip.recording_offset,
            traits=_read_traits(clip, policy),
            fields=clip.fields,
        )


def _read_traits(clip: _Row, policy: SplitPolicy) -> Mapping[str, str]:
    """What else of the clip the policy of splits goes by; what was not said is left out."""
    found = {}
    for trait in policy.traits:
        if trait.startswith(FIELD_PREFIX):
            value = clip.fields.get(trait.removeprefix(FIELD_PREFIX))
        elif trait == Trait.DAY:
            value = clip.recorded_at[:DAY] if len(clip.recorded_at) >= DAY else ""
        else:
            value = getattr(clip, trait) if trait not in OPTIONAL else ""
        if value not in (None, ""):
            found[trait] = str(value)
    return found


class _BlobStates:
    """Whether each blob is there, and, of those in no published release yet, whether it is whole.

    A published release's bytes were hashed before it was published; `fsck --deep` reads them again.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._store = dataset.uid
        self._lost = find_missing(dataset.uid)
        published = ReleaseBlob.objects.filter(
            release__dataset=dataset, release__state__in=PUBLIC_STATES
        )
        self._proved = set(published.values_list("blob_id", flat=True))
        self._states: dict[int, BlobState] = {}

    def of(self, clip: _Row) -> BlobState:
        if clip.destroyed_at is not None:
            return BlobState.DESTROYED
        if clip.oid in self._lost:
            return BlobState.MISSING
        if clip.blob_id in self._proved:
            return BlobState.PRESENT
        if clip.blob_id not in self._states:
            self._states[clip.blob_id] = _check_hash(
                Blob(store=self._store, oid=clip.oid, sha256=clip.sha256, size=clip.size)
            )
        return self._states[clip.blob_id]


def _check_hash(blob: Blob) -> BlobState:
    try:
        verify_blob(blob)
    except BlobMissingError:
        return BlobState.MISSING
    except BlobMismatchError:
        return BlobState.DAMAGED
    return BlobState.PRESENT


class _Findings:
    """What still stands against each clip, its recording's speech included."""

    def __init__(self, dataset: Dataset) -> None:
        self._by_clip: dict[int, list[FindingFacts]] = defaultdict(list)
        self._by_recording: dict[int, list[FindingFacts]] = defaultdict(list)
        self._identifying: dict[int, list[str]] = defaultdict(list)
        rows = filter_current_content(Finding.objects.filter(clip__dataset=dataset))
        open_rows = rows.filter(
            Q(decision=None)
            | match_awaiting_second()
            | Q(decision__decided_by=F("clip__added_by"))
            | ~Q(decision__content_sha256=F("content_sha256"))
            # What was to leave is here: bytes or texts that were decided on came in again.
            | Q(decision__verdict__in=(Decision.Verdict.REDACT, Decision.Verdict.EXCLUDE))
        ).select_related("clip", "decision", "decision__confirmation")
        for row in open_rows.iterator(chunk_size=2000):
            self._note(row)
        for asked in ChangeRequest.objects.filter(clip__dataset=dataset, answered_at=None):
            fact = FindingFacts(str(asked.uid), "a change", FindingState.CHANGE_ASKED)
            self._by_clip[asked.clip_id].append(fact)

    def _note(self, row: Finding) -> None:
        fact = FindingFacts(str(row.uid), row.kind, _find_state(row), row.onset, row.offset)
        policy = find_kind_policy(row.kind)
        if row.onset is None and policy.is_read:
            self._identifying[row.clip_id].append(row.detail or row.kind)
        if policy.speaks_for_recording and row.clip.recording_id is not None:
            self._by_recording[row.clip.recording_id].append(fact)
        else:
            self._by_clip[row.clip_id].append(fact)

    def of(self, clip: _Row) -> tuple[FindingFacts, ...]:
        shared = self._by_recording.get(clip.recording_id, []) if clip.recording_id else []
        return (*self._by_clip.get(clip.pk, ()), *shared)

    def identifying(self, clip: _Row) -> tuple[str, ...]:
        return tuple(self._identifying.get(clip.pk, ()))


def _find_state(row: Finding) -> FindingState:
    decision = getattr(row, "decision", None)
    if decision is None:
        return FindingState.UNDECIDED
    if decision.decided_by_id == row.clip.added_by_id:
        return FindingState.DECIDED_BY_UPLOADER
    if decision.content_sha256 != row.content_sha256:
        return FindingState.DECIDED_ON_OTHER_BYTES
    if decision.awaits_second:
        return FindingState.AWAITING_SECOND
    if decision.verdict == Decision.Verdict.REDACT:
        return FindingState.REDACTION_PENDING
    return FindingState.EXCLUDED


def _count_events(dataset: Dataset) -> dict[int, tuple[int, int]]:
    rows = (
        Event.objects.filter(clip__dataset=dataset)
        .exclude(status=Status.REJECTED)
        .values_list("clip_id")
        .annotate(total=Count("pk"), verified=Count("pk", filter=SECOND_PERSON))
    )
    return {clip_id: (total, verified) for clip_id, total, verified in rows}
