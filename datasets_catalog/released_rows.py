"""From the rows of a release's two tables to its root: what any reader can compute again."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from datasets_catalog.labels import Event, Presence, Source, Status, labels_digest
from datasets_catalog.manifest import ClipRow, metadata_digest

# The columns of clips.parquet that the leaf holds one by one; the others are in its
# `metadata_sha256`.
IN_LEAF = (
    "clip_id",
    "path",
    "sha256",
    "size",
    "labels_sha256",
    "licence",
    "consent_digest",
    "split",
    "synthetic",
)
NOT_HASHED = (*IN_LEAF, "md5", "leaf")
NO_LABELS = labels_digest(())


def clip_row(row: Mapping[str, Any]) -> ClipRow:
    """Return what a row of clips.parquet puts into the manifest."""
    return ClipRow(
        clip_id=row["clip_id"],
        path=row["path"],
        audio_sha256=row["sha256"],
        size=row["size"],
        labels_sha256=row["labels_sha256"],
        metadata_sha256=metadata_digest({k: v for k, v in row.items() if k not in NOT_HASHED}),
        licence=row["licence"],
        consent_digest=row["consent_digest"],
        split=row["split"],
        synthetic=row["synthetic"],
    )


def event(row: Mapping[str, Any]) -> Event:
    """Return what a row of events.parquet puts into its clip's digest of labels."""
    own = {name: value for name, value in row.items() if name not in {"clip_id", "path"}}
    own |= {
        "source": Source(row["source"]),
        "status": Status(row["status"]),
        "presence": Presence(row["presence"]),
    }
    return Event(**own)


def digests_of_labels(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield clip id and digest of its labels for each run of rows of events.parquet."""
    for clip_id, each in groupby(rows, key=_clip_id):
        yield clip_id, labels_digest(event(row) for row in each)


def _clip_id(row: Mapping[str, Any]) -> str:
    return str(row["clip_id"])
