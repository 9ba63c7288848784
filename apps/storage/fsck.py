"""Prove a store: every blob, every listing, every version; name exactly what is broken.

Nothing is changed. What a listing or a version may lack lawfully is told apart: a listing that
was destroyed belongs to an amended version and is no damage; a listing that still names
destroyed bytes is, because clients would fetch a tree that only looks whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

import pygit2
from django.conf import settings

from apps.storage import git
from apps.storage.blobs import open_blob, verify_blob
from apps.storage.errors import BlobMismatchError, BlobMissingError, VersionDamagedError
from apps.storage.manifests import Out, read_listing, render_ignore_files
from apps.storage.models import Blob
from apps.storage.places import Place, find_blob_place
from apps.storage.version_reading import read_outs
from apps.storage.version_writing import build_git_path

BATCH = 1000
Progress = Callable[[str, int], None]

RESTORE = "Restore it from a backup, or put the same file again (import or upload): that heals it."
HINTS = {
    "blob.missing": RESTORE,
    "blob.changed": "Remove the file, then restore it from a backup or put the same file again.",
    "blob.unreadable": "Look at the disk and the rights of the file, then restore it.",
    "blob.undead": "Destroy the blob again: its bytes were not removed.",
    "blob.unowned": "Left by a write that was interrupted; it can be removed.",
    "listing.unknown": "Restore the database from a backup, or publish the release again.",
    "listing.unreadable": "Restore the listing from a backup, or publish the release again.",
    "listing.count": "Restore the listing from a backup, or publish the release again.",
    "listing.entry_unknown": "Import the file again; the version names it.",
    "listing.entry_destroyed": "Amend the release: destroy this listing and publish its successor.",
    "version.unreadable": "Restore the repository from a backup; versions can be published again.",
    "version.damaged": "Restore the repository from a backup; versions can be published again.",
    "version.unknown": "Publish the release again, or restore the repository from a backup.",
    "version.moved": "Set the tag back to the commit that was published.",
    "version.unfinished": "Publish the release again: that completes it.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken thing: `subject` is an oid, a key or a tag."""

    code: str
    subject: str
    message: str

    @property
    def hint(self) -> str:
        return HINTS[self.code]


@dataclass
class Report:
    """What was looked at, and what is wrong."""

    store: UUID
    blobs: int = 0
    size: int = 0
    versions: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems


def list_stores() -> list[UUID]:
    """Name every store that has blobs or versions."""
    known = set(Blob.objects.values_list("store", flat=True).distinct())
    for path in Path(settings.GIT_ROOT).glob("*.git"):
        with suppress(ValueError):
            known.add(UUID(path.stem))
    return sorted(known)


def check_store(
    store: UUID,
    *,
    deep: bool,
    expected: Mapping[str, str] | None = None,
    progress: Progress = lambda what, done: None,
) -> Report:
    """Prove one store; `deep` reads and hashes every byte.

    `expected` says which commit each tag must name. Memory grows with what is broken, not with
    what is there; `progress` is told what is being looked at and how much of it is done.
    """
    report = Report(store)
    place = find_blob_place()
    report.problems.extend(_check_blobs(place, report, deep=deep, progress=progress))
    report.problems.extend(_check_keys(place, store, progress))
    report.problems.extend(_check_versions(report, expected or {}, progress))
    return report


def _check_blobs(
    place: Place, report: Report, *, deep: bool, progress: Progress
) -> Iterator[Problem]:
    rows = Blob.objects.filter(store=report.store).order_by("oid").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        sizes = place.sizes([blob.key for blob in batch])
        for blob, size in zip(batch, sizes, strict=True):
            yield from _check_blob(blob, size, deep=deep)
        report.blobs += len(batch)
        report.size += sum(size or 0 for size in sizes)
        progress("blobs", report.blobs)


def _check_blob(blob: Blob, size: int | None, *, deep: bool) -> Iterator[Problem]:
    if blob.destroyed_at is not None:
        if size is not None:
            yield Problem("blob.undead", blob.oid, f"{blob.key} was destroyed but is still there.")
    elif size is None:
        yield Problem("blob.missing", blob.oid, f"{blob.key} is not there.")
    elif size != blob.size:
        message = f"{blob.key} has {size} bytes instead of {blob.size}."
        yield Problem("blob.changed", blob.oid, message)
    elif deep:
        try:
            verify_blob(blob)
        except BlobMissingError as error:
            yield Problem("blob.missing", blob.oid, error.message)
        except BlobMismatchError as error:
            yield Problem("blob.changed", blob.oid, error.message)
        except OSError as error:
            yield Problem("blob.unreadable", blob.oid, f"{blob.key} cannot be read: {error}.")


def _check_keys(place: Place, store: UUID, progress: Progress) -> Iterator[Problem]:
    """Files that no row vouches for."""
    prefix = f"{store}/files/md5"
    keys = place.keys(prefix)
    done = 0
    while batch := list(islice(keys, BATCH)):
        oids = {key.removeprefix(f"{prefix}/").replace("/", "", 1): key for key in batch}
        rows = Blob.objects.filter(store=store).named(oids)
        for oid in sorted(oids.keys() - set(rows.values_list("oid", flat=True))):
            yield Problem("blob.unowned", oids[oid], f"{oids[oid]} is kept for nobody.")
        done += len(batch)
        progress("files", done)


def _check_versions(
    report: Report, expected: Mapping[str, str], progress: Progress
) -> Iterator[Problem]:
    path = build_git_path(report.store)
    commits: dict[str, str] = {}
    outs: set[Out] = set()
    if path.exists():
        try:
            with git.open_for_reading(path) as repository:
                yield from _check_tags(repository, commits, outs)
        except pygit2.GitError as error:
            yield Problem("version.unreadable", path.name, f"The repository is broken: {error}.")
    report.versions = len(commits)
    yield from _check_expected(commits, expected)
    for done, out in enumerate(sorted(outs, key=lambda out: out.oid), start=1):
        yield from _check_out(report.store, out)
        progress("listings", done)


def _check_tags(
    repository: pygit2.Repository, commits: dict[str, str], outs: set[Out]
) -> Iterator[Problem]:
    for tag in git.list_tags(repository):
        try:
            commit = git.find_tag(repository, tag)
            assert commit is not None
            commits[tag] = str(commit.id)
            files = git.read_tree(repository, commit)
        except (pygit2.GitError, KeyError, ValueError) as error:
            message = f"Tag, commit or tree of {tag} cannot be read: {error}."
            yield Problem("version.unreadable", tag, message)
            continue
        try:
            tracked = read_outs(files)
        except VersionDamagedError as error:
            yield Problem("version.damaged", tag, f"{tag}: {error.message}")
            continue
        wrong = [
            path
            for path, content in render_ignore_files(tracked).items()
            if files.get(path) != content
        ]
        if wrong or not tracked:
            message = f"{tag}: {', '.join(wrong) or 'every .dvc file'} is not as it was written."
            yield Problem("version.damaged", tag, message)
        outs.update(tracked)
    yield from _check_tip(repository, set(commits.values()))


def _check_tip(repository: pygit2.Repository, tagged: set[str]) -> Iterator[Problem]:
    main = repository.references.get(git.MAIN)
    if main is not None and str(main.target) not in tagged:
        message = f"main is at {main.target}, which no tag names."
        yield Problem("version.unfinished", "main", message)


def _check_expected(commits: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[Problem]:
    for tag, commit in sorted(expected.items()):
        if tag not in commits:
            yield Problem("version.unknown", tag, f"{tag} was published but has no tag.")
        elif commits[tag] != commit:
            message = f"{tag} names {commits[tag]} instead of {commit}."
            yield Problem("version.moved", tag, message)


def _check_out(store: UUID, out: Out) -> Iterator[Problem]:
    blob = Blob.objects.filter(store=store, oid=out.oid).first()
    if blob is None:
        message = f"{out.path} is {out.oid}, which was never kept."
        yield Problem("listing.unknown", out.oid, message)
    elif blob.destroyed_at is None and out.nfiles is not None:
        try:
            with open_blob(blob) as stream:
                lines = read_listing(stream.read())
        except BlobMissingError:
            return  # Named among the blobs already.
        except VersionDamagedError as error:
            yield Problem("listing.unreadable", out.oid, f"{out.path}: {error.message}")
            return
        yield from _check_listing(store, out, lines)


def _check_listing(store: UUID, out: Out, lines: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    size = 0
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        rows = Blob.objects.filter(store=store).named({oid for _, oid in batch})
        known = {
            oid: (length, gone)
            for oid, length, gone in rows.values_list("oid", "size", "destroyed_at")
        }
        for relpath, oid in batch:
            length, gone = known.get(oid, (0, None))
            size += length
            where = f"{out.path}/{relpath} ({oid})"
            if oid not in known:
                yield Problem("listing.entry_unknown", out.oid, f"{where} was never kept.")
            elif gone is not None:
                yield Problem("listing.entry_destroyed", out.oid, f"{where} was destroyed.")
    if (len(lines), size) != (out.nfiles, out.size):
        message = (
            f"{out.path} lists {len(lines)} files of {size} bytes instead of {out.nfiles} of"
            f" {out.size}."
        )
        yield Problem("listing.count", out.oid, message)
