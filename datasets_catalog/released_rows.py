"""From the rows of a release's two tables to its root: what any reader can compute again."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from datasets_catalog.clip_columns import FIRST_CLIP_COLUMNS, NOT_IN_METADATA
from datasets_catalog.labels import digest_label_rows, digest_labels
from datasets_catalog.manifest import ClipRow, digest_metadata

NO_LABELS = digest_labels(())


def build_clip_row(row: Mapping[str, Any]) -> ClipRow:
    """Return what a row of clips.parquet puts into the manifest.

    A column that the first version lacked counts only where it is not null, whoever knows it: so a
    row says the same before and after the column was added.
    """
    return ClipRow(
        clip_id=row["clip_id"],
        path=row["path"],
        audio_sha256=row["sha256"],
        size=row["size"],
        labels_sha256=row["labels_sha256"],
        metadata_sha256=digest_metadata(dict(_pick_metadata(row))),
        licence=row["licence"],
        consent_digest=row["consent_digest"],
        split=row["split"],
        synthetic=row["synthetic"],
    )


def _pick_metadata(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name not in NOT_IN_METADATA and (value is not None or name in FIRST_CLIP_COLUMNS):
            yield name, value


def digest_labels_by_clip(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield clip id and digest of its labels for each run of rows of events.parquet."""
    for clip_id, each in groupby(rows, key=lambda row: str(row["clip_id"])):
        yield clip_id, digest_label_rows(each)
