"""The clip table: what is known of each clip beside its bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from apps.ingest import cell_readers
from apps.ingest.licence_names import LicenceCheck, build_licence_reader
from apps.ingest.paths import compute_clash_key
from apps.ingest.row_readers import Lines, Problem, RowErrors, RowReader
from apps.ingest.table_columns import check_rows
from apps.ingest.table_files import Table, read_table
from apps.ingest.vertical_fields import VerticalFields
from datasets_catalog.clip_columns import CLIP_COLUMNS, SAID_OF_CLIP
from datasets_catalog.columns import Form

CLIP_TABLE = {column.name: column.said for column in CLIP_COLUMNS if column.said}
_READERS: Mapping[Form, Callable[[Any], Any]] = {
    Form.TITLE: cell_readers.read_title,
    Form.NAME: cell_readers.read_name,
    Form.URL: cell_readers.read_url,
    Form.COARSE_DATE: cell_readers.read_coarse_date,
    Form.SPLIT: cell_readers.read_split,
    Form.FLAG: cell_readers.read_flag,
    Form.SECONDS: cell_readers.read_seconds,
}


@dataclass(frozen=True, slots=True)
class ClipLine:
    """What one row says of one clip. `row` is the row's number in its table.

    `said` has the values of the columns that the clip itself holds (`SAID_OF_CLIP`); what is not
    said is not in it. `contributors` is None where nothing is said of people, empty for nobody.
    """

    row: int
    path: str
    said: Mapping[str, Any] = field(default_factory=dict)
    contributors: tuple[str, ...] | None = None
    recording: str | None = None
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
    return read_clip_lines(read_table(source, name), licence=licence, profile=profile)


def read_clip_lines(
    table: Table, *, licence: LicenceCheck, profile: Mapping[str, Any]
) -> Lines[ClipLine]:
    """Type the rows of an open table; each path may occur once, in whatever case or form."""
    vertical = VerticalFields(profile, reserved=CLIP_TABLE)
    allowed = (*CLIP_TABLE, *vertical.columns)
    errors = RowErrors()
    readers = {Form.LICENCE: build_licence_reader(licence), **_READERS}
    rows_by_path: dict[str, int] = {}

    def parse(row: RowReader) -> ClipLine | None:
        path = row.read_required("path", cell_readers.read_path)
        line = _read_clip_line(row, path or "", readers, vertical)
        if path is not None:
            first = rows_by_path.setdefault(compute_clash_key(path), row.number)
            if first != row.number:
                expected = f"a path no other row names (row {first} does)"
                row.refuse("path", path, expected, Problem.PATH_DUPLICATE)
        return line if row.is_clean else None

    rows = check_rows(table, allowed=allowed, required=("path",), errors=errors)
    return Lines(rows, parse, errors)


def _read_clip_line(
    row: RowReader,
    path: str,
    readers: Mapping[Form, Callable[[Any], Any]],
    vertical: VerticalFields,
) -> ClipLine:
    said = {c.name: row.read_optional(c.name, readers[c.form]) for c in SAID_OF_CLIP if c.form}
    return ClipLine(
        row=row.number,
        path=path,
        said={name: value for name, value in said.items() if value is not None},
        contributors=row.read_optional("contributors", cell_readers.read_codes),
        recording=row.read_optional("recording", cell_readers.read_name),
        fields=vertical.read(row),
    )
