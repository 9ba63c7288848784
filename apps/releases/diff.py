"""What changed between two releases, in the terms of people who work with audio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from apps.releases.about import load_release_about
from apps.releases.diff_rows import (
    ClipChanges,
    EventChanges,
    count_clip_changes,
    count_event_changes,
)
from apps.releases.errors import NotFrozenError
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.models import Blob
from apps.storage.table_queries import open_tables
from datasets_catalog.release_about import ReleaseAbout, iterate_about_changes
from datasets_catalog.release_changes import (
    Change,
    ChangeKind,
    VersionStep,
    find_needed_step,
    propose_step,
)
from datasets_catalog.versions import Step, parse_version

HOUR = 3600


@dataclass(frozen=True, slots=True)
class ClassChange:
    """Seconds and events of one label, before and after."""

    label: str
    events_before: int
    events_after: int
    seconds_before: float
    seconds_after: float

    @property
    def is_other(self) -> bool:
        before = (self.events_before, self.seconds_before)
        return before != (self.events_after, self.seconds_after)


@dataclass(frozen=True, slots=True)
class DiffSide:
    """One of the two that are compared: a release, or what a release of the draft would be.

    `vocabulary` is its name and version, "" for none, None where it was not noted at the freeze,
    as is `about`; no `territories` are all.
    """

    version: str
    clips_table: Blob
    events_table: Blob
    people_table: Blob | None
    seconds: float
    licence: str
    use: str
    purposes: frozenset[str]
    territories: frozenset[str]
    vocabulary: str | None
    about: ReleaseAbout | None
    statistics: Mapping[str, Any] = field(repr=False)

    @property
    def contributors(self) -> int:
        return int(self.statistics.get("contributors", 0))


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that changed, and whether results on the two can no longer be compared."""

    before: DiffSide
    after: DiffSide
    clips: ClipChanges
    events: EventChanges
    whole: tuple[Change, ...]
    classes: tuple[ClassChange, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.clips.changes, *self.events.changes, *self.whole)

    @property
    def step(self) -> Step:
        """Which number of the version the changes ask for."""
        return find_needed_step(self.changes)

    @property
    def is_breaking(self) -> bool:
        """Something that was there is gone or other: a new major version says so to readers."""
        return self.step is Step.MAJOR

    @property
    def proposal(self) -> VersionStep:
        return propose_step(parse_version(self.before.version), self.changes)

    def sentences(self) -> list[str]:
        before, after = self.before, self.after
        hours = (after.seconds - before.seconds) / HOUR
        lines = [
            f"{before.version} → {after.version}: {self.clips.unchanged:,} clips unchanged"
            f" ({hours:+.3f} h of sound).",
            *(f"{each.sentence} ({each.step})." for each in self.changes),
            *self._describe_shifts(),
            *self._describe_classes(),
            *self._whole(),
        ]
        lines.append("Breaking." if self.is_breaking else f"Not breaking: {self.step} at most.")
        return lines

    def _describe_shifts(self) -> Iterator[str]:
        if any(each.kind is ChangeKind.EVENTS_MOVED for each in self.events.changes):
            yield (
                f"Onsets moved by {self.events.mean_onset_shift:.3f} s and offsets by"
                f" {self.events.mean_offset_shift:.3f} s on average, of the events that moved."
            )

    def _describe_classes(self) -> Iterator[str]:
        for each in self.classes:
            if each.is_other:
                change = (each.seconds_after - each.seconds_before) / HOUR
                yield (
                    f"  {each.label}: {each.events_before:,} → {each.events_after:,} events,"
                    f" {change:+.4f} h"
                )

    def _whole(self) -> Iterator[str]:
        before, after = self.before, self.after
        if before.licence != after.licence:
            yield (
                f"The licence of the whole: {before.licence or 'conflict'} →"
                f" {after.licence or 'conflict'}."
            )
        yield f"Contributors: {before.contributors:,} → {after.contributors:,}."
        for words, added, removed in (
            ("Purposes", *_compare_sets(before.purposes, after.purposes)),
            ("Territories", *_compare_sets(before.territories, after.territories)),
        ):
            if added or removed:
                yield (
                    f"{words} added: {', '.join(added) or 'none'}; removed:"
                    f" {', '.join(removed) or 'none'}."
                )

    def as_json(self) -> dict[str, Any]:
        proposal = self.proposal
        return {
            "before": self.before.version,
            "after": self.after.version,
            "changes": [
                {
                    "kind": each.kind.value,
                    "step": each.step.value,
                    "count": each.count,
                    "words": each.words,
                    "examples": list(each.examples),
                }
                for each in self.changes
            ],
            "clips_unchanged": self.clips.unchanged,
            "mean_onset_shift": self.events.mean_onset_shift,
            "mean_offset_shift": self.events.mean_offset_shift,
            "classes": [asdict(each) for each in self.classes],
            "seconds_before": self.before.seconds,
            "seconds_after": self.after.seconds,
            "licence_before": self.before.licence,
            "licence_after": self.after.licence,
            "contributors_before": self.before.contributors,
            "contributors_after": self.after.contributors,
            "breaking": self.is_breaking,
            "step": self.step.value,
            "proposed": proposal.proposed,
            "sentences": self.sentences(),
        }


def build_side(release: Release) -> DiffSide:
    """A release as one side. Raises NotFrozenError for a draft."""
    return DiffSide(
        version=release.version,
        clips_table=require_frozen_table(release.clips_table),
        events_table=require_frozen_table(release.events_table),
        people_table=release.people_table,
        seconds=release.seconds,
        licence=release.licence,
        use=release.use,
        purposes=frozenset(release.purposes),
        territories=frozenset(release.territories),
        vocabulary=_name_release_vocabulary(release),
        about=load_release_about(release),
        statistics=release.statistics,
    )


def _name_release_vocabulary(release: Release) -> str | None:
    """Its name and version; what was frozen before `about` was noted has them in its statistics."""
    if release.about:
        return str(release.vocabulary or "")
    noted: str | None = release.statistics.get("vocabulary")
    return noted


def diff_releases(before: Release, after: Release) -> Diff:
    """Compare two frozen releases by their tables. Raises NotFrozenError."""
    return diff_sides(build_side(before), build_side(after))


def diff_sides(before: DiffSide, after: DiffSide) -> Diff:
    """Compare two sides by their tables; memory does not grow with their size."""
    with _open_sides(before, after) as (database, people_known):
        clips = count_clip_changes(database, people_known=people_known)
        events = count_event_changes(database)
    return Diff(
        before=before,
        after=after,
        clips=clips,
        events=events,
        whole=tuple(_find_whole_changes(before, after)),
        classes=_count_class_changes(before, after),
    )


@contextmanager
def _open_sides(
    before: DiffSide, after: DiffSide
) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
    """A database with the tables as views, closed to everything else; whether people are known."""
    blobs = {
        "clips_before": before.clips_table,
        "events_before": before.events_table,
        "clips_after": after.clips_table,
        "events_after": after.events_table,
    }
    people = {"people_before": before.people_table, "people_after": after.people_table}
    known = {name: blob for name, blob in people.items() if blob is not None}
    people_known = len(known) == len(people)
    with ExitStack() as stack:
        paths = {
            name: stack.enter_context(open_local_copy(blob))
            for name, blob in (blobs | known if people_known else blobs).items()
        }
        yield stack.enter_context(open_tables(**paths)), people_known


def require_frozen_table(table: Blob | None) -> Blob:
    """The table, where the release was frozen; raises NotFrozenError."""
    if table is None:
        raise NotFrozenError("This release is a draft and has no tables yet: freeze it first.")
    return table


def _find_whole_changes(before: DiffSide, after: DiffSide) -> Iterator[Change]:
    if before.licence != after.licence:
        yield Change(ChangeKind.WHOLE_LICENCE_CHANGED, 1)
    if before.use != after.use:
        yield Change(ChangeKind.USE_CHANGED, 1)
    if before.vocabulary is not None and before.vocabulary != after.vocabulary:
        said = bool(before.vocabulary)
        yield Change(ChangeKind.VOCABULARY_CHANGED if said else ChangeKind.VOCABULARY_FILLED, 1)
    added, removed = _compare_sets(before.purposes, after.purposes)
    if added:
        yield Change(ChangeKind.PURPOSES_ADDED, len(added))
    if removed:
        yield Change(ChangeKind.PURPOSES_REMOVED, len(removed))
    yield from _find_area_changes(before.territories, after.territories)
    yield from iterate_about_changes(before.about, after.about)


def _find_area_changes(before: frozenset[str], after: frozenset[str]) -> Iterator[Change]:
    """No territories are all: naming some closes the rest, naming none opens it."""
    if bool(before) != bool(after):
        yield Change(ChangeKind.TERRITORIES_REMOVED if after else ChangeKind.TERRITORIES_ADDED, 1)
        return
    added, removed = _compare_sets(before, after)
    if added:
        yield Change(ChangeKind.TERRITORIES_ADDED, len(added))
    if removed:
        yield Change(ChangeKind.TERRITORIES_REMOVED, len(removed))


def _compare_sets(before: frozenset[str], after: frozenset[str]) -> tuple[list[str], list[str]]:
    return sorted(after - before), sorted(before - after)


def _count_class_changes(before: DiffSide, after: DiffSide) -> tuple[ClassChange, ...]:
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
