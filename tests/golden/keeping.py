"""A golden release on its way from and to a database, a store and a git repository."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.releases.models import Release
from apps.storage.models import Blob
from apps.storage.version_writing import build_git_path
from tests.golden.rows import dump_rows, load_rows, without_triggers

HERE = Path(__file__).parent
FIRST = HERE / "0001"
# Migrations after `FIRST` that changed rows, with the function that did.
FILLED_SINCE = (("apps.datasets.migrations.0005_recordings_in_cells", "with_recordings"),)


@dataclass(frozen=True, slots=True)
class Golden:
    """What was kept: `blobs/` by name, `versions.bundle` and `rows.json`."""

    folder: Path

    def read(self) -> dict[str, Any]:
        """`migrations` (of the database it was taken from) and `rows`."""
        content: dict[str, Any] = json.loads((self.folder / "rows.json").read_text("utf-8"))
        return content

    def blob(self, oid: str) -> bytes:
        return (self.folder / "blobs" / oid).read_bytes()


def save_golden(release: Release, folder: Path) -> Golden:
    """Write down everything that the only dataset of this database has."""
    (folder / "blobs").mkdir(parents=True)
    for blob in Blob.objects.alive().filter(store=release.dataset.uid):
        shutil.copyfile(_file_of(blob), folder / "blobs" / blob.oid)
    _git(
        build_git_path(release.dataset.uid), "bundle", "create", folder / "versions.bundle", "--all"
    )
    leaves = MigrationLoader(connection).graph.leaf_nodes()
    content = {"migrations": sorted(map(list, leaves)), "rows": dump_rows()}
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "rows.json").write_text(text + "\n", "utf-8")
    return Golden(folder)


def load_golden(folder: Path = FIRST) -> Release:
    """Put a kept release into this database, store and git, published as it was.

    The cast of `acme` comes with it, or is used where it is there.
    """
    golden = Golden(folder)
    rows = golden.read()["rows"]
    with without_triggers(connection):
        load_rows(rows)
        _bring_up_to_date()
    uid = next(row["fields"]["uid"] for row in rows if row["model"] == "releases.release")
    release = Release.objects.select_related("dataset__organisation").get(uid=uid)
    shutil.rmtree(Path(settings.BLOBS_ROOT) / str(release.dataset.uid), ignore_errors=True)
    for blob in Blob.objects.alive().filter(store=release.dataset.uid):
        target = _file_of(blob)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(golden.blob(blob.oid))
    _restore_versions(folder, build_git_path(release.dataset.uid))
    return release


def _bring_up_to_date() -> None:
    """What migrations did to rows since: those that the loaded ones have not seen."""
    for name, step in FILLED_SINCE:
        # Changes rows and no table, so the editor is not entered.
        getattr(import_module(name), step)(apps, connection.schema_editor())


def _restore_versions(folder: Path, path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    _git(path.parent, "init", "--quiet", "--bare", "--initial-branch=main", path)
    _git(path, "fetch", "--quiet", folder / "versions.bundle", "refs/*:refs/*")


def _file_of(blob: Blob) -> Path:
    assert storages["blobs"].path(blob.key).startswith(str(settings.BLOBS_ROOT))
    return Path(storages["blobs"].path(blob.key))


def _git(folder: Path, *arguments: object) -> None:
    subprocess.run(["git", *map(str, arguments)], cwd=folder, check=True, capture_output=True)
