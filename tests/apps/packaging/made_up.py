"""A release made up for the tests: real WAV bytes, real leaves, a true root."""

import hashlib
import io
import json
import random
import uuid
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.packaging.content import LicenceText, ReleaseContent, TableFile
from apps.packaging.release_figures import count_figures
from apps.storage.parquet_tables import ARROW_TYPES
from datasets_catalog.card_facts import CardFacts, ConsentCount
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.event_columns import EVENT_COLUMNS
from datasets_catalog.labels import Event, digest_labels
from datasets_catalog.licences import Use
from datasets_catalog.manifest import ClipRow, RootBuilder, digest_metadata
from datasets_catalog.outbound import find_outbound_licence
from datasets_catalog.purposes import Purpose
from datasets_catalog.verticals import Vertical

LICENCES = (
    LicenceText("CC0-1.0", "Creative Commons Zero", "https://spdx.org/licenses/CC0-1.0", "Free.\n"),
    LicenceText("LicenseRef-acme-1", "Acme terms", "", "Ask Acme.\n"),
)
_CLIP_TYPES = {
    "size": pa.int64(),
    "sample_rate": pa.int32(),
    "channels": pa.int16(),
    "frames": pa.int64(),
    "contributors": pa.int16(),
}
_NEVER_SET = {
    "source_url": pa.string(),
    "recording": pa.string(),
    "recorded_at": pa.string(),
    "split": pa.string(),
}
_EVENT_TYPES = {"channel": pa.int16(), "f_low": pa.float64(), "f_high": pa.float64()}
_EVENT_TEXTS = {"term": pa.string(), "confidence": pa.float64(), "verifier": pa.string()}


def tone(seed: str, *, frames: int) -> bytes:
    """16-bit noise at 16 kHz: it does not compress, so every byte counts when it is sent."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(random.Random(seed).randbytes(2 * frames))
    return file.getvalue()


@dataclass
class MadeUpRelease:
    """Clips by path: change them, then ask for the `content` of the next version."""

    version: str = "1.0.0"
    audio: dict[str, bytes] = field(default_factory=dict)
    splits: dict[str, str | None] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    # Other bytes in every test: uploads deduplicate against what this process sent before.
    salt: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, count: int, *, frames: int = 4_000, version: str = "1.0.0") -> "MadeUpRelease":
        made = cls(version)
        for number in range(count):
            path = f"field/{number:05}.wav"
            made.audio[path] = tone(f"{made.salt}{number}", frames=frames + number % 7 * 100)
            made.splits[path] = "test" if number % 4 == 0 else "train"
        return made

    def next_version(self, version: str) -> "MadeUpRelease":
        return replace(
            self,
            version=version,
            audio=dict(self.audio),
            splits=dict(self.splits),
            titles=dict(self.titles),
            opened=[],
        )

    def content(self, **changes: Any) -> ReleaseContent:
        clips, events, root = self._tables()
        blobs = {hashlib.md5(audio).hexdigest(): audio for audio in self.audio.values()}

        def open_blob(md5: str) -> IO[bytes]:
            self.opened.append(md5)
            return io.BytesIO(blobs[md5])

        figures = count_figures(clips.to_batches(), events.to_batches())
        card = CardFacts(
            full_name="acme/birds",
            title="Birds of the yard",
            description="Birds, recorded in one yard.",
            organisation="Acme Sound Consortium",
            version=self.version,
            published=date(2026, 11, 23),
            root=root,
            url="https://earmark.example.org/datasets/acme/birds",
            vertical=Vertical.WILDLIFE,
            clips=figures.statistics.clips,
            seconds=figures.statistics.seconds,
            outbound=find_outbound_licence(figures.licensed, Use.COLLECTION),
            consent=ConsentCount(0, 0, 0.0, date(2026, 11, 23)),
            purposes=(Purpose.PUBLISH_OPEN, Purpose.RESEARCH_NONCOMMERCIAL),
            sources=figures.sources,
            classes=figures.classes,
            splits=figures.splits,
        )
        made = ReleaseContent(
            card=card,
            clips=_batches(clips),
            events=_batches(events),
            clips_table=_table_file("clips.parquet", clips),
            events_table=_table_file("events.parquet", events),
            open_blob=open_blob,
            licences=LICENCES,
            attribution=b"path,title,author,source,licence\n",
        )
        return replace(made, **changes)

    def table(self, batches: Any) -> pa.Table:
        return pa.Table.from_batches(list(batches()))

    def _tables(self) -> tuple[pa.Table, pa.Table, str]:
        clips, events, root = [], [], RootBuilder()
        for path in sorted(self.audio):
            found = self._events(path)
            row = self._clip(path, found)
            root.add(bytes.fromhex(row["leaf"]))
            clips.append(row)
            events += [_event_row(event, row) for event in found]
        tables = (
            _table(clips, _CLIP_TYPES | _NEVER_SET),
            _table(events, _EVENT_TYPES | _EVENT_TEXTS),
        )
        return *tables, root.root().hex()

    def _events(self, path: str) -> list[Event]:
        seed = random.Random(path)
        return [
            Event(
                event_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}#{number}")),
                label=seed.choice(["Bird", "Rain", "Speech"]),
                onset=round(number * 0.05, 3),
                offset=round(number * 0.05 + 0.04, 3),
                annotator="a1",
            )
            for number in range(seed.randrange(3))
        ]

    def _clip(self, path: str, events: list[Event]) -> dict[str, Any]:
        audio = self.audio[path]
        clip_id = str(uuid.uuid5(uuid.NAMESPACE_URL, path))
        frames = (len(audio) - 44) // 2
        released: dict[str, Any] = {
            "sample_rate": 16_000,
            "channels": 1,
            "frames": frames,
            "duration": frames / 16_000,
            "media_type": "audio/wav",
            "codec": "pcm_s16le",
            "has_video": False,
            "recording": None,
            "title": self.titles.get(path, path),
            "author": "Ada",
            "source_url": None,
            "contributors": 0,
            "environment": "yard",
            "device": "recorder",
            "place": "",
            "recorded_at": None,
            "redacted": False,
            "fields": json.dumps({"species": "Parus major"}),
            "weak_labels": None,
            "found_empty": None,
            "recording_offset": None,
        }
        leaf = ClipRow(
            clip_id=clip_id,
            path=path,
            audio_sha256=hashlib.sha256(audio).hexdigest(),
            size=len(audio),
            labels_sha256=digest_labels(events),
            metadata_sha256=digest_metadata(released),
            licence="CC0-1.0",
            split=self.splits[path],
        )
        return {
            **released,
            "clip_id": clip_id,
            "path": path,
            "md5": hashlib.md5(audio).hexdigest(),
            "sha256": leaf.audio_sha256,
            "size": leaf.size,
            "split": leaf.split,
            "licence": leaf.licence,
            "synthetic": leaf.synthetic,
            "labels_sha256": leaf.labels_sha256,
            "leaf": leaf.leaf().hex(),
        }


def _event_row(event: Event, clip: Mapping[str, Any]) -> dict[str, Any]:
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


def _table(rows: list[dict[str, Any]], types: dict[str, pa.DataType]) -> pa.Table:
    """The rows as a table; later columns, of which nothing is said here, are null."""
    names = rows[0]
    columns = {name: pa.array([row[name] for row in rows], types.get(name)) for name in names}
    for column in CLIP_COLUMNS if "leaf" in names else EVENT_COLUMNS:
        if column.is_later:
            columns[column.name] = pa.nulls(len(rows), ARROW_TYPES[column.kind])
    return pa.table(columns)


def _batches(table: pa.Table) -> Any:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches(max_chunksize=50)

    return batches


def parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _table_file(name: str, table: pa.Table) -> TableFile:
    written = parquet_bytes(table)
    digest = hashlib.sha256(written).hexdigest()
    md5 = hashlib.md5(written).hexdigest()
    columns = frozenset(table.column_names)
    return TableFile(name, md5, digest, len(written), columns, lambda: io.BytesIO(written))
