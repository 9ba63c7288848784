"""What a pulled folder says of itself: which release, which root, and which part of it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from earmark.client.errors import FolderTakenError, NothingThereError

NOTE = "release.json"
CHOSEN = "part.jsonl"


@dataclass(frozen=True, slots=True)
class Note:
    """The content of release.json; `part` is the selection, empty for the whole release."""

    dataset: str
    version: str
    root: str
    part: dict[str, list[str]] = field(default_factory=dict)


def claim_folder(folder: Path, note: Note) -> None:
    """Make the folder this release's; one that holds anything else is left alone."""
    file = folder / NOTE
    if file.exists():
        held = read_note(folder)
        if (held.root, held.part) != (note.root, note.part):
            named = f"a part of {held.dataset}" if held.part else held.dataset
            raise FolderTakenError(
                f"{folder} holds {named} {held.version}: take another folder with --to."
            )
    elif folder.exists() and any(folder.iterdir()):
        raise FolderTakenError(f"{folder} is not empty: take another folder with --to.")
    folder.mkdir(parents=True, exist_ok=True)
    _replace_file(file, json.dumps(asdict(note), indent=2) + "\n")


def read_note(folder: Path) -> Note:
    """What was written of the folder; NothingThereError where nothing is readable."""
    try:
        return Note(**json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as problem:
        raise NothingThereError(
            f"{folder} has no readable {NOTE}: say what it should be with --root."
        ) from problem


def write_chosen_paths(folder: Path, paths: frozenset[str]) -> None:
    """Write which clips the part holds, one JSON text a line."""
    _replace_file(folder / CHOSEN, "".join(f"{json.dumps(path)}\n" for path in sorted(paths)))


def read_chosen_paths(folder: Path) -> frozenset[str] | None:
    """The paths of the part that the folder holds; None for a whole release."""
    file = folder / CHOSEN
    if not (folder / NOTE).is_file() or not read_note(folder).part:
        return None
    if not file.is_file():
        raise NothingThereError(f"{folder} is not complete: pull it again.")
    return frozenset(json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def _replace_file(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
