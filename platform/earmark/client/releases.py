"""Which release is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from earmark.client.errors import DiffersError, NothingThereError
from earmark.client.references import DatasetReference
from earmark.client.server import Server


@dataclass(frozen=True, slots=True)
class Release:
    """What the server says of a release; `size` in bytes of audio.

    `purpose` is what it is taken for, where whoever takes it says so.
    """

    dataset: str
    version: str
    root: str
    clips: int
    size: int
    purpose: str = ""

    def address(self, rest: str, words: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
        """Where bytes of it are, with the words of a query and the purpose."""
        stated = {"purpose": [self.purpose]} if self.purpose else {}
        query = urlencode({**words, **stated}, doseq=True)
        path = f"datasets/{self.dataset}/releases/{self.version}/{rest}"
        return f"{path}?{query}" if query else path


def find_release(
    server: Server, name: DatasetReference, root: str = "", purpose: str = ""
) -> Release:
    """The version that was named, else the newest that is published.

    Raises DiffersError unless the server states the `root`, where one is given.
    """
    release = replace(_load_release(server, name), purpose=purpose)
    if root not in {"", release.root}:
        raise DiffersError(
            f"{release.dataset} {release.version} has the root {release.root}, not {root}."
        )
    return release


def _load_release(server: Server, name: DatasetReference) -> Release:
    releases = f"datasets/{name.dataset}/releases/"
    if name.version:
        return _parse_release(server.get(f"{releases}{name.version}/"))
    for row in server.pages(releases):
        if row["state"] == "published":
            return _parse_release(row)
    raise NothingThereError(f"{name.dataset} has no published release.")


def _parse_release(row: dict[str, Any]) -> Release:
    if not row["root"]:
        raise NothingThereError(f"{row['dataset']} {row['version']} is not frozen yet.")
    return Release(row["dataset"], row["version"], row["root"], row["clips"], row["size"])
