"""Earmark's own label table (CSV, JSONL, Parquet)."""

from pathlib import Path

from apps.ingest.event_table import REQUIRED_COLUMNS, read_event_lines
from apps.ingest.importers.imported_labels import Labels, LabelsUnreadableError
from apps.ingest.table_files import SUFFIXES, TableUnreadableError, read_table


def recognises_source(source: Path) -> bool:
    if not source.is_file() or source.suffix.lower() not in SUFFIXES:
        return False
    try:
        table = read_table(source)
        columns = table.columns or tuple(next((row.values for row in table), {}))
    except TableUnreadableError:
        return False
    return set(REQUIRED_COLUMNS) <= set(columns)


def read_labels(source: Path) -> Labels:
    """Read the table. Raises TableUnreadableError and LabelsUnreadableError."""
    if not source.is_file():
        raise LabelsUnreadableError(f"The native format is one table; {source.name} is no file.")
    lines = read_event_lines(read_table(source))
    return Labels(lines, lines.errors)
