"""Proving what releases say of themselves against their tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.datasets.models import Dataset
from apps.releases.leaves import compute_leaf
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.errors import BlobDestroyedError, BlobMissingError
from apps.storage.parquet_tables import read_clips
from datasets_catalog.manifest import RootBuilder
from datasets_catalog.release_states import PUBLIC_STATES

HINT = "Restore the table from a backup: a published release is never written again."


@dataclass(frozen=True, slots=True)
class RootProblem:
    """A release whose rows are not what its root says; `subject` is its tag."""

    code: str
    subject: str
    message: str
    hint: str = HINT


def list_expected_commits(dataset: Dataset) -> dict[str, str]:
    """Which commit each tag must name."""
    rows = Release.objects.filter(dataset=dataset, state__in=PUBLIC_STATES)
    return {f"v{version}": commit for version, commit in rows.values_list("version", "dvc_commit")}


def check_roots(dataset: Dataset) -> Iterator[RootProblem]:
    """Compute every leaf and root again from the released tables."""
    for release in Release.objects.filter(dataset=dataset).exclude(root=""):
        yield from _check_root(release)


def _check_root(release: Release) -> Iterator[RootProblem]:
    assert release.clips_table is not None
    builder = RootBuilder()
    try:
        with open_local_copy(release.clips_table) as table:
            for row in read_clips(table):
                leaf = compute_leaf(row)
                if leaf.hex() != row["leaf"]:
                    message = f"{release}: the leaf of {row['path']} is not that of its row."
                    yield RootProblem("release.leaf", release.tag, message)
                builder.add(leaf)
    except (BlobMissingError, BlobDestroyedError) as problem:
        yield RootProblem("release.table", release.tag, f"{release}: {problem.message}")
        return
    if builder.root().hex() != release.root:
        message = f"{release}: its rows have the root {builder.root().hex()}, not {release.root}."
        yield RootProblem("release.root", release.tag, message)
