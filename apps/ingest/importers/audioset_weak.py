"""AudioSet's weak labels: one segment on each line, with the labels heard somewhere in it.

Format as published (`balanced_train_segments.csv` and the like): lines that begin with `#`, of
which the last names the columns `YTID, start_seconds, end_seconds, positive_labels`; then one line
for each segment, with a space after each comma and the labels' machine identifiers in quotes,
joined by commas. `class_labels_indices.csv` (`index,mid,display_name`) beside the tables gives the
labels' names.
"""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from apps.ingest import cells
from apps.ingest.event_table import LabelLine, WeakLine, read_interval
from apps.ingest.importers.audioset_strong import NO_NAME
from apps.ingest.importers.labels import Labels, LabelsUnreadableError, read_each
from apps.ingest.rows import Problem, Row, RowError, RowReader, row_readers
from apps.ingest.tables import TableUnreadableError, text_lines

COLUMNS = ("YTID", "start_seconds", "end_seconds", "positive_labels")
HEADER = f"# {', '.join(COLUMNS)}"
NAMES_FILE = "class_labels_indices.csv"
COMMENTS = 10
MILLISECONDS = 1000


def detect(source: Path) -> bool:
    return bool(_tables(source))


def _tables(source: Path) -> list[Path]:
    files = [source] if source.is_file() else sorted(source.glob("*.csv"))
    return [file for file in files if file.suffix.lower() == ".csv" and _is_table(file)]


def _is_table(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            head = [line.strip() for line in islice(text_lines(stream, file.name), COMMENTS)]
    except TableUnreadableError:
        return False
    return HEADER in head


def read(source: Path) -> Labels:
    """Read one table, or all of a folder. The path of a line is `<YTID>_<start in milliseconds>`.

    Raises LabelsUnreadableError and TableUnreadableError.
    """
    files = _tables(source)
    if not files:
        raise LabelsUnreadableError(
            f"{source.name} has no table of segments: expected a line {HEADER!r}."
        )
    labels = Labels(())
    names = _names((source if source.is_dir() else source.parent) / NAMES_FILE)

    def lines(file: Path) -> Iterator[LabelLine]:
        for row in row_readers(_rows(file), labels.errors):
            yield from _lines(row, names, labels)

    labels.lines = read_each(source, files, labels.errors, lines)
    return labels


def _rows(file: Path) -> Iterator[Row]:
    with file.open("rb") as stream:
        for number, line in enumerate(text_lines(stream, file.name), start=1):
            if line.startswith("#") or not line.strip():
                continue
            values = next(csv.reader([line], skipinitialspace=True))
            if len(values) == len(COLUMNS):
                yield Row(number, dict(zip(COLUMNS, values, strict=True)))
            else:
                expected = f"{len(COLUMNS)} cells: {', '.join(COLUMNS)}"
                problem = RowError(number, "", "", expected, Problem.ROW_RAGGED)
                yield Row(number, {}, problem)


def _lines(row: RowReader, names: dict[str, str], labels: Labels) -> Iterator[LabelLine]:
    video = row.required("YTID", cells.name)
    start, _ = read_interval(row, "start_seconds", "end_seconds")
    terms = row.required("positive_labels", cells.joined_names)
    if video is None or start is None or not terms or not row.is_clean:
        return
    segment = f"{video}_{round(start * MILLISECONDS)}"
    for term in terms:
        if names and term not in names:
            labels.losses.note(NO_NAME, term)
        yield WeakLine(row.number, segment, names.get(term, term), term=term)


def _names(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        rows = list(csv.reader(text_lines(stream, file.name)))
    return {row[1]: row[2] for row in rows[1:] if len(row) > 2 and row[2]}  # noqa: PLR2004 - index, mid, name
