"""What changed between two releases, in the terms of people who work with audio."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from apps.releases.errors import NotFrozenError
from apps.releases.models import Release
from apps.storage.blobs import local_copy
from apps.storage.models import Blob
from apps.storage.queries import open_tables

EXAMPLES = 20
# An onset that moved by less (seconds) is the same onset written with other digits.
STILL = 0.0005


@dataclass(frozen=True, slots=True)
class ClipChanges:
    """Clips by what happened to them; `examples` name the first few of each."""

    added: int
    removed: int
    bytes_changed: int
    labels_changed: int
    licence_changed: int
    consent_changed: int
    renamed: int
    unchanged: int
    examples: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class EventChanges:
    """Events by what happened to them; shifts are means of absolute seconds."""

    added: int
    removed: int
    moved: int
    relabelled: int
    mean_onset_shift: float
    mean_offset_shift: float


@dataclass(frozen=True, slots=True)
class ClassChange:
    """Seconds and events of one label, before and after."""

    label: str
    events_before: int
    events_after: int
    seconds_before: float
    seconds_after: float


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that changed, and whether results on the two can no longer be compared."""

    before: str
    after: str
    clips: ClipChanges
    events: EventChanges
    classes: tuple[ClassChange, ...]
    seconds_before: float
    seconds_after: float
    licence_before: str
    licence_after: str
    contributors_before: int
    contributors_after: int
    purposes_added: tuple[str, ...]
    purposes_removed: tuple[str, ...]

    @property
    def is_breaking(self) -> bool:
        """Something that was there is gone or other: a new major version says so to readers."""
        clips, events = self.clips, self.events
        return bool(clips.removed or clips.bytes_changed or clips.renamed or events.relabelled)

    def sentences(self) -> list[str]:
        clips, events = self.clips, self.events
        hours = (self.seconds_after - self.seconds_before) / 3600
        lines = [
            f"{self.before} → {self.after}: {clips.added} clips added, {clips.removed} removed,"
            f" {clips.bytes_changed} with other bytes, {clips.unchanged} unchanged"
            f" ({hours:+.3f} h).",
            f"{events.added} events added, {events.removed} removed, {events.moved} moved by"
            f" {events.mean_onset_shift:.3f} s (onset) and {events.mean_offset_shift:.3f} s"
            f" (offset) on average, {events.relabelled} with another label.",
        ]
        for each in self.classes:
            if each.events_before != each.events_after or each.seconds_before != each.seconds_after:
                change = each.seconds_after - each.seconds_before
                lines.append(
                    f"  {each.label}: {each.events_before} → {each.events_after} events,"
                    f" {change / 3600:+.4f} h"
                )
        if self.licence_before != self.licence_after:
            before, after = self.licence_before or "conflict", self.licence_after or "conflict"
            lines.append(f"The licence of the whole: {before} → {after}.")
        if clips.licence_changed:
            lines.append(f"{clips.licence_changed} clips have another licence.")
        lines.append(
            f"Contributors: {self.contributors_before} → {self.contributors_after};"
            f" people in {clips.consent_changed} clips changed."
        )
        if self.purposes_added or self.purposes_removed:
            lines.append(
                f"Purposes added: {', '.join(self.purposes_added) or 'none'};"
                f" removed: {', '.join(self.purposes_removed) or 'none'}."
            )
        lines.append("Breaking." if self.is_breaking else "Not breaking.")
        return lines

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"breaking": self.is_breaking, "sentences": self.sentences()}


def diff_releases(before: Release, after: Release) -> Diff:
    """Compare two frozen releases by their tables; memory does not grow with their size."""
    with _tables(before, after) as database:
        clips = _clip_changes(database)
        events = _event_changes(database)
    return Diff(
        before=before.version,
        after=after.version,
        clips=clips,
        events=events,
        classes=_class_changes(before, after),
        seconds_before=before.seconds,
        seconds_after=after.seconds,
        licence_before=before.licence,
        licence_after=after.licence,
        contributors_before=before.statistics.get("contributors", 0),
        contributors_after=after.statistics.get("contributors", 0),
        purposes_added=tuple(sorted(set(after.purposes) - set(before.purposes))),
        purposes_removed=tuple(sorted(set(before.purposes) - set(after.purposes))),
    )


@contextmanager
def _tables(before: Release, after: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the four tables as views, closed to everything else."""
    with (
        local_copy(frozen_table(before.clips_table)) as clips_before,
        local_copy(frozen_table(before.events_table)) as events_before,
        local_copy(frozen_table(after.clips_table)) as clips_after,
        local_copy(frozen_table(after.events_table)) as events_after,
        open_tables(
            clips_before=clips_before,
            events_before=events_before,
            clips_after=clips_after,
            events_after=events_after,
        ) as database,
    ):
        yield database


def frozen_table(table: Blob | None) -> Blob:
    """The table, where the release was frozen; raises NotFrozenError."""
    if table is None:
        raise NotFrozenError("This release is a draft and has no tables yet: freeze it first.")
    return table


CLIP_CONDITIONS = {
    "added": "b.clip_id IS NULL",
    "removed": "a.clip_id IS NULL",
    "bytes_changed": "b.sha256 <> a.sha256",
    "labels_changed": "b.labels_sha256 <> a.labels_sha256",
    "licence_changed": "b.licence <> a.licence",
    "consent_changed": "b.contributors <> a.contributors",
    "renamed": "b.path <> a.path",
    "unchanged": "b.leaf = a.leaf",
}
CLIP_JOIN = "clips_before b FULL OUTER JOIN clips_after a ON b.clip_id = a.clip_id"


def _clip_changes(database: duckdb.DuckDBPyConnection) -> ClipChanges:
    counts = ", ".join(
        f"count(*) FILTER (WHERE {condition})" for condition in CLIP_CONDITIONS.values()
    )
    row = database.execute(f"SELECT {counts} FROM {CLIP_JOIN}").fetchone()  # noqa: S608
    assert row is not None
    named = dict(zip(CLIP_CONDITIONS, row, strict=True))
    examples = {}
    for name, condition in CLIP_CONDITIONS.items():
        if name != "unchanged" and named[name]:
            found = database.execute(
                f"SELECT coalesce(a.path, b.path) AS path FROM {CLIP_JOIN}"  # noqa: S608
                f" WHERE {condition} ORDER BY 1 LIMIT {EXAMPLES}"
            ).fetchall()
            examples[name] = [path for (path,) in found]
    return ClipChanges(**named, examples=examples)


def _event_changes(database: duckdb.DuckDBPyConnection) -> EventChanges:
    moved = f"(abs(a.onset - b.onset) > {STILL} OR abs(a.offset - b.offset) > {STILL})"
    row = database.execute(
        "SELECT count(*) FILTER (WHERE b.event_id IS NULL),"  # noqa: S608
        " count(*) FILTER (WHERE a.event_id IS NULL),"
        f" count(*) FILTER (WHERE {moved}),"
        " count(*) FILTER (WHERE a.label <> b.label),"
        f" coalesce(avg(abs(a.onset - b.onset)) FILTER (WHERE {moved}), 0),"
        f" coalesce(avg(abs(a.offset - b.offset)) FILTER (WHERE {moved}), 0)"
        " FROM events_before b FULL OUTER JOIN events_after a ON b.event_id = a.event_id"
    ).fetchone()
    assert row is not None
    return EventChanges(*row)


def _class_changes(before: Release, after: Release) -> tuple[ClassChange, ...]:
    old = {each["label"]: each for each in before.statistics.get("labels", [])}
    new = {each["label"]: each for each in after.statistics.get("labels", [])}
    nothing = {"events": 0, "seconds": 0.0}
    return tuple(
        ClassChange(
            label=label,
            events_before=old.get(label, nothing)["events"],
            events_after=new.get(label, nothing)["events"],
            seconds_before=old.get(label, nothing)["seconds"],
            seconds_after=new.get(label, nothing)["seconds"],
        )
        for label in sorted(old.keys() | new.keys())
    )
