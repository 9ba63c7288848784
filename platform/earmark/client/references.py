"""What a person writes for a dataset, a version and a file."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from earmark.client.errors import NameInvalidError

_DATASET = re.compile(
    r"(?P<dataset>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@v?(?P<version>\d+\.\d+\.\d+))?"
)


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """A dataset, and a version of it or "" for the newest."""

    dataset: str
    version: str = ""


def parse_reference(text: str) -> DatasetReference:
    """Read ORG/NAME or ORG/NAME@VERSION; raises NameInvalidError."""
    match = _DATASET.fullmatch(text)
    if match is None:
        raise NameInvalidError(
            f"{text!r}: write ORGANISATION/NAME, or ORGANISATION/NAME@1.2.0 for one version."
        )
    return DatasetReference(match["dataset"], match["version"] or "")


def locate_file(folder: Path, path: str) -> Path:
    """Where a clip of that path lies below the folder; NameInvalidError if anywhere else."""
    parts = PurePosixPath(path).parts
    bad = path.startswith("/") or ".." in parts or "\\" in path or "\0" in path or ":" in path[:2]
    if bad or not parts:
        raise NameInvalidError(f"The release names a file {path!r}, which could lie anywhere.")
    return folder.joinpath(*parts)
