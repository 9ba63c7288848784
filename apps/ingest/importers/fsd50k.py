"""FSD50K: clip-level labels, splits and licences in the layout of its archives.

Layout as published: `FSD50K.ground_truth/{dev,eval}.csv` (`fname,labels,mids` and in dev `split`),
`vocabulary.csv` (index, label, mid; no header), `FSD50K.metadata/{dev,eval}_clips_info_FSD50K.json`
(`title`, `description`, `tags`, `license` as an address, `uploader`), and the sound in
`FSD50K.{dev,eval}_audio/<fname>.wav`. Labels are of whole clips and carry their ancestors.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.ingest import cell_readers
from apps.ingest.clip_table import ClipLine
from apps.ingest.event_table import EmptyLine, LabelLine, WeakLine
from apps.ingest.importers.imported_labels import (
    Labels,
    LabelsUnreadableError,
    LayoutClips,
    LossReport,
    read_each_file,
)
from apps.ingest.licence_names import LicenceCheck, build_licence_reader
from apps.ingest.row_readers import CellError, Lines, Problem, Row, RowReader, build_row_readers
from apps.ingest.table_files import TableUnreadableError, read_table, read_text_lines

COLUMNS = frozenset({"fname", "labels", "mids"})
GROUND_TRUTH = "FSD50K.ground_truth"
METADATA = "FSD50K.metadata"
EVAL_SPLIT = "test"
INFO_BYTES = 512 * 1024 * 1024

ANCESTORS = "labels carry their ancestors, as the source wrote them"
RATINGS = "ratings of single labels were left out"
DESCRIPTIONS = "descriptions and tags were left out"
NO_INFO = "clips without an entry in the clips' information"
NO_AUDIO = "listed files that are not in the folder"
CUT = "titles and names were shortened"


@dataclass(frozen=True, slots=True)
class Subset:
    """One of the corpus's two parts: its table and what belongs to it."""

    name: str
    table: Path

    @property
    def audio(self) -> str:
        return f"FSD50K.{self.name}_audio"

    def path(self, fname: str) -> str:
        return f"{self.audio}/{fname}.wav"


def recognises_source(source: Path) -> bool:
    return bool(_find_subsets(source))


def _find_subsets(source: Path) -> list[Subset]:
    if source.is_file():
        tables = [source]
    else:
        folder = source / GROUND_TRUTH
        tables = sorted((folder if folder.is_dir() else source).glob("*.csv"))
    return [
        Subset(table.stem, table)
        for table in tables
        if table.stem in {"dev", "eval"} and _is_table(table)
    ]


def _is_table(file: Path) -> bool:
    try:
        return set(read_table(file).columns) >= COLUMNS
    except TableUnreadableError:
        return False


def read_labels(source: Path) -> Labels:
    """Read the labels of the corpus's folder, of its ground truth, or of one of its two tables.

    Raises LabelsUnreadableError and TableUnreadableError.
    """
    parts = {part.table: part for part in _find_subsets(source)}
    if not parts:
        raise LabelsUnreadableError(
            f"{source.name} is not FSD50K: expected {GROUND_TRUTH}/dev.csv or eval.csv"
            " with the columns fname, labels and mids."
        )
    labels = Labels(())
    if (source / METADATA / "pp_pnp_ratings_FSD50K.json").is_file():
        labels.losses.note(RATINGS, "pp_pnp_ratings_FSD50K.json")

    def lines(file: Path) -> Iterator[LabelLine]:
        terms = _read_vocabulary(file.parent / "vocabulary.csv")
        # One table alone says no folder: its names are those of files, wherever they lie.
        folder = "" if source.is_file() else f"{parts[file].audio}/"
        for row in build_row_readers(read_table(file), labels.errors):
            yield from _read_lines(row, folder, terms, labels)

    labels.lines = read_each_file(source, parts, labels.errors, lines)
    return labels


def _read_vocabulary(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        rows = list(csv.reader(read_text_lines(stream, file.name)))
    return {row[1]: row[2] for row in rows if len(row) > 2}  # noqa: PLR2004 - index, label, mid


def _read_lines(
    row: RowReader, folder: str, terms: dict[str, str], labels: Labels
) -> Iterator[LabelLine]:
    fname = row.read_required("fname", _read_file_name)
    names = row.read_optional("labels", cell_readers.read_names) or ()
    mids = row.read_optional("mids", cell_readers.read_names) or ()
    if mids and len(mids) != len(names):
        row.refuse("mids", row.cell("mids"), f"{len(names)} identifiers, as many as labels")
    if fname is None or not row.is_clean:
        return
    path = f"{folder}{fname}.wav"
    if not names:
        yield EmptyLine(row.number, path)
    if len(names) > 1:
        labels.losses.note(ANCESTORS, path)
    identifiers: tuple[str | None, ...] = mids or tuple(terms.get(name) for name in names)
    for name, term in zip(names, identifiers, strict=True):
        yield WeakLine(row.number, path, name, term=term)


def _read_file_name(value: Any) -> str:
    path = cell_readers.read_path(str(value))
    if "/" in path:
        raise CellError("a file's name without folder", Problem.PATH_INVALID)
    return path.removesuffix(".wav")


def read_clips(source: Path, licence: LicenceCheck) -> LayoutClips | None:
    """Read what the corpus's folder says of its clips; None where it is not one."""
    parts = {part.table: part for part in _find_subsets(source)} if source.is_dir() else {}
    parts = {table: part for table, part in parts.items() if (source / part.audio).is_dir()}
    if not parts:
        return None
    result = LayoutClips(())
    read_licence = build_licence_reader(licence)

    def clip(row: RowReader) -> ClipLine | None:
        said = {
            "licence": row.read_optional("license", read_licence),
            "title": row.read_optional("title", cell_readers.read_title),
            "author": row.read_optional("uploader", cell_readers.read_title),
            "source_url": row.read_optional("source_url", cell_readers.read_url),
            "split": row.read_optional("split", cell_readers.read_split),
        }
        known = {name: value for name, value in said.items() if value is not None}
        return ClipLine(row.number, row.values["path"], known) if row.is_clean else None

    def lines(file: Path) -> Iterator[ClipLine]:
        part = parts[file]
        info = _read_clips_info(source / METADATA / f"{part.name}_clips_info_FSD50K.json")
        rows = _read_clip_rows(source, part, info, result)
        yield from Lines(rows, clip, result.errors)

    result.lines = read_each_file(source, parts, result.errors, lines)
    return result


def _read_clip_rows(
    source: Path, part: Subset, info: dict[str, Any], result: LayoutClips
) -> Iterator[Row]:
    for row in build_row_readers(read_table(part.table), result.errors):
        fname = row.read_required("fname", _read_file_name)
        if fname is None:
            continue
        path = part.path(fname)
        if not (source / path).is_file():
            result.losses.note(NO_AUDIO, path)
            continue
        values: dict[str, Any] = {"path": path, "split": row.cell("split") or EVAL_SPLIT}
        if fname.isdecimal():
            values["source_url"] = f"https://freesound.org/s/{fname}/"
        known = info.get(fname)
        if isinstance(known, dict):
            values["license"] = known.get("license")
            for column in ("title", "uploader"):
                values[column] = _shorten_text(known.get(column), path, result.losses)
            if known.get("description") or known.get("tags"):
                result.losses.note(DESCRIPTIONS, path)
        else:
            result.losses.note(NO_INFO, path)
        yield Row(row.number, values)


def _shorten_text(text: Any, path: str, losses: LossReport) -> Any:
    """Make an uploader's free text fit one line: it cannot be mended at its source."""
    if not isinstance(text, str):
        return text
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) > cell_readers.TITLE_CHARACTERS:
        losses.note(CUT, path)
    return line[: cell_readers.TITLE_CHARACTERS]


def _read_clips_info(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    if file.stat().st_size > INFO_BYTES:
        raise LabelsUnreadableError(f"{file.name} has more than {INFO_BYTES} bytes.")
    try:
        info = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise LabelsUnreadableError(f"{file.name} is not JSON ({error}).") from error
    if not isinstance(info, dict):
        raise LabelsUnreadableError(f"{file.name} is not a JSON object of clips.")
    return info
