"""The native label table: events, labels of whole clips, and clips found empty, one on each row."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from apps.ingest import cell_readers
from apps.ingest.row_readers import Lines, RowErrors, RowReader
from apps.ingest.table_columns import check_rows
from apps.ingest.table_files import Table, read_table
from datasets_catalog.labels import Presence, Source, Status

EVENT_COLUMNS = {
    "path": "the clip's name inside the dataset",
    "onset": "where it begins: seconds from the clip's start",
    "offset": "where it ends (not included); an empty cell beside an onset is the clip's end",
    "label": "code or name of a term",
    "f_low": "lower frequency bound, hertz",
    "f_high": "upper frequency bound, hertz",
    "channel": "channel it is heard in, counted from 0; empty is all",
    "confidence": "0 to 1",
    "source": "human, model, import or synthetic; empty is import",
    "status": "suggested, verified or rejected; empty is suggested",
    "presence": "yes, no (known to be absent) or unsure; empty is yes",
    "annotator": "code of who labelled it",
    "verifier": "code of who confirmed it elsewhere, another than the annotator; a release says"
    " that the import states it",
}
REQUIRED_COLUMNS = ("path", "onset", "offset", "label")
# What only an event has, and what only a label has.
PLACE_COLUMNS = ("f_low", "f_high", "channel", "verifier")
JUDGEMENT_COLUMNS = ("confidence", "status", "presence")

_read_source = cell_readers.build_choice_reader(Source)
_read_status = cell_readers.build_choice_reader(Status)
_read_presence = cell_readers.build_choice_reader(Presence)


@dataclass(frozen=True, slots=True)
class EventLine:
    """One label. Times are seconds, half-open, clip-relative; `offset` None is the clip's end.

    `term` is the vocabulary's code where the source gives one beside the label's name.
    """

    row: int
    path: str
    onset: float
    offset: float | None
    label: str
    term: str | None = None
    f_low: float | None = None
    f_high: float | None = None
    channel: int | None = None
    confidence: float | None = None
    source: Source = Source.IMPORT
    status: Status = Status.SUGGESTED
    presence: Presence = Presence.YES
    annotator: str | None = None
    verifier: str | None = None


@dataclass(frozen=True, slots=True)
class WeakLine:
    """One weak label: the sound is somewhere in the clip, or known to be nowhere in it."""

    row: int
    path: str
    label: str
    term: str | None = None
    confidence: float | None = None
    source: Source = Source.IMPORT
    status: Status = Status.SUGGESTED
    presence: Presence = Presence.YES
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class EmptyLine:
    """A clip that somebody annotated and found to hold none of the labels."""

    row: int
    path: str
    source: Source = Source.IMPORT
    annotator: str | None = None


LabelLine = EventLine | WeakLine | EmptyLine


def read_event_table(source: Path | BinaryIO, name: str | None = None) -> Lines[LabelLine]:
    """Read label lines as a stream. Raises TableUnreadableError."""
    return read_event_lines(read_table(source, name))


def read_event_lines(table: Table) -> Lines[LabelLine]:
    """Type the rows of an open table."""
    errors = RowErrors()
    rows = check_rows(table, allowed=EVENT_COLUMNS, required=REQUIRED_COLUMNS, errors=errors)
    return Lines(rows, _read_label_line, errors)


def _read_label_line(row: RowReader) -> LabelLine | None:
    if row.cell("onset") is None and row.cell("offset") is None:
        line = _read_empty_line(row) if row.cell("label") is None else _read_weak_line(row)
    else:
        line = _read_event_line(row)
    return line if row.is_clean else None


def _read_event_line(row: RowReader) -> LabelLine:
    path = row.read_required("path", cell_readers.read_path)
    onset, offset = read_interval(row, "onset", "offset")
    label = row.read_required("label", cell_readers.read_name)
    f_low = row.read_optional("f_low", cell_readers.read_hertz)
    f_high = row.read_optional("f_high", cell_readers.read_hertz)
    if f_low is not None and f_high is not None and f_high <= f_low:
        row.refuse("f_high", row.cell("f_high"), "more hertz than f_low")
    return EventLine(
        row=row.number,
        path=path or "",
        onset=onset or 0.0,
        offset=offset,
        label=label or "",
        f_low=f_low,
        f_high=f_high,
        channel=row.read_optional("channel", cell_readers.read_channel),
        confidence=row.read_optional("confidence", cell_readers.read_share),
        source=row.read_optional("source", _read_source) or Source.IMPORT,
        status=row.read_optional("status", _read_status) or Status.SUGGESTED,
        presence=row.read_optional("presence", _read_presence) or Presence.YES,
        annotator=row.read_optional("annotator", cell_readers.read_code),
        verifier=row.read_optional("verifier", cell_readers.read_code),
    )


def _read_weak_line(row: RowReader) -> LabelLine:
    _refuse_filled_cells(
        row, PLACE_COLUMNS, "nothing, as a label of the whole clip has no place in it"
    )
    return WeakLine(
        row=row.number,
        path=row.read_required("path", cell_readers.read_path) or "",
        label=row.read_required("label", cell_readers.read_name) or "",
        confidence=row.read_optional("confidence", cell_readers.read_share),
        source=row.read_optional("source", _read_source) or Source.IMPORT,
        status=row.read_optional("status", _read_status) or Status.SUGGESTED,
        presence=row.read_optional("presence", _read_presence) or Presence.YES,
        annotator=row.read_optional("annotator", cell_readers.read_code),
    )


def _read_empty_line(row: RowReader) -> LabelLine:
    _refuse_filled_cells(
        row,
        (*PLACE_COLUMNS, *JUDGEMENT_COLUMNS),
        "nothing, as the row says that the clip holds none",
    )
    return EmptyLine(
        row=row.number,
        path=row.read_required("path", cell_readers.read_path) or "",
        source=row.read_optional("source", _read_source) or Source.IMPORT,
        annotator=row.read_optional("annotator", cell_readers.read_code),
    )


def _refuse_filled_cells(row: RowReader, columns: tuple[str, ...], expected: str) -> None:
    for column in columns:
        if row.cell(column) is not None:
            row.refuse(column, row.cell(column), expected)


def read_interval(
    row: RowReader, onset_column: str, offset_column: str
) -> tuple[float | None, float | None]:
    """Read onset and offset; an interval without length is refused, as it would hold nothing."""
    onset = row.read_required(onset_column, cell_readers.read_seconds)
    offset = row.read_optional(offset_column, cell_readers.read_seconds)
    if onset is not None and offset is not None and offset <= onset:
        row.refuse(offset_column, row.cell(offset_column), f"seconds after {onset_column}")
    return onset, offset
