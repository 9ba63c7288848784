"""What a release holds, for its statement: the counts of its tables, and its clips for the review.

Rows are counted by `Statistics`, as at the freeze; here is only what a card says otherwise or more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from apps.packaging.content import ReleasedClip
from apps.releases.statistics import Statistics
from datasets_catalog.alterations import AlteredContent, Content
from datasets_catalog.card_facts import ClassCount, SplitCount, VerifiedCount, WeakClass, WeakCount
from datasets_catalog.labels import Source, Status
from datasets_catalog.licence_conflicts import ClipLicence


@dataclass(slots=True)
class Figures:
    """Counts over the clips and events of a release; lengths in seconds."""

    confirmed: frozenset[str] = frozenset()
    alterations: Mapping[Content, AlteredContent] = field(default_factory=dict)
    statistics: Statistics = field(default_factory=Statistics)
    contents: list[ReleasedClip] = field(default_factory=list)
    redacted: list[ReleasedClip] = field(default_factory=list)
    licensed: list[ClipLicence] = field(default_factory=list)
    here: int = 0
    stated: int = 0
    unnamed: int = 0

    @property
    def verified_count(self) -> VerifiedCount:
        return VerifiedCount(self.here, self.stated, self.unnamed)

    @property
    def sources(self) -> dict[Source, int]:
        return {Source(name): count for name, count in sorted(self.statistics.sources.items())}

    @property
    def splits(self) -> tuple[SplitCount, ...]:
        counted = self.statistics
        names = sorted(counted.splits, key=lambda name: (not name, name))
        return tuple(
            SplitCount(name or None, counted.splits[name], counted.split_seconds[name])
            for name in names
        )

    @property
    def weak(self) -> WeakCount:
        counted = self.statistics
        return WeakCount(
            labels=counted.weak_labels,
            clips=counted.weakly_labelled,
            sources={Source(name): n for name, n in sorted(counted.weak_sources.items())},
            classes=tuple(WeakClass(*each) for each in sorted(counted.weak_clips.items())),
        )

    @property
    def classes(self) -> tuple[ClassCount, ...]:
        counted = self.statistics
        return tuple(
            ClassCount(name, events, counted.label_clips[name], counted.label_seconds[name])
            for name, events in sorted(counted.labels.items())
        )

    def add_clips(self, batch: pa.RecordBatch) -> None:
        self.statistics.add_clips(batch)
        for clip in batch.select(_CLIP_COLUMNS).to_pylist():
            released = ReleasedClip(clip["clip_id"], clip["path"], clip["sha256"], clip["md5"])
            self.contents.append(released)
            if clip["redacted"]:
                self.redacted.append(released)
            self.licensed.append(self._build_clip_licence(clip))

    def add_events(self, batch: pa.RecordBatch) -> None:
        self.statistics.add_events(batch)
        for event in batch.select(_EVENT_COLUMNS).to_pylist():
            if event["status"] == Status.VERIFIED.value:
                self._count_verified(event)

    def _build_clip_licence(self, clip: dict[str, Any]) -> ClipLicence:
        altered = self.alterations.get((clip["clip_id"], clip["md5"]), AlteredContent())
        modified = clip["redacted"] and not altered.is_stripped
        return ClipLicence(
            clip["clip_id"], clip["path"], clip["licence"], clip["duration"], modified
        )

    def _count_verified(self, event: dict[str, Any]) -> None:
        if event["event_id"] in self.confirmed:
            self.here += 1
        elif event["verifier"] and event["verifier"] != event["annotator"]:
            self.stated += 1
        else:
            self.unnamed += 1


def count_figures(
    clips: Iterable[pa.RecordBatch],
    events: Iterable[pa.RecordBatch],
    *,
    confirmed: frozenset[str] = frozenset(),
    alterations: Mapping[Content, AlteredContent] | None = None,
) -> Figures:
    """Count both tables once; events must come sorted by path, as the tables are.

    `confirmed` are ids of events that a second person verified here, `alterations` what review did
    to the contents that it made.
    """
    counted = Figures(confirmed=confirmed, alterations=alterations or {})
    for batch in clips:
        counted.add_clips(batch)
    for batch in events:
        counted.add_events(batch)
    return counted


_CLIP_COLUMNS = ["clip_id", "path", "md5", "sha256", "duration", "redacted", "licence"]
_EVENT_COLUMNS = ["event_id", "status", "annotator", "verifier"]
