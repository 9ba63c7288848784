"""Labels of DCASE task 4 (DESED): tab-separated, strong, weak or none, by file name.

Formats as the DESED repository and DCASE's baseline write them: strong files have the columns
`filename onset offset event_label`, a file without events one row with the last three empty; weak
files `filename event_labels`, joined by commas; lists of unlabelled files only `filename`.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from apps.ingest import cells
from apps.ingest.clip_table import ClipLine
from apps.ingest.event_table import EventLine, read_interval
from apps.ingest.importers.labels import (
    WHOLE_CLIP,
    Labels,
    LabelsUnreadableError,
    LayoutClips,
    read_each,
)
from apps.ingest.rows import RowReader, row_readers
from apps.ingest.tables import Table, TableUnreadableError, read_table

STRONG = ("filename", "onset", "offset", "event_label")
WEAK = ("filename", "event_labels")
UNLABELLED = ("filename",)
DURATIONS = ("filename", "duration")
KINDS = frozenset({STRONG, WEAK, UNLABELLED, DURATIONS})

NO_LABELS = "files listed without any labels"
NOT_LABELS = "tables that hold no labels were passed over"
NO_AUDIO = "listed files that are not in the folder"
AMBIGUOUS = "listed files of which the folder has several"

# The one table of DCASE 2021 and later that is not named like its folder.
_FOLDERS = {"audioset_strong": "strong_label_real"}
_SYNTHETIC = "synthetic"


def detect(source: Path) -> bool:
    if source.is_dir():
        return _root(source) is not None
    return source.suffix.lower() in {".tsv", ".csv"} and _kind(source) in KINDS


def _kind(file: Path) -> tuple[str, ...]:
    try:
        return read_table(file).columns
    except TableUnreadableError:
        return ()


def _root(source: Path) -> Path | None:
    """Return the folder that has `metadata`, which archives often put one level down."""
    for root in (source, source / "dataset"):
        if any(_kind(file) in KINDS for file in _tables(root)):
            return root
    return None


def _tables(root: Path) -> list[Path]:
    return sorted((root / "metadata").rglob("*.tsv"))


def read(source: Path) -> Labels:
    """Read one table, or every table below a folder's `metadata`.

    Raises LabelsUnreadableError and TableUnreadableError.
    """
    labels = Labels(())
    if source.is_file():
        files, audio = [source], None
    else:
        root = _required_root(source)
        files, audio = _tables(root), Audio(source, root)

    def events(file: Path) -> Iterator[EventLine]:
        table = read_table(file)
        if table.columns not in KINDS and file == source:
            raise LabelsUnreadableError(
                f"{file.name} has the columns {', '.join(table.columns)}; expected"
                f" {' '.join(STRONG)} or {' '.join(WEAK)}."
            )
        for row in _rows(table, labels, file):
            yield from _events(row, labels, file, audio)

    labels.events = read_each(source, files, labels.errors, events)
    return labels


def _required_root(source: Path) -> Path:
    root = _root(source)
    if root is None:
        raise LabelsUnreadableError(
            f"{source.name} has no DESED tables below metadata/ (or dataset/metadata/)."
        )
    return root


def _rows(table: Table, labels: Labels, file: Path) -> Iterator[RowReader]:
    if table.columns in {STRONG, WEAK, UNLABELLED}:
        yield from row_readers(table, labels.errors)
    else:
        labels.losses.note(NOT_LABELS, file.name)


def _events(
    row: RowReader, labels: Labels, file: Path, audio: "Audio | None"
) -> Iterator[EventLine]:
    name = row.required("filename", cells.path)
    if name is None:
        return
    path = (audio.find(file, name) if audio else None) or name
    if "event_labels" in row.values:
        yield from _weak_events(row, path, labels)
    elif "event_label" not in row.values:
        labels.losses.note(NO_LABELS, path)
    elif all(row.cell(column) is None for column in STRONG[1:]):
        labels.empty_clips.append(path)
    else:
        label = row.required("event_label", cells.name)
        onset, offset = read_interval(row, "onset", "offset")
        if row.cell("offset") is None:
            row.required("offset", cells.seconds)
        if row.is_clean and label and onset is not None:
            yield EventLine(row.number, path, onset, offset, label)


def _weak_events(row: RowReader, path: str, labels: Labels) -> Iterator[EventLine]:
    text = row.optional("event_labels", cells.joined_names)
    if text is None and row.is_clean:
        labels.empty_clips.append(path)
    for label in dict.fromkeys(text or ()):
        labels.losses.note(WHOLE_CLIP, f"{path}: {label}")
        yield EventLine(row.number, path, 0.0, None, label)


class Audio:
    """Finds the listed files below a folder's `audio`; paths are relative to `source`."""

    def __init__(self, source: Path, root: Path) -> None:
        self._root = root
        self._prefix = root.relative_to(source).as_posix()
        self._by_name: dict[str, list[str]] = {}
        for file in sorted((root / "audio").rglob("*")):
            if file.is_file():
                path = file.relative_to(source).as_posix()
                self._by_name.setdefault(file.name, []).append(path)

    def candidates(self, table: Path, name: str) -> list[str]:
        """Return the files that a row of a table can mean, the most likely folder first of all."""
        listed = table.relative_to(self._root / "metadata").with_suffix("")
        folder = listed.with_name(_FOLDERS.get(listed.name, listed.name))
        audio = PurePosixPath(self._prefix, "audio")
        found = self._by_name.get(PurePosixPath(name).name, [])
        for below in (audio / folder, audio / folder.parent, audio / listed.parts[0]):
            near = [path for path in found if PurePosixPath(path).is_relative_to(below)]
            if near:
                return near
        return found

    def find(self, table: Path, name: str) -> str | None:
        found = self.candidates(table, name)
        return found[0] if len(found) == 1 else None


def clips(source: Path) -> LayoutClips | None:
    """Read what a DESED folder says of its clips: their subset, and which are synthetic."""
    root = _root(source) if source.is_dir() else None
    if root is None:
        return None
    result = LayoutClips(())
    audio = Audio(source, root)
    seen: set[str] = set()

    def lines(file: Path) -> Iterator[ClipLine]:
        table = read_table(file)
        if table.columns not in KINDS:
            return
        listed = file.relative_to(root / "metadata")
        for row in row_readers(table, result.errors):
            name = row.required("filename", cells.path)
            if name is not None:
                yield from _clip(row, name, listed, audio.candidates(file, name))

    def _clip(row: RowReader, name: str, listed: Path, found: list[str]) -> Iterator[ClipLine]:
        if len(found) != 1:
            result.losses.note(AMBIGUOUS if found else NO_AUDIO, f"{listed.as_posix()}: {name}")
        elif found[0] not in seen:
            seen.add(found[0])
            is_synthetic = any(_SYNTHETIC in part for part in PurePosixPath(found[0]).parts)
            split = listed.parts[0] if len(listed.parts) > 1 else None
            yield ClipLine(row.number, found[0], split=split, synthetic=is_synthetic)

    result.lines = read_each(source, _tables(root), result.errors, lines)
    return result
