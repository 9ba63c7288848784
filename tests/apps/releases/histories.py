"""Random histories of a draft, written by the same actions that write real ones."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from django.db import transaction

from apps.audio.probe import Probe
from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.datasets.actions import remove_clips, touch_draft
from apps.datasets.models import Clip, Dataset
from apps.ingest.clip_table import ClipLine
from apps.ingest.import_report import Report
from apps.ingest.intake import AcceptedFile, admit_clips
from apps.ingest.label_imports import import_labels
from apps.review.replacements import Replacement, replace_bytes
from apps.storage.blobs import put_blob
from apps.storage.models import Blob
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import write_table

# Names that sort otherwise by UTF-16 or by locale, and whose folders stand between files.
STEMS = ("a", "a-b", "a/b", "a0", "A", "é", "e\u0301", "\uffee", "\U0001d11e", "z/z/z")
START = datetime(2026, 5, 1, tzinfo=UTC)


def probed(rng: random.Random) -> Probe:
    frames = rng.randint(1, 2_000_000)
    rate = rng.choice([8000, 16_000, 44_100])
    return Probe(
        media_type="audio/wav",
        container="wav",
        codec="pcm_s16",
        sample_rate=rate,
        channels=rng.choice([1, 2]),
        frames=frames,
        duration=frames / rate,
        bit_depth=16,
        has_video=False,
        trailing_bytes=0,
        warnings=(),
    )


@dataclass
class History:
    """One dataset whose draft goes through random changes; `at` is the moment of the last."""

    cast: Cast
    dataset: Dataset
    folder: Path
    rng: random.Random
    at: datetime = START
    names: set[str] = field(default_factory=set)

    def step(self) -> None:
        """One to three changes of any kind."""
        self.at += timedelta(days=10)
        if not self.names:
            self.bring_in()
        changes = [self.bring_in, self.remove, self.label, self.relabel, self.consent, self.redact]
        for change in self.rng.choices(changes, k=self.rng.randint(1, 3)):
            change()
        self.dataset.refresh_from_db()

    def some(self, most: int) -> list[str]:
        active = Clip.objects.filter(dataset=self.dataset, state=Clip.State.ACTIVE)
        paths = sorted(active.values_list("path", flat=True))
        return self.rng.sample(paths, min(len(paths), self.rng.randint(0, most)))

    def bring_in(self) -> None:
        """New clips, and known ones with other bytes or another row."""
        fresh = {f"{self.rng.choice(STEMS)}{self.rng.randint(0, 99)}.wav" for _ in range(8)}
        paths = fresh | set(self.some(4))
        accepted = [
            AcceptedFile(self.line(path), self.blob().pk, probed(self.rng)) for path in paths
        ]
        admit_clips(actor=self.cast.ada, dataset=self.dataset, accepted=accepted, report=Report())
        self.names |= paths

    def line(self, path: str) -> ClipLine:
        pick = self.rng.choice
        said = {
            "licence": pick(["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", None]),
            "title": pick([None, "", 'Quoted "title" \u2028', "Title"]),
            "author": pick([None, "Ada"]),
            "split": pick([None, "train", "test"]),
            "synthetic": pick([None, True, False]),
        }
        return ClipLine(
            row=1,
            path=path,
            said={name: value for name, value in said.items() if value is not None},
            contributors=pick([(), (), ("ben",), ("ben", "carla")]),
            recording=pick([None, "r1", "r2"]),
            fields=pick([{}, {"instrument": "bell"}, {"größe": 3, "a": [1, 2.5]}]),
        )

    def blob(self) -> Blob:
        return put_blob(self.dataset.uid, BytesIO(self.rng.randbytes(20)))

    def remove(self) -> None:
        paths = self.some(3)
        if paths:
            remove_clips(actor=self.cast.ada, dataset=self.dataset, paths=paths)

    def label(self, *, replace: bool = False) -> None:
        rows = [
            {
                "path": path,
                "onset": onset / 10_000,
                "offset": (onset + 5) / 10_000,
                "label": self.rng.choice(["bell", "dog", "Ü"]),
                "confidence": self.rng.choice(["", 0.25]),
            }
            for path in self.some(5)
            for onset in self.rng.sample(range(50), 2)
        ]
        if rows:
            import_labels(
                actor=self.cast.ada,
                dataset=self.dataset,
                source=write_table(self.folder / "labels.csv", rows),
                format_name="native",
                replace=replace,
            )

    def relabel(self) -> None:
        self.label(replace=True)

    def consent(self) -> None:
        """An answer of now, or one that only counts from a day to come."""
        entry = ConsentEntry(
            contributor=self.rng.choice(["ben", "carla"]),
            form="voices",
            form_version="1",
            given_at=self.at + timedelta(days=self.rng.choice([-1, 15])),
            answers={Purpose.PUBLISH_GATED: self.rng.choice([Answer.ALLOWED, Answer.DENIED])},
        )
        record_consents(actor=self.cast.ada, organisation=self.cast.acme, entries=[entry])

    @transaction.atomic
    def redact(self) -> None:
        """Other bytes, and sometimes another name, by review."""
        for path in self.some(1):
            clip = Clip.objects.select_related("blob", "dataset__organisation").get(
                dataset=self.dataset, path=path
            )
            new = f"{path.removesuffix('.wav')}.flac" if self.rng.random() < 0.5 else path
            if Clip.objects.filter(dataset=self.dataset, path=new).exclude(pk=clip.pk).exists():
                continue
            replacement = Replacement(self.blob(), new, probed(self.rng), ((0.0, 0.002),), ())
            replace_bytes(self.cast.cleo, clip, replacement)
            touch_draft(Dataset.objects.get(pk=self.dataset.pk), clips=[clip.pk])
