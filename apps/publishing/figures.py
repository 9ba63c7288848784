"""What a release holds, counted from its own tables: the numbers of its card."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from apps.privacy.alterations import Content
from apps.publishing.content import ReleasedClip
from datasets_catalog.alterations import Altered
from datasets_catalog.card_facts import ClassCount, SplitCount, VerifiedCount, WeakClass, WeakCount
from datasets_catalog.labels import Presence, Source, Status
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.weak_labels import WeakLabel, read_weak_labels


@dataclass(slots=True)
class Figures:
    """Counts over the clips and events of a release; lengths in seconds."""

    clips: int = 0
    seconds: float = 0.0
    synthetic: int = 0
    redacted: list[ReleasedClip] = field(default_factory=list)
    contents: list[ReleasedClip] = field(default_factory=list)
    confirmed: frozenset[str] = frozenset()
    here: int = 0
    stated: int = 0
    unnamed: int = 0
    recordings: set[str] = field(default_factory=set)
    sources: Counter[Source] = field(default_factory=Counter)
    licensed: list[ClipLicence] = field(default_factory=list)
    alterations: Mapping[Content, Altered] = field(default_factory=dict)
    found_empty: int = 0
    weak_labels: int = 0
    weakly_labelled: int = 0
    weak_sources: Counter[Source] = field(default_factory=Counter)
    _weak_clips: Counter[str] = field(default_factory=Counter)
    _splits: Counter[str | None] = field(default_factory=Counter)
    _split_seconds: defaultdict[str | None, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    _labels: dict[str, "_Label"] = field(default_factory=dict)

    @property
    def verified(self) -> VerifiedCount:
        return VerifiedCount(self.here, self.stated, self.unnamed)

    @property
    def splits(self) -> tuple[SplitCount, ...]:
        names = sorted(self._splits, key=lambda name: (name is None, name or ""))
        return tuple(SplitCount(n, self._splits[n], self._split_seconds[n]) for n in names)

    @property
    def weak(self) -> WeakCount:
        classes = tuple(WeakClass(*each) for each in sorted(self._weak_clips.items()))
        sources = dict(sorted(self.weak_sources.items()))
        return WeakCount(self.weak_labels, self.weakly_labelled, sources, classes)

    @property
    def classes(self) -> tuple[ClassCount, ...]:
        return tuple(
            ClassCount(name, label.events, label.clips, label.seconds)
            for name, label in sorted(self._labels.items())
        )

    def add_clips(self, batch: pa.RecordBatch) -> None:
        for clip in batch.to_pylist():
            seconds = clip["duration"]
            self.clips += 1
            self.seconds += seconds
            self.synthetic += clip["synthetic"]
            self.found_empty += bool(clip["found_empty"])
            self._add_weak_labels(read_weak_labels(clip["weak_labels"]))
            released = ReleasedClip(clip["clip_id"], clip["path"], clip["sha256"], clip["md5"])
            self.contents.append(released)
            if clip["redacted"]:
                self.redacted.append(released)
            self._splits[clip["split"]] += 1
            self._split_seconds[clip["split"]] += seconds
            if clip["recording"]:
                self.recordings.add(clip["recording"])
            altered = self.alterations.get((clip["clip_id"], clip["md5"]), Altered())
            modified = clip["redacted"] and not altered.is_stripped
            self.licensed.append(
                ClipLicence(clip["clip_id"], clip["path"], clip["licence"], seconds, modified)
            )

    def _add_weak_labels(self, labels: Sequence[WeakLabel]) -> None:
        """Count those of one clip; two annotators who say the same are one clip of that label."""
        self.weak_labels += len(labels)
        self.weakly_labelled += bool(labels)
        self.weak_sources.update(label.source for label in labels)
        self._weak_clips.update({each.label for each in labels if each.presence is Presence.YES})

    def add_events(self, batch: pa.RecordBatch) -> None:
        for event in batch.to_pylist():
            self.sources[Source(event["source"])] += 1
            if event["status"] == Status.VERIFIED.value:
                self._count_verified(event)
            if event["presence"] == Presence.YES.value:
                label = self._labels.setdefault(event["label"], _Label())
                label.add(event["clip_id"], event["offset"] - event["onset"])

    def _count_verified(self, event: dict[str, Any]) -> None:
        if event["event_id"] in self.confirmed:
            self.here += 1
        elif event["verifier"] and event["verifier"] != event["annotator"]:
            self.stated += 1
        else:
            self.unnamed += 1


@dataclass(slots=True)
class _Label:
    """Events come clip by clip, so a new clip is one other than the last."""

    events: int = 0
    clips: int = 0
    seconds: float = 0.0
    last_clip: str = ""

    def add(self, clip_id: str, seconds: float) -> None:
        self.events += 1
        self.clips += clip_id != self.last_clip
        self.seconds += seconds
        self.last_clip = clip_id


def figures_of(
    clips: Iterable[pa.RecordBatch],
    events: Iterable[pa.RecordBatch],
    *,
    confirmed: frozenset[str] = frozenset(),
    alterations: Mapping[Content, Altered] | None = None,
) -> Figures:
    """Count both tables once; events must come sorted by path, as the tables are.

    `confirmed` are ids of events that a second person verified here, `alterations` what review did
    to the contents that it made.
    """
    counted = Figures(confirmed=confirmed, alterations=alterations or {})
    for batch in _only(clips, _CLIP_COLUMNS):
        counted.add_clips(batch)
    for batch in _only(events, _EVENT_COLUMNS):
        counted.add_events(batch)
    return counted


_CLIP_COLUMNS = [
    "clip_id",
    "path",
    "md5",
    "sha256",
    "duration",
    "synthetic",
    "redacted",
    "split",
    "recording",
    "licence",
    "weak_labels",
    "found_empty",
]
_EVENT_COLUMNS = [
    "event_id",
    "clip_id",
    "label",
    "onset",
    "offset",
    "source",
    "status",
    "presence",
    "annotator",
    "verifier",
]


def _only(batches: Iterable[pa.RecordBatch], columns: list[str]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.select(columns)
