"""What review says against clips of a release that was given out, by their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.releases.models import Lapse, Release, ReleaseBlob
from apps.review.held_back import list_held_back, select_binding_counts
from apps.review.models import Decision
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import read_columns
from datasets_catalog.clip_people import ClipPeople

CAUSES = {
    Decision.Verdict.EXCLUDE: Lapse.Cause.EXCLUDED,
    Decision.Verdict.REDACT: Lapse.Cause.REDACTED,
}


@dataclass(frozen=True, slots=True)
class Objection:
    """A clip of a release that review no longer lets out, why, and since when."""

    clip_uid: UUID
    path: str
    cause: Lapse.Cause
    since: datetime


@dataclass(frozen=True, slots=True)
class _Count:
    """The latest count of people in a content."""

    people: int
    unknown: bool
    since: datetime

    def exceeds(self, recorded: int) -> bool:
        return self.unknown or self.people > recorded


def list_objections(release: Release, people: Collection[ClipPeople]) -> list[Objection]:
    """Which clips of a release are held back by their bytes, or have somebody unrecorded in them.

    `people` are those who are recorded in its clips. Three queries where nothing is; the table of
    its clips is read only where something may be.
    """
    contents = ReleaseBlob.objects.filter(release=release).values("blob__sha256")
    verdicts: dict[str, set[tuple[Lapse.Cause, datetime]]] = defaultdict(set)
    for row in list_held_back(release.dataset, contents):
        verdicts[row.content].add((CAUSES[row.verdict], row.since))
    counts = {
        row.content_sha256: _Count(row.people_heard, row.somebody_unknown, row.counted_at)
        for row in select_binding_counts(release.dataset, contents)
    }
    counted = {content: count for content, count in counts.items() if count.people}
    if not verdicts and not counted:
        return []
    recorded = {clip.clip_id: len(clip.contributors) for clip in people}
    found: dict[tuple[UUID, Lapse.Cause], Objection] = {}
    for uid, path, content in iterate_released_clips(release, verdicts.keys() | counted.keys()):
        said = set(verdicts.get(content, ()))
        if content in counted and counted[content].exceeds(recorded.get(uid, 0)):
            said.add((Lapse.Cause.PEOPLE_UNKNOWN, counted[content].since))
        for cause, since in sorted(said, key=lambda each: each[1], reverse=True):
            # The earliest of each cause comes last and stays.
            found[UUID(uid), cause] = Objection(UUID(uid), path, cause, since)
    return list(found.values())


def iterate_released_clips(
    release: Release, contents: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield uid, path and SHA-256 of the released clips with these bytes."""
    assert release.clips_table is not None, "a release that was given out has its tables"
    with open_local_copy(release.clips_table) as table:
        for uid, path, content in read_columns(table, ("clip_id", "path", "sha256")):
            if content in contents:
                yield uid, path, content
