"""What a release holds, counted from the row groups of its tables."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datasets_catalog.labels import Presence, Status
from datasets_catalog.weak_labels import WeakLabel, read_weak_labels


@dataclass(slots=True)
class Statistics:
    """Counts over the groups added so far, times in seconds.

    Groups are cut by count alone, so equal tables give equal sums, to the last bit.
    """

    clips: int = 0
    events: int = 0
    size: int = 0
    with_people: int = 0
    synthetic: int = 0
    redacted: int = 0
    verified: int = 0
    recordings: set[str] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    # Clips with events of the label, which come clip by clip.
    label_clips: Counter[str] = field(default_factory=Counter)
    label_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    splits: Counter[str] = field(default_factory=Counter)
    split_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    # By licence, and whether the bytes were changed since it was given.
    licences: Counter[tuple[str, bool]] = field(default_factory=Counter)
    sample_rates: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    weak_labels: int = 0
    weakly_labelled: int = 0
    found_empty: int = 0
    # Clips that a weak label says something is in, by label.
    weak_clips: Counter[str] = field(default_factory=Counter)
    weak_sources: Counter[str] = field(default_factory=Counter)
    _seconds: list[float] = field(default_factory=list)
    _last_clips: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return math.fsum(self._seconds)

    def add_clips(self, group: pa.RecordBatch) -> None:
        self.clips += group.num_rows
        self.size += _sum_column(group["size"])
        self.with_people += _sum_column(pc.greater(group["contributors"], 0))
        self.synthetic += _sum_column(group["synthetic"])
        self.redacted += _sum_column(group["redacted"])
        self.found_empty += _sum_column(group["found_empty"])
        self.recordings.update(filter(None, group["recording"].unique().to_pylist()))
        for text in group["weak_labels"].drop_null().to_pylist():
            self._add_weak_labels(read_weak_labels(text))
        self._seconds.append(math.fsum(group["duration"].to_pylist()))
        for (split,), count, seconds in _count_groups(group, ["split"], "duration"):
            self.splits[split or ""] += count
            self.split_seconds[split or ""] += seconds
        for (licence, redacted), count, _ in _count_groups(
            group, ["licence", "redacted"], "duration"
        ):
            self.licences[licence, redacted] += count
        for (rate,), count, _ in _count_groups(group, ["sample_rate"], "duration"):
            self.sample_rates[rate] += count

    def _add_weak_labels(self, labels: Sequence[WeakLabel]) -> None:
        """Count those of one clip; two annotators who say the same are one clip of that label."""
        self.weakly_labelled += 1
        self.weak_labels += len(labels)
        self.weak_sources.update(label.source.value for label in labels)
        self.weak_clips.update({each.label for each in labels if each.presence is Presence.YES})

    def add_events(self, group: pa.RecordBatch) -> None:
        self.events += group.num_rows
        self.verified += _sum_column(pc.equal(group["status"], Status.VERIFIED.value))
        lengths = group.append_column("seconds", pc.subtract(group["offset"], group["onset"]))
        for (source,), count, _ in _count_groups(lengths, ["source"], "seconds"):
            self.sources[source] += count
        present = lengths.filter(pc.equal(group["presence"], Presence.YES.value))
        for (label,), count, seconds in _count_groups(present, ["label"], "seconds"):
            self.labels[label] += count
            self.label_seconds[label] += seconds
        for (label, clip), _, _ in _count_groups(present, ["label", "clip_id"], "seconds"):
            self.label_clips[label] += self._last_clips.get(label) != clip
            self._last_clips[label] = clip

    def as_json(self) -> dict[str, Any]:
        by_licence: Counter[str] = Counter()
        for (licence, _), count in self.licences.items():
            by_licence[licence] += count
        return {
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
                for licence, count in sorted(by_licence.items())
            ],
            "sample_rates": [
                {"sample_rate": rate, "clips": count}
                for rate, count in sorted(self.sample_rates.items())
            ],
            "event_sources": dict(sorted(self.sources.items())),
            "events_verified": self.verified,
            "weak_labels": self.weak_labels,
            "weakly_labelled": self.weakly_labelled,
            "weak_label_sources": dict(sorted(self.weak_sources.items())),
            "found_empty": self.found_empty,
            "weak_label_clips": [
                {"label": label, "clips": count}
                for label, count in sorted(self.weak_clips.items(), key=lambda kv: (-kv[1], kv[0]))
            ],
        }


def _sum_column(values: Any) -> int:
    return int(pc.sum(values).as_py() or 0)


def _count_groups(
    group: pa.RecordBatch, keys: list[str], seconds: str
) -> Iterator[tuple[tuple[Any, ...], int, float]]:
    """Each combination of the keys' values, with how many rows it has and its seconds.

    On one thread, so that sums are always added up in the order of the rows.
    """
    table = pa.Table.from_batches([group.select([*keys, seconds])])
    counted = table.group_by(keys, use_threads=False).aggregate(
        [([], "count_all"), (seconds, "sum")]
    )
    values = zip(*(counted[key].to_pylist() for key in keys), strict=True)
    yield from zip(
        values, counted["count_all"].to_pylist(), counted[f"{seconds}_sum"].to_pylist(), strict=True
    )
