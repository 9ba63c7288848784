"""A folder to push: the rows of its table of clips, and the files they name."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.client.downloads import Tell, hash_file, tell_nobody
from earmark.client.errors import NameInvalidError, NothingThereError
from earmark.client.references import locate_file

# What a folder without a table is searched for; the server decides by decoding.
SOUNDS = {
    ".aac", ".aif", ".aiff", ".avi", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4",
    ".oga", ".ogg", ".opus", ".w64", ".wav", ".webm", ".wv",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """A file that a row names; size in bytes."""

    path: str
    file: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong in one row of the table, as the person counts rows."""

    row: int
    column: str
    value: str
    expected: str

    def sentence(self, table: str) -> str:
        where = f"{table} row {self.row}" if self.row else table
        return f"{where}, column {self.column}: {self.value}, expected {self.expected}"


@dataclass(slots=True)
class Material:
    """Rows by path with their number in the table, their files, and what is wrong already."""

    table: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    files: dict[str, Local] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)


def read_folder(
    folder: Path, table: Path | None, *, threads: int = 8, tell: Tell = tell_nobody
) -> Material:
    """Read the table (else every sound file is a row by itself) and hash the files it names."""
    if not folder.is_dir():
        raise NothingThereError(f"There is no folder {folder}.")
    numbered = (
        list(enumerate(_list_sounds(folder), start=1))
        if table is None
        else list(_read_table(table))
    )
    material = Material(table.name if table else str(folder))
    found: dict[str, Path] = {}
    for number, row in numbered:
        _take_row(material, found, folder, number, row)
    with ThreadPoolExecutor(threads) as pool:
        for local in pool.map(_hash_local, found, found.values()):
            material.files[local.path] = local
            tell(local.size)
    return material


def _take_row(
    material: Material, found: dict[str, Path], folder: Path, number: int, row: Mapping[str, Any]
) -> None:
    path = str(row.get("path") or "")
    problem = ""
    try:
        file = locate_file(folder, path)
    except NameInvalidError:
        problem = "the name of a file inside the folder"
    else:
        if not file.is_file():
            problem = f"a file below {folder}; there is none"
        elif path in found:
            problem = f"a path no other row names (row {material.numbers[path]} does)"
    if problem:
        material.problems.append(RowProblem(number, "path", repr(path), problem))
        return
    found[path] = file
    material.numbers[path] = number
    material.rows[path] = {name: value for name, value in row.items() if name != "path"}


def _hash_local(path: str, file: Path) -> Local:
    return Local(path, file, hash_file(file), file.stat().st_size)


def _list_sounds(folder: Path) -> Iterator[dict[str, Any]]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if path.suffix.lower() in SOUNDS and not name.startswith("."):
                yield {"path": path.relative_to(folder).as_posix()}


def _read_table(table: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    """Rows with their numbers as a spreadsheet counts: the header of a CSV is row 1."""
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl}
    reader = readers.get(table.suffix.lower())
    if reader is None:
        raise NameInvalidError(f"{table.name}: a table is .csv or .jsonl.")
    try:
        return list(reader(table))
    except (OSError, ValueError, csv.Error) as problem:
        raise NothingThereError(f"{table} cannot be read as a table: {problem}") from problem


def _read_csv(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = next(rows, None)
        if not header or "path" not in header:
            raise ValueError("its first row names no column `path`")
        for number, cells in enumerate(rows, start=2):
            if not any(cells):
                continue
            if len(cells) > len(header):
                raise ValueError(f"row {number} has more cells than the first row has columns")
            yield number, {name: cell for name, cell in zip(header, cells, strict=False) if cell}


def _read_jsonl(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with table.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise NothingThereError(f"{table} line {number}: expected an object.")
            yield number, row
