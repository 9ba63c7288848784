"""Labels of DCASE task 4 (DESED): tab-separated, strong, weak or none, by file name.

Formats as the DESED repository and DCASE's baseline write them: strong files have the columns
`filename onset offset event_label`, a file without events one row with the last three empty; weak
files `filename event_labels`, joined by commas; lists of unlabelled files only `filename`.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from apps.ingest import cell_readers
from apps.ingest.clip_table import ClipLine
from apps.ingest.event_table import EmptyLine, EventLine, LabelLine, WeakLine, read_interval
from apps.ingest.importers.imported_labels import (
    Labels,
    LabelsUnreadableError,
    LayoutClips,
    read_each_file,
)
from apps.ingest.row_readers import Problem, RowReader, build_row_readers
from apps.ingest.table_files import Table, TableUnreadableError, read_table

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


def recognises_source(source: Path) -> bool:
    if source.is_dir():
        return _find_root(source) is not None
    return source.suffix.lower() in {".tsv", ".csv"} and _read_header(source) in KINDS


def _read_header(file: Path) -> tuple[str, ...]:
    try:
        return read_table(file).columns
    except TableUnreadableError:
        return ()


def _find_root(source: Path) -> Path | None:
    """Return the folder that has `metadata`, which archives often put one level down."""
    for root in (source, source / "dataset"):
        if any(_read_header(file) in KINDS for file in _list_tables(root)):
            return root
    return None


def _list_tables(root: Path) -> list[Path]:
    return sorted((root / "metadata").rglob("*.tsv"))


def read_labels(source: Path) -> Labels:
    """Read one table, or every table below a folder's `metadata`.

    Raises LabelsUnreadableError and TableUnreadableError.
    """
    labels = Labels(())
    if source.is_file():
        files, audio = [source], None
    else:
        root = _require_root(source)
        files, audio = _list_tables(root), Audio(source, root)

    def lines(file: Path) -> Iterator[LabelLine]:
        table = read_table(file)
        if table.columns not in KINDS and file == source:
            raise LabelsUnreadableError(
                f"{file.name} has the columns {', '.join(table.columns)}; expected"
                f" {' '.join(STRONG)} or {' '.join(WEAK)}."
            )
        for row in _read_rows(table, labels, file):
            yield from _read_lines(row, labels, file, audio)

    labels.lines = read_each_file(source, files, labels.errors, lines)
    return labels


def _require_root(source: Path) -> Path:
    root = _find_root(source)
    if root is None:
        raise LabelsUnreadableError(
            f"{source.name} has no DESED tables below metadata/ (or dataset/metadata/)."
        )
    return root


def _read_rows(table: Table, labels: Labels, file: Path) -> Iterator[RowReader]:
    if table.columns in {STRONG, WEAK, UNLABELLED}:
        yield from build_row_readers(table, labels.errors)
    else:
        labels.losses.note(NOT_LABELS, file.name)


def _read_lines(
    row: RowReader, labels: Labels, file: Path, audio: "Audio | None"
) -> Iterator[LabelLine]:
    name = row.read_required("filename", cell_readers.read_path)
    if name is None:
        return
    path = _find_path(row, name, file, audio)
    if path is None:
        return
    if "event_labels" in row.values:
        yield from _read_weak_lines(row, path)
    elif "event_label" not in row.values:
        labels.losses.note(NO_LABELS, path)
    elif all(row.cell(column) is None for column in STRONG[1:]):
        yield EmptyLine(row.number, path)
    else:
        label = row.read_required("event_label", cell_readers.read_name)
        onset, offset = read_interval(row, "onset", "offset")
        if row.cell("offset") is None:
            row.read_required("offset", cell_readers.read_seconds)
        if row.is_clean and label and onset is not None:
            yield EventLine(row.number, path, onset, offset, label)


def _find_path(row: RowReader, name: str, file: Path, audio: "Audio | None") -> str | None:
    """Return which clip the row means: the table's own folder decides, never another's file."""
    if audio is None or not audio:
        return name
    found = audio.candidates(file, name)
    if len(found) > 1:
        expected = f"one file; {' and '.join(found[:3])} are both in the folder"
        row.refuse("filename", name, expected, Problem.CLIP_AMBIGUOUS)
        return None
    return found[0] if found else audio.build_expected_path(file, name)


def _read_weak_lines(row: RowReader, path: str) -> Iterator[LabelLine]:
    text = row.read_optional("event_labels", cell_readers.read_names)
    if text is None and row.is_clean:
        yield EmptyLine(row.number, path)
    for label in text or ():
        yield WeakLine(row.number, path, label)


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

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def candidates(self, table: Path, name: str) -> list[str]:
        """Return the files that a row of a table can mean, of the likeliest folder that has any."""
        found = self._by_name.get(PurePosixPath(name).name, [])
        for below in self._folders(table):
            near = [path for path in found if PurePosixPath(path).is_relative_to(below)]
            if near:
                return near
        return []

    def build_expected_path(self, table: Path, name: str) -> str:
        """Return the path that a file of the table would have, were it there."""
        return (self._folders(table)[0] / PurePosixPath(name).name).as_posix()

    def _folders(self, table: Path) -> tuple[PurePosixPath, ...]:
        listed = table.relative_to(self._root / "metadata").with_suffix("")
        folder = listed.with_name(_FOLDERS.get(listed.name, listed.name))
        audio = PurePosixPath(self._prefix, "audio")
        return audio / folder, audio / folder.parent, audio / listed.parts[0]


def read_clips(source: Path) -> LayoutClips | None:
    """Read what a DESED folder says of its clips: their subset, and which are synthetic."""
    root = _find_root(source) if source.is_dir() else None
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
        for row in build_row_readers(table, result.errors):
            name = row.read_required("filename", cell_readers.read_path)
            if name is not None:
                yield from _clip(row, name, listed, audio.candidates(file, name))

    def _clip(row: RowReader, name: str, listed: Path, found: list[str]) -> Iterator[ClipLine]:
        if len(found) != 1:
            result.losses.note(AMBIGUOUS if found else NO_AUDIO, f"{listed.as_posix()}: {name}")
        elif found[0] not in seen:
            seen.add(found[0])
            is_synthetic = any(_SYNTHETIC in part for part in PurePosixPath(found[0]).parts)
            said = {"split": listed.parts[0]} if len(listed.parts) > 1 else {}
            yield ClipLine(row.number, found[0], {**said, "synthetic": is_synthetic})

    result.lines = read_each_file(source, _list_tables(root), result.errors, lines)
    return result
