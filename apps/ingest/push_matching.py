"""What rows of the clip table and files that came by pushes make together: clips, or waiting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, cast

from apps.audio.probe import Probe
from apps.datasets.models import Clip, Dataset
from apps.ingest.clip_table import ClipLine, read_clip_table
from apps.ingest.draft_files import FileRole, find_role
from apps.ingest.event_table import LabelLine, read_event_table
from apps.ingest.intake import AcceptedFile
from apps.ingest.models import PushedFile
from apps.ingest.row_readers import RowErrors
from apps.licensing.licences import load_licences
from apps.storage.blobs import open_blob
from apps.storage.models import Blob
from datasets_catalog.errors import InvalidError
from datasets_catalog.verticals import Vertical, load_profile

TABLE_BYTES = 64 * 1024 * 1024
BATCH = 2000


class TableTooLargeError(InvalidError):
    """A pushed table is larger than is read at once."""

    code = "push.table_too_large"


class TablesManyError(InvalidError):
    """Two files want to be the draft's one table of a kind."""

    code = "push.tables_many"


@dataclass(slots=True)
class PushMatches:
    """Clips to write, by who brought their bytes; paths of rows whose file has not come."""

    accepted: dict[int, list[AcceptedFile]] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    without_file: list[str] = field(default_factory=list)

    def add(self, pusher: int, item: AcceptedFile) -> None:
        self.accepted.setdefault(pusher, []).append(item)


def find_table(dataset: Dataset, part: FileRole) -> PushedFile | None:
    """The draft's table of a kind; raises TablesManyError."""
    rows = PushedFile.objects.filter(dataset=dataset).exclude(path__contains="/")
    found = [row for row in rows.select_related("blob") if find_role(row.path) is part]
    if len(found) > 1:
        names = " and ".join(row.path for row in found)
        raise TablesManyError(f"The draft has one table of {part}: delete one of {names}.")
    return found[0] if found else None


def read_pushed_clip_lines(dataset: Dataset, table: PushedFile) -> tuple[list[ClipLine], RowErrors]:
    licences = load_licences(dataset.organisation)
    with open_blob(_require_readable(table)) as stream:
        lines = read_clip_table(
            cast("BinaryIO", stream),
            table.path,
            licence=lambda text: licences.expression(text).text,
            profile=load_profile(Vertical(dataset.vertical)),
        )
        return list(lines), lines.errors


def read_pushed_event_lines(table: PushedFile) -> tuple[list[LabelLine], RowErrors]:
    with open_blob(_require_readable(table)) as stream:
        lines = read_event_table(cast("BinaryIO", stream), table.path)
        return list(lines), lines.errors


def _require_readable(table: PushedFile) -> Blob:
    if table.blob.size > TABLE_BYTES:
        raise TableTooLargeError(f"{table.path}: a table has at most {TABLE_BYTES} bytes.")
    return table.blob


def match_push(
    dataset: Dataset, actor: int, lines: Iterable[ClipLine], files: Collection[str] | None
) -> PushMatches:
    """Bring rows and files together; `files` are the paths to look at, None for all.

    A file comes in with its row, or at the path of a clip whose bytes it replaces. A row without
    a new file changes what is said of its clip, if there is one.
    """
    rows = {line.path: line for line in lines}
    waiting = _find_waiting_files(dataset, files)
    clips = _load_clips(dataset, rows.keys() | waiting.keys() if files is None else set(files))
    matched = PushMatches()
    for path, file in waiting.items():
        if path in rows or path in clips:
            line = rows.get(path) or ClipLine(row=0, path=path)
            matched.add(
                file.pushed_by_id, AcceptedFile(line, file.blob_id, parse_probe(file.probe))
            )
            matched.taken.append(file.pk)
            if path not in clips:
                matched.fresh.add(path)
    for path, line in rows.items() if files is None else ():
        if path in waiting:
            continue
        if path in clips:
            clip = clips[path]
            blob = clip.original_id or clip.blob_id
            matched.add(actor, AcceptedFile(line, blob, _build_probe(clip)))
        else:
            matched.without_file.append(path)
    return matched


def _find_waiting_files(dataset: Dataset, files: Collection[str] | None) -> dict[str, PushedFile]:
    rows = PushedFile.objects.filter(dataset=dataset).exclude(probe={})
    found = {row.path: row for row in rows}
    return {path: row for path, row in found.items() if files is None or path in files}


def _load_clips(dataset: Dataset, paths: Collection[str]) -> dict[str, Clip]:
    ordered = sorted(paths)
    found: dict[str, Clip] = {}
    alive = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED)
    for start in range(0, len(ordered), BATCH):
        some = alive.filter(path__in=ordered[start : start + BATCH])
        found.update((clip.path, clip) for clip in some)
    return found


def serialise_probe(found: Probe) -> dict[str, Any]:
    return asdict(found)


def parse_probe(kept: Mapping[str, Any]) -> Probe:
    return Probe(**{**kept, "warnings": tuple(kept["warnings"])})


def _build_probe(clip: Clip) -> Probe:
    return Probe(
        media_type=clip.media_type,
        container="",
        codec=clip.codec,
        sample_rate=clip.sample_rate,
        channels=clip.channels,
        frames=clip.frames,
        duration=clip.duration,
        bit_depth=None,
        has_video=clip.has_video,
        trailing_bytes=0,
        warnings=(),
    )
