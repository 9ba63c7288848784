"""The native event table: strong labels, one on each row."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from apps.ingest import cells
from apps.ingest.columns import checked_rows
from apps.ingest.rows import Lines, RowErrors, RowReader
from apps.ingest.tables import Table, read_table
from datasets_catalog.labels import Presence, Source, Status

EVENT_COLUMNS = {
    "path": "the clip's name inside the dataset",
    "onset": "where it begins: seconds from the clip's start",
    "offset": "where it ends (not included); an empty cell is the clip's end",
    "label": "code or name of a term",
    "f_low": "lower frequency bound, hertz",
    "f_high": "upper frequency bound, hertz",
    "channel": "channel it is heard in, counted from 0; empty is all",
    "confidence": "0 to 1",
    "source": "human, model, import or synthetic; empty is import",
    "status": "suggested, verified or rejected; empty is suggested",
    "presence": "yes, no (known to be absent) or unsure; empty is yes",
    "annotator": "code of who labelled it",
}
REQUIRED_COLUMNS = ("path", "onset", "offset", "label")

_source = cells.choice(Source)
_status = cells.choice(Status)
_presence = cells.choice(Presence)


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


def read_event_table(source: Path | BinaryIO, name: str | None = None) -> Lines[EventLine]:
    """Read event lines as a stream. Raises TableUnreadableError."""
    return event_lines(read_table(source, name))


def event_lines(table: Table) -> Lines[EventLine]:
    """Type the rows of an open table."""
    errors = RowErrors()
    rows = checked_rows(table, allowed=EVENT_COLUMNS, required=REQUIRED_COLUMNS, errors=errors)
    return Lines(rows, _line, errors)


def _line(row: RowReader) -> EventLine | None:
    path = row.required("path", cells.path)
    onset, offset = read_interval(row, "onset", "offset")
    label = row.required("label", cells.name)
    f_low = row.optional("f_low", cells.hertz)
    f_high = row.optional("f_high", cells.hertz)
    if f_low is not None and f_high is not None and f_high <= f_low:
        row.refuse("f_high", row.cell("f_high"), "more hertz than f_low")
    line = EventLine(
        row=row.number,
        path=path or "",
        onset=onset or 0.0,
        offset=offset,
        label=label or "",
        f_low=f_low,
        f_high=f_high,
        channel=row.optional("channel", cells.channel),
        confidence=row.optional("confidence", cells.share),
        source=row.optional("source", _source) or Source.IMPORT,
        status=row.optional("status", _status) or Status.SUGGESTED,
        presence=row.optional("presence", _presence) or Presence.YES,
        annotator=row.optional("annotator", cells.code),
    )
    return line if row.is_clean else None


def read_interval(
    row: RowReader, onset_column: str, offset_column: str
) -> tuple[float | None, float | None]:
    """Read onset and offset; an interval without length is refused, as it would hold nothing."""
    onset = row.required(onset_column, cells.seconds)
    offset = row.optional(offset_column, cells.seconds)
    if onset is not None and offset is not None and offset <= onset:
        row.refuse(offset_column, row.cell(offset_column), f"seconds after {onset_column}")
    return onset, offset
