"""Which bytes and texts a release holds: its review is told of these and of no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from apps.datasets.models import Clip
from apps.packaging.content import ReleasedClip
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import read_columns


@dataclass(frozen=True)
class ReleasedContents:
    """The clips of a release by id, and the SHA-256 of the texts of each (`cells`)."""

    clips: Mapping[str, ReleasedClip]
    cells: Mapping[str, str]

    def holds(self, clip_id: str, content: str) -> bool:
        """Whether this clip stands in the release with these bytes, or with these texts."""
        clip = self.clips.get(clip_id)
        return clip is not None and content in {clip.sha256, self.cells.get(clip_id)}

    def find(self, clip_id: str, content: str) -> ReleasedClip:
        """The clip as the release has it; of a clip it does not have, one with the same bytes.

        Raises KeyError where the release has neither.
        """
        return self.clips.get(clip_id) or self._by_sound[content]

    @cached_property
    def sounds(self) -> frozenset[str]:
        """The SHA-256 of all bytes."""
        return frozenset(self._by_sound)

    @cached_property
    def _by_sound(self) -> Mapping[str, ReleasedClip]:
        return {clip.sha256: clip for clip in self.clips.values()}

    @cached_property
    def everything(self) -> frozenset[str]:
        """The SHA-256 of all bytes and of all texts."""
        return self.sounds | frozenset(self.cells.values())


def build_released_contents(release: Release, clips: Iterable[ReleasedClip]) -> ReleasedContents:
    """The contents of released clips, their texts as the draft has them.

    While a release can come out, they are those that it was frozen with.
    """
    rows = Clip.objects.filter(dataset=release.dataset_id).order_by()
    by_id = {clip.clip_id: clip for clip in clips}
    cells = {
        str(uid): cells
        for uid, cells in rows.values_list("uid", "cells_sha256").iterator(chunk_size=5000)
        if str(uid) in by_id
    }
    return ReleasedContents(by_id, cells)


def list_released_clips(release: Release) -> list[ReleasedClip]:
    """The released clips, in the order of the table; none before the freeze."""
    if release.clips_table is None:
        return []
    with open_local_copy(release.clips_table) as table:
        rows = read_columns(table, ("clip_id", "path", "sha256", "md5"))
        return [ReleasedClip(*row) for row in rows]
