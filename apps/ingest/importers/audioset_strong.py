"""AudioSet's strong labels: tab-separated, by segment.

Format as published with the strong labels: `segment_id start_time_seconds end_time_seconds label`,
times in seconds from the segment's start, the label a machine identifier (`/m/…`); the framed
table adds `present` (`PRESENT` or `NOT_PRESENT`). A segment is `<video>_<start in milliseconds>`.
`mid_to_display_name.tsv` beside the tables gives the labels' names.
"""

from collections.abc import Iterator
from pathlib import Path

from apps.ingest import cell_readers
from apps.ingest.event_table import EventLine, read_interval
from apps.ingest.importers.imported_labels import Labels, LabelsUnreadableError, read_each_file
from apps.ingest.row_readers import CellError, build_row_readers
from apps.ingest.table_files import TableUnreadableError, read_table, read_text_lines
from datasets_catalog.labels import Presence

COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
FRAMED_COLUMNS = (*COLUMNS, "present")
NAMES_FILE = "mid_to_display_name.tsv"

NO_NAME = "labels whose name is not listed keep their identifier as name"

_PRESENCE = {"PRESENT": Presence.YES, "NOT_PRESENT": Presence.NO}


def recognises_source(source: Path) -> bool:
    return bool(_list_tables(source))


def _list_tables(source: Path) -> list[Path]:
    files = [source] if source.is_file() else sorted(source.glob("*.tsv"))
    return [file for file in files if file.suffix.lower() in {".tsv", ".csv"} and _is_table(file)]


def _is_table(file: Path) -> bool:
    try:
        return read_table(file).columns in {COLUMNS, FRAMED_COLUMNS}
    except TableUnreadableError:
        return False


def read_labels(source: Path) -> Labels:
    """Read one table, or all of a folder. The path of an event is its segment's id.

    Raises LabelsUnreadableError and TableUnreadableError.
    """
    files = _list_tables(source)
    if not files:
        raise LabelsUnreadableError(
            f"{source.name} has no table with the columns {' '.join(COLUMNS)}."
        )
    labels = Labels(())
    names = _read_names((source if source.is_dir() else source.parent) / NAMES_FILE)

    def lines(file: Path) -> Iterator[EventLine]:
        for row in build_row_readers(read_table(file), labels.errors):
            segment = row.read_required("segment_id", cell_readers.read_path)
            onset, offset = read_interval(row, "start_time_seconds", "end_time_seconds")
            term = row.read_required("label", cell_readers.read_name)
            presence = row.read_optional("present", _read_presence) or Presence.YES
            if not (row.is_clean and segment and term) or onset is None:
                continue
            if names and term not in names:
                labels.losses.note(NO_NAME, term)
            name = names.get(term, term)
            yield EventLine(row.number, segment, onset, offset, name, term=term, presence=presence)

    labels.lines = read_each_file(source, files, labels.errors, lines)
    return labels


def _read_presence(value: object) -> Presence:
    found = _PRESENCE.get(str(value).strip())
    if found is None:
        raise CellError("PRESENT or NOT_PRESENT")
    return found


def _read_names(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        pairs = [line.rstrip("\r\n").split("\t") for line in read_text_lines(stream, file.name)]
    return {pair[0]: pair[1] for pair in pairs if len(pair) > 1 and pair[1]}
