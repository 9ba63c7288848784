"""Label tracks of Audacity: one text file for each clip, named like it.

Format after the Audacity manual ("Importing and Exporting Labels"): `start end label`, separated
by tabs, decimal seconds, no header; where a label has a frequency range, the next line is a
backslash and the lower and upper bound in hertz, of which -1 is undefined.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from apps.ingest import cell_readers
from apps.ingest.event_table import EmptyLine, EventLine, LabelLine
from apps.ingest.importers.imported_labels import (
    Labels,
    LabelsUnreadableError,
    LossReport,
    read_each_file,
)
from apps.ingest.paths import PathInvalidError, clean_path
from apps.ingest.row_readers import Problem, Row, RowError, RowReader, build_row_readers
from apps.ingest.table_files import TableUnreadableError, read_text_lines

SUFFIX = ".txt"
SPECTRAL = "\\"

POINTS = "labels at a point have no length and were left out"
WITHOUT_TEXT = "labels without text were left out"
NO_BAND = "frequency bounds without a range were left out"
COMMAS = "decimal commas were read as points"

_LINE = re.compile(r"-?\d+[.,]?\d*\t-?\d+[.,]?\d*(?:\t|$)")
_COMMA = re.compile(r"-?\d+,\d+")
_LOOKED_AT = 20


def recognises_source(source: Path) -> bool:
    files = [file for file in _list_tracks(source) if file.suffix.lower() == SUFFIX]
    return bool(files) and all(_is_track(file) for file in files[:_LOOKED_AT])


def _list_tracks(source: Path) -> list[Path]:
    return [source] if source.is_file() else sorted(source.rglob(f"*{SUFFIX}"))


def _is_track(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            lines = [line.rstrip("\r\n") for line in islice(read_text_lines(stream, file.name), 2)]
    except TableUnreadableError:
        return False
    return bool(lines) and bool(_LINE.match(lines[0]))


def read_labels(source: Path) -> Labels:
    """Read one label track, or every `.txt` below a folder.

    The path of an event is the track's own, without `.txt`: `forest/owl.txt` and
    `forest/owl.wav.txt` both belong to `forest/owl.wav`. Raises LabelsUnreadableError and
    TableUnreadableError.
    """
    files = _list_tracks(source)
    if not files:
        raise LabelsUnreadableError(f"{source.name} has no label tracks ({SUFFIX} files).")
    labels = Labels(())

    def lines(file: Path) -> Iterator[LabelLine]:
        relative = file.name if file == source else file.relative_to(source).as_posix()
        try:
            path = clean_path(relative.removesuffix(file.suffix))
        except PathInvalidError as error:
            labels.errors.add(RowError(0, "", "", error.message, Problem.PATH_INVALID))
            return
        rows = list(_read_rows(file, labels.losses))
        # A track whose labels were all left out is not one that holds none.
        if not rows:
            yield EmptyLine(0, path)
        yield from _merge_frequency_lines(iter(rows), path, labels)

    labels.lines = read_each_file(source, files, labels.errors, lines)
    return labels


def _read_rows(file: Path, losses: LossReport) -> Iterator[Row]:
    with file.open("rb") as stream:
        for number, line in enumerate(read_text_lines(stream, file.name), start=1):
            if not line.strip():
                continue
            parts = line.rstrip("\r\n").split("\t", 2)
            if any(_COMMA.fullmatch(part) for part in parts[:2]):
                losses.note(COMMAS, f"{file.name}, row {number}")
            yield Row(number, dict(zip(("start", "end", "label"), parts, strict=False)))


def _merge_frequency_lines(rows: Iterator[Row], path: str, labels: Labels) -> Iterator[EventLine]:
    """Put a frequency line onto the event before it."""
    event: EventLine | None = None
    follows_label = False
    for row in build_row_readers(rows, labels.errors):
        if row.cell("start") != SPECTRAL:
            if event is not None:
                yield event
            event = _read_event(row, path, labels.losses)
            follows_label = True
        elif not follows_label:
            row.refuse("start", SPECTRAL, "a label before its frequency range")
        else:
            event = _add_band(row, event, labels.losses)
            follows_label = False
    if event is not None:
        yield event


def _read_event(row: RowReader, path: str, losses: LossReport) -> EventLine | None:
    onset = row.read_required("start", _read_seconds)
    offset = row.read_required("end", _read_seconds)
    if onset is None or offset is None:
        return None
    label = row.read_optional("label", cell_readers.read_name)
    where = f"{path}, row {row.number}"
    if offset < onset:
        row.refuse("end", row.cell("end"), "seconds after the start")
    elif offset == onset:
        losses.note(POINTS, f"{where}: {label or ''}")
    elif label is None and row.is_clean:
        losses.note(WITHOUT_TEXT, where)
    elif label is not None:
        return EventLine(row.number, path, onset, offset, label)
    return None


def _add_band(row: RowReader, event: EventLine | None, losses: LossReport) -> EventLine | None:
    low = row.read_required("end", _read_hertz)
    high = row.read_required("label", _read_hertz)
    if event is None or low is None or high is None:
        return event
    f_low, f_high = (bound if bound >= 0 else None for bound in (low, high))
    if f_low is not None and f_high is not None and f_high <= f_low:
        losses.note(NO_BAND, f"{event.path}, row {row.number}")
        return event
    return replace(event, f_low=f_low, f_high=f_high)


def _read_seconds(value: object) -> float:
    return cell_readers.read_seconds(_replace_decimal_comma(value))


def _read_hertz(value: object) -> float:
    return cell_readers.read_number(_replace_decimal_comma(value))


def _replace_decimal_comma(value: object) -> object:
    return value.replace(",", ".") if isinstance(value, str) and _COMMA.fullmatch(value) else value
