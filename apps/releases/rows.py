"""The draft's rows as a release states them: sorted, hashed, ready for the tables."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.db.models.functions import Collate

from apps.consent.ledger import consents_of, people_in
from apps.datasets.models import Clip, Dataset, Event
from apps.storage.tables import ClipRow, EventRow
from datasets_catalog.consent import Ledger, consent_digest
from datasets_catalog.labels import Event as EventValue
from datasets_catalog.labels import Presence, Source, Status, labels_digest
from datasets_catalog.manifest import ClipRow as Leaf
from datasets_catalog.manifest import RootBuilder, metadata_digest

CHUNK = 2000
# The columns of clips.parquet that the leaf holds one by one; the others are in its
# `metadata_sha256`.
IN_LEAF = (
    "clip_id",
    "path",
    "sha256",
    "size",
    "labels_sha256",
    "licence",
    "consent_digest",
    "split",
    "synthetic",
)
NOT_HASHED = (*IN_LEAF, "md5", "leaf")


class DraftClip(NamedTuple):
    """The columns read of each clip, in the order of the query."""

    pk: int
    uid: Any
    path: str
    oid: str
    sha256: str
    size: int
    media_type: str
    codec: str
    sample_rate: int
    channels: int
    frames: int
    duration: float
    has_video: bool
    recording: str | None
    split: str
    licence: str
    title: str
    author: str
    source_url: str
    environment: str
    device: str
    place: str
    recorded_at: str
    synthetic: bool
    original_id: int | None
    fields: Mapping[str, Any]


_COLUMNS = (
    "pk",
    "uid",
    "path",
    "blob__oid",
    "blob__sha256",
    "blob__size",
    "media_type",
    "codec",
    "sample_rate",
    "channels",
    "frames",
    "duration",
    "has_video",
    "recording__name",
    "split",
    "licence",
    "title",
    "author",
    "source_url",
    "environment",
    "device",
    "place",
    "recorded_at",
    "synthetic",
    "original_id",
    "fields",
)


@dataclass(slots=True)
class Statistics:
    """What a release holds, counted while its rows pass by; times in seconds."""

    clips: int = 0
    events: int = 0
    seconds: float = 0.0
    size: int = 0
    contributors: set[str] = field(default_factory=set)
    with_people: int = 0
    synthetic: int = 0
    redacted: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    label_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    splits: Counter[str] = field(default_factory=Counter)
    split_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    licences: Counter[str] = field(default_factory=Counter)
    sample_rates: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    verified: int = 0

    def add(self, row: ClipRow, people: Sequence[str], events: Sequence[EventValue]) -> None:
        self.clips += 1
        self.events += len(events)
        self.seconds += row["duration"]
        self.size += row["size"]
        self.contributors.update(people)
        self.with_people += bool(people)
        self.synthetic += row["synthetic"]
        self.redacted += row["redacted"]
        self.splits[row["split"] or ""] += 1
        self.split_seconds[row["split"] or ""] += row["duration"]
        self.licences[row["licence"]] += 1
        self.sample_rates[row["sample_rate"]] += 1
        for event in events:
            self.sources[event.source.value] += 1
            self.verified += event.status is Status.VERIFIED
            if event.presence is Presence.YES:
                self.labels[event.label] += 1
                self.label_seconds[event.label] += event.offset - event.onset

    def as_json(self) -> dict[str, Any]:
        return {
            "contributors": len(self.contributors),
            "clips_with_people": self.with_people,
            "synthetic": self.synthetic,
            "redacted": self.redacted,
            "labels": [
                {"label": label, "events": count, "seconds": round(self.label_seconds[label], 3)}
                for label, count in sorted(self.labels.items(), key=lambda kv: (-kv[1], kv[0]))
            ],
            "splits": [
                {"split": split, "clips": count, "seconds": round(self.split_seconds[split], 3)}
                for split, count in sorted(self.splits.items())
            ],
            "licences": [
                {"licence": licence, "clips": count}
                for licence, count in sorted(self.licences.items())
            ],
            "sample_rates": [
                {"sample_rate": rate, "clips": count}
                for rate, count in sorted(self.sample_rates.items())
            ],
            "event_sources": dict(sorted(self.sources.items())),
            "events_verified": self.verified,
        }


class DraftRows:
    """The rows of a draft's next release: iterate `clips` once, then read `root` and the rest.

    `events` of each chunk are handed to `on_events` while the clips pass by, in the order of the
    clips. Holds one chunk of rows at a time.
    """

    def __init__(self, dataset: Dataset, *, at: datetime) -> None:
        self.statistics = Statistics()
        self._dataset = dataset
        self._at = at
        self._key = bytes.fromhex(dataset.consent_key)
        self._people = people_in(dataset)
        codes = {code for people in self._people.values() for code in people}
        self._ledger = Ledger(consents_of(dataset.organisation, codes))
        self._root = RootBuilder()

    @property
    def root(self) -> str:
        return self._root.root().hex()

    def chunks(self) -> Iterator[tuple[list[ClipRow], list[EventRow]]]:
        """Rows of clips.parquet and events.parquet, both in code-point order of path."""
        order = Collate("path", "C") if connection.vendor == "postgresql" else F("path")
        rows = (
            Clip.objects.filter(dataset=self._dataset, state=Clip.State.ACTIVE)
            .order_by(order)
            .values_list(*_COLUMNS)
            .iterator(chunk_size=CHUNK)
        )
        while chunk := [DraftClip._make(row) for row in islice(rows, CHUNK)]:
            yield self._chunk(chunk)

    def _chunk(self, chunk: Sequence[DraftClip]) -> tuple[list[ClipRow], list[EventRow]]:
        events = _events([clip.pk for clip in chunk])
        clip_rows: list[ClipRow] = []
        event_rows: list[EventRow] = []
        for clip in chunk:
            values = events.get(clip.pk, [])
            people = self._people.get(clip.pk, ())
            row = self._clip_row(clip, people, values)
            self.statistics.add(row, people, values)
            clip_rows.append(row)
            event_rows.extend(_event_row(row, value) for value in values)
        return clip_rows, event_rows

    def _clip_row(
        self, clip: DraftClip, people: Sequence[str], events: Sequence[EventValue]
    ) -> ClipRow:
        row: ClipRow = {
            "clip_id": str(clip.uid),
            "path": clip.path,
            "md5": clip.oid,
            "sha256": clip.sha256,
            "size": clip.size,
            "media_type": clip.media_type,
            "codec": clip.codec,
            "sample_rate": clip.sample_rate,
            "channels": clip.channels,
            "frames": clip.frames,
            "duration": clip.duration,
            "has_video": clip.has_video,
            "recording": clip.recording,
            "split": clip.split or None,
            "licence": clip.licence,
            "title": clip.title or None,
            "author": clip.author or None,
            "source_url": clip.source_url or None,
            "consent_digest": self._consent_digest(str(clip.uid), people),
            "contributors": len(people),
            "environment": clip.environment or None,
            "device": clip.device or None,
            "place": clip.place or None,
            "recorded_at": clip.recorded_at or None,
            "synthetic": clip.synthetic,
            "redacted": clip.original_id is not None,
            "fields": json.dumps(clip.fields, sort_keys=True, ensure_ascii=False),
            "labels_sha256": labels_digest(events),
            "leaf": "",
        }
        leaf = leaf_of(row)
        self._root.add(leaf)
        row["leaf"] = leaf.hex()
        return row

    def _consent_digest(self, clip_id: str, people: Sequence[str]) -> str | None:
        if not people:
            return None
        return consent_digest(
            clip_id=clip_id, contributors=people, ledger=self._ledger, at=self._at, key=self._key
        )


def leaf_of(row: ClipRow) -> bytes:
    """The Merkle leaf of a row of clips.parquet; any reader can compute it again."""
    return Leaf(
        clip_id=row["clip_id"],
        path=row["path"],
        audio_sha256=row["sha256"],
        size=row["size"],
        labels_sha256=row["labels_sha256"],
        metadata_sha256=metadata_digest({k: v for k, v in row.items() if k not in NOT_HASHED}),
        licence=row["licence"],
        consent_digest=row["consent_digest"],
        split=row["split"],
        synthetic=row["synthetic"],
    ).leaf()


_EVENT_COLUMNS = (
    "clip_id",
    "uid",
    "label",
    "onset",
    "offset",
    "term__code",
    "f_low",
    "f_high",
    "channel",
    "confidence",
    "source",
    "status",
    "presence",
    "annotator",
    "verifier",
)


def _events(clip_ids: Sequence[int]) -> dict[int, list[EventValue]]:
    found: dict[int, list[EventValue]] = {}
    rows = (
        Event.objects.filter(clip_id__in=clip_ids)
        .exclude(status=Status.REJECTED)
        .order_by("clip_id", "onset", "uid")
        .values_list(*_EVENT_COLUMNS)
    )
    for clip_id, uid, label, onset, offset, *rest in rows:
        term, low, high, channel, confidence, source, status, presence, annotator, verifier = rest
        found.setdefault(clip_id, []).append(
            EventValue(
                event_id=str(uid),
                label=label,
                onset=onset,
                offset=offset,
                term=term,
                f_low=low,
                f_high=high,
                channel=channel,
                confidence=confidence,
                source=Source(source),
                status=Status(status),
                presence=Presence(presence),
                annotator=annotator or None,
                verifier=verifier or None,
            )
        )
    return found


def _event_row(clip: ClipRow, event: EventValue) -> EventRow:
    return {
        "event_id": event.event_id,
        "clip_id": clip["clip_id"],
        "path": clip["path"],
        "label": event.label,
        "term": event.term,
        "onset": event.onset,
        "offset": event.offset,
        "f_low": event.f_low,
        "f_high": event.f_high,
        "channel": event.channel,
        "confidence": event.confidence,
        "source": event.source.value,
        "status": event.status.value,
        "presence": event.presence.value,
        "annotator": event.annotator,
        "verifier": event.verifier,
    }
