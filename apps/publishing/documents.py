"""The documents that stand beside a release's data in git: its card and its Croissant."""

import hashlib

from django.conf import settings
from django.core.cache import cache

from apps.publishing.companions import as_json, readme
from apps.publishing.content import ReleaseContent, TableFile
from apps.publishing.croissant import Json, LinkedFile, Tables, croissant
from apps.publishing.released import content_of
from apps.publishing.statements import page_url
from apps.releases.models import Release
from apps.releases.versioning import repo_of
from datasets_catalog.cards import card_body, card_metadata

KEPT_SECONDS = 24 * 3600


def release_documents(release: Release) -> dict[str, bytes]:
    """Write README.md and croissant.json; the same release always gives the same bytes."""
    content = content_of(release)
    return {
        "README.md": readme(card_metadata(content.card), card_body(content.card)),
        "croissant.json": as_json(_described(release, content, with_files=True)),
    }


def release_croissant(release: Release, *, with_files: bool) -> Json:
    """Describe the release for our own doors; `with_files` for readers who may have the files."""
    return _described(release, content_of(release), with_files=with_files)


def kept_croissant(release: Release, *, with_files: bool) -> str:
    """The same as JSON text, worked out once a day for each release: pages carry it."""
    about = (
        release.uid,
        release.root,
        settings.BASE_URL,
        release.dataset.title,
        release.dataset.description,
        release.dataset.organisation.title,
        with_files,
    )
    key = f"croissant:{hashlib.sha256(repr(about).encode()).hexdigest()}"
    kept: str | None = cache.get(key)
    if kept is None:
        kept = as_json(release_croissant(release, with_files=with_files)).decode()
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _described(release: Release, content: ReleaseContent, *, with_files: bool) -> Json:
    tables = Tables(
        clips=_linked(release, content.clips_table), events=_linked(release, content.events_table)
    )
    return croissant(content, url=page_url(release), tables=tables if with_files else None)


def _linked(release: Release, table: TableFile) -> LinkedFile:
    """Link to the DVC door, which serves every file of a release under its md5."""
    remote = repo_of(release).remote_url
    url = f"{remote}/files/md5/{table.md5[:2]}/{table.md5[2:]}"
    return LinkedFile(f"data/{table.name}", url, table.size, table.sha256)
