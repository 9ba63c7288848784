"""The draft's rows as a release states them: sorted, hashed, as batches of the two tables."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa
from django.db import connection
from django.db.models import CharField, F, QuerySet, TextField
from django.db.models.functions import Cast, Collate

from apps.consent.ledger import load_consents, load_people
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, WeakLabel
from apps.releases.leaves import compute_leaves
from apps.storage.parquet_tables import CLIPS, EVENTS
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import Column
from datasets_catalog.consent_digests import compute_consent_digest
from datasets_catalog.event_columns import IN_LABELS
from datasets_catalog.labels import Event as EventValue
from datasets_catalog.labels import Presence, Source, Status, digest_labels
from datasets_catalog.ledger import Ledger
from datasets_catalog.weak_labels import WeakLabel as WeakLabelValue
from datasets_catalog.weak_labels import write_weak_labels

# Raise it whenever the same draft would give other rows than before: rows of releases frozen
# under another number are not taken over then, but computed again.
ROWS_VERSION = 1
CHUNK = 2000
BARE_UUID = 32
NO_LABELS = digest_labels(())


class Batches(NamedTuple):
    """Rows of clips.parquet, and the rows of events.parquet that belong to the same clips."""

    clips: pa.RecordBatch
    events: pa.RecordBatch


# The columns of clips.parquet that a clip's row in the draft holds as they are.
_COPIED_COLUMNS = tuple(column for column in CLIP_COLUMNS if column.source)
# As text, since making a UUID and an object of each only to write it down again costs more than
# reading the row.
_AS_TEXT = {"uid_text": Cast("uid", CharField()), "fields_text": Cast("fields", TextField())}
_READ = ("pk", "original_id", *_AS_TEXT, *dict.fromkeys(c.source for c in _COPIED_COLUMNS))


class DraftRows:
    """The rows of a draft's next release, all or only those that a given release lacks.

    With `since` (the `draft_serial` of a release), only clips touched after it and clips with
    people in them, whose consents go by the date. Holds one chunk of rows at a time.
    """

    def __init__(self, dataset: Dataset, *, at: datetime, since: int | None = None) -> None:
        self.contributors: set[str] = set()
        # Of clips with people in them: a digest of who they are, which never leaves.
        self.people: dict[str, str] = {}
        self._dataset = dataset
        self._at = at
        self._since = since
        self._key = bytes.fromhex(dataset.consent_key)
        self._people = load_people(dataset)
        codes = {code for people in self._people.values() for code in people}
        self._ledger = Ledger(load_consents(dataset, codes))

    def find_outdated(self) -> set[str]:
        """Ids of the clips whose rows, if the release of `since` has any, no longer hold."""
        return {str(uid) for uid, _, _, _ in self._find_moved()}

    def batches(self) -> Iterator[Batches]:
        """Rows in code-point order of path."""
        chunks = self._read_all() if self._since is None else self._read_some()
        for chunk in chunks:
            yield self._batches(chunk)

    def _read_all(self) -> Iterator[list[tuple[Any, ...]]]:
        rows = _order_clips(Clip.objects.filter(dataset=self._dataset, state=Clip.State.ACTIVE))
        waiting = rows.iterator(chunk_size=CHUNK)
        while chunk := list(islice(waiting, CHUNK)):
            yield chunk

    def _read_some(self) -> Iterator[list[tuple[Any, ...]]]:
        active = (
            (path, pk) for _, pk, path, state in self._find_moved() if state == Clip.State.ACTIVE
        )
        ids = iter([pk for _, pk in sorted(active)])
        while chunk := list(islice(ids, CHUNK)):
            yield list(_order_clips(Clip.objects.filter(pk__in=chunk)))

    def _find_moved(self) -> Iterator[tuple[Any, int, str, str]]:
        """Clips that changed or have people in them, each once: uid, pk, path, state."""
        columns = ("uid", "pk", "path", "state")
        touched = Clip.objects.filter(dataset=self._dataset, touched__gt=self._since)
        seen: set[int] = set()
        for row in touched.values_list(*columns):
            seen.add(row[1])
            yield row
        peopled = iter(self._people.keys() - seen)
        while chunk := list(islice(peopled, CHUNK)):
            yield from Clip.objects.filter(pk__in=chunk).values_list(*columns)

    def _batches(self, chunk: Sequence[tuple[Any, ...]]) -> Batches:
        read = dict(zip(_READ, zip(*chunk, strict=True), strict=True))
        ids = [_format_uuid(uid) for uid in read["uid_text"]]
        people = [self._people.get(pk, ()) for pk in read["pk"]]
        self.contributors.update(*people)
        self.people.update(
            (clip_id, digest_people(clip_id, codes, self._key))
            for clip_id, codes in zip(ids, people, strict=True)
            if codes
        )
        by_clip = _load_events(read["pk"])
        events = [by_clip.get(pk, ()) for pk in read["pk"]]
        weak_by_clip, empty = _load_weak_labels(read["pk"]), _load_found_empty(read["pk"])
        weak = [weak_by_clip.get(pk, ()) for pk in read["pk"]]
        columns: dict[str, Sequence[Any]] = {
            "clip_id": ids,
            **{column.name: _read_cells(column, read[column.source]) for column in _COPIED_COLUMNS},
            "consent_digest": self._consent_digests(ids, people, read["recording__name"]),
            "contributors": [len(codes) for codes in people],
            "redacted": [original is not None for original in read["original_id"]],
            "fields": [_normalise_fields(fields) for fields in read["fields_text"]],
            "weak_labels": [write_weak_labels(each) for each in weak],
            "found_empty": [
                True if pk in empty and not _is_heard(strong, labels) else None
                for pk, strong, labels in zip(read["pk"], events, weak, strict=True)
            ],
            "labels_sha256": [digest_labels(each) if each else NO_LABELS for each in events],
        }
        columns["leaf"] = compute_leaves(columns)
        return Batches(_build_batch(CLIPS, columns), _build_event_batch(columns, events))

    def _consent_digests(
        self,
        ids: Sequence[str],
        people: Sequence[Sequence[str]],
        recordings: Sequence[str | None],
    ) -> list[str | None]:
        return [
            compute_consent_digest(
                clip_id=clip_id,
                contributors=codes,
                ledger=self._ledger,
                at=self._at,
                key=self._key,
                dataset=self._dataset.full_name,
                recording=recording or "",
            )
            if codes
            else None
            for clip_id, codes, recording in zip(ids, people, recordings, strict=True)
        ]


def _read_cells(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    return [value or None for value in values] if column.is_null_where_empty else values


def digest_people(clip_id: str, codes: Iterable[str], key: bytes) -> str:
    """HMAC-SHA-256, hexadecimal, of who is in a clip, bound to the clip: for comparing alone."""
    told = to_canonical_json({"clip_id": clip_id, "contributors": sorted(set(codes))})
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def _order_clips(clips: QuerySet[Clip]) -> QuerySet[Clip, tuple[Any, ...]]:
    order = Collate("path", "C") if connection.vendor == "postgresql" else F("path")
    return clips.annotate(**_AS_TEXT).order_by(order).values_list(*_READ)


def _format_uuid(value: str) -> str:
    """SQLite keeps bare digits, PostgreSQL gives the usual form."""
    if len(value) != BARE_UUID:
        return value
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


def _normalise_fields(fields: str) -> str:
    if fields == "{}":
        return fields
    return json.dumps(json.loads(fields), sort_keys=True, ensure_ascii=False)


def _build_batch(schema: pa.Schema, columns: Mapping[str, Sequence[Any]]) -> pa.RecordBatch:
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


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


def _load_events(clip_ids: Sequence[int]) -> dict[int, list[EventValue]]:
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


def _load_weak_labels(clip_ids: Sequence[int]) -> dict[int, list[WeakLabelValue]]:
    found: dict[int, list[WeakLabelValue]] = {}
    rows = WeakLabel.objects.filter(clip_id__in=clip_ids).exclude(status=Status.REJECTED)
    columns = ("clip_id", "label", "term__code", "confidence", "source", "status", "presence")
    for clip_id, label, term, confidence, source, status, presence, annotator in rows.values_list(
        *columns, "annotator"
    ):
        found.setdefault(clip_id, []).append(
            WeakLabelValue(
                label=label,
                term=term,
                confidence=confidence,
                source=Source(source),
                status=Status(status),
                presence=Presence(presence),
                annotator=annotator or None,
            )
        )
    return found


def _load_found_empty(clip_ids: Sequence[int]) -> set[int]:
    rows = EmptyAnnotation.objects.filter(clip_id__in=clip_ids)
    return set(rows.values_list("clip_id", flat=True))


def _is_heard(events: Iterable[EventValue], weak: Iterable[WeakLabelValue]) -> bool:
    """Whether anybody says that something is in the clip."""
    presences = (*(event.presence for event in events), *(label.presence for label in weak))
    return any(presence is not Presence.NO for presence in presences)


def _build_event_batch(
    clips: Mapping[str, Sequence[Any]], events: Iterable[Sequence[EventValue]]
) -> pa.RecordBatch:
    rows = [
        (clip_id, path, event)
        for clip_id, path, each in zip(clips["clip_id"], clips["path"], events, strict=True)
        for event in each
    ]
    columns: dict[str, Sequence[Any]] = {
        "clip_id": [clip_id for clip_id, _, _ in rows],
        "path": [path for _, path, _ in rows],
        **{name: [getattr(event, name) for _, _, event in rows] for name in IN_LABELS},
    }
    return _build_batch(EVENTS, columns)
