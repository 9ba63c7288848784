"""The clip table: what is known of each clip beside its bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from apps.ingest import cells
from apps.ingest.columns import checked_rows
from apps.ingest.licence_names import LicenceCheck, licence_cell
from apps.ingest.paths import clash_key
from apps.ingest.rows import Lines, Problem, RowErrors, RowReader
from apps.ingest.tables import Table, read_table
from apps.ingest.vertical_fields import VerticalFields

CLIP_COLUMNS = {
    "path": "name of the file inside the dataset, with / between folders",
    "licence": "SPDX expression or LicenseRef-…",
    "title": "title of the work",
    "author": "who made it, as the attribution names them",
    "source_url": "where it was published",
    "contributors": "codes of the people in it, joined by ;",
    "recording": "the recording session it was cut from",
    "environment": "kind of place, such as forest or kitchen",
    "device": "model of the recorder or microphone",
    "place": "coarse place, never an address",
    "recorded_at": "year, month, day or moment (ISO 8601)",
    "split": "train, validation, test or another subset",
    "synthetic": "true where it was generated",
}


@dataclass(frozen=True, slots=True)
class ClipLine:
    """What one row says of one clip; None is not said. `row` is the row's number in its table."""

    row: int
    path: str
    licence: str | None = None
    title: str | None = None
    author: str | None = None
    source_url: str | None = None
    contributors: tuple[str, ...] = ()
    recording: str | None = None
    environment: str | None = None
    device: str | None = None
    place: str | None = None
    recorded_at: str | None = None
    split: str | None = None
    synthetic: bool | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def read_clip_table(
    source: Path | BinaryIO,
    name: str | None = None,
    *,
    licence: LicenceCheck,
    profile: Mapping[str, Any],
) -> Lines[ClipLine]:
    """Read clip lines as a stream; `profile` is the JSON Schema of the vertical's own columns.

    Raises TableUnreadableError where the file as a whole cannot be read.
    """
    return clip_lines(read_table(source, name), licence=licence, profile=profile)


def clip_lines(
    table: Table, *, licence: LicenceCheck, profile: Mapping[str, Any]
) -> Lines[ClipLine]:
    """Type the rows of an open table; each path may occur once, in whatever case or form."""
    vertical = VerticalFields(profile, reserved=CLIP_COLUMNS)
    allowed = (*CLIP_COLUMNS, *vertical.columns)
    errors = RowErrors()
    read_licence = licence_cell(licence)
    rows_by_path: dict[str, int] = {}

    def parse(row: RowReader) -> ClipLine | None:
        path = row.required("path", cells.path)
        line = _line(row, path or "", read_licence, vertical)
        if path is not None:
            first = rows_by_path.setdefault(clash_key(path), row.number)
            if first != row.number:
                expected = f"a path no other row names (row {first} does)"
                row.refuse("path", path, expected, Problem.PATH_DUPLICATE)
        return line if row.is_clean else None

    rows = checked_rows(table, allowed=allowed, required=("path",), errors=errors)
    return Lines(rows, parse, errors)


def _line(
    row: RowReader, path: str, read_licence: Callable[[Any], str], vertical: VerticalFields
) -> ClipLine:
    return ClipLine(
        row=row.number,
        path=path,
        licence=row.optional("licence", read_licence),
        title=row.optional("title", cells.title),
        author=row.optional("author", cells.title),
        source_url=row.optional("source_url", cells.url),
        contributors=row.optional("contributors", cells.codes) or (),
        recording=row.optional("recording", cells.name),
        environment=row.optional("environment", cells.name),
        device=row.optional("device", cells.name),
        place=row.optional("place", cells.name),
        recorded_at=row.optional("recorded_at", cells.coarse_date),
        split=row.optional("split", cells.split),
        synthetic=row.optional("synthetic", cells.flag),
        fields=vertical.read(row),
    )
