"""The documents that stand beside a release's data in git: its card and its Croissant."""

import hashlib

from django.conf import settings
from django.core.cache import cache

from apps.packaging.content import ReleaseContent, TableFile
from apps.packaging.content_loading import load_content
from apps.packaging.croissant import Json, LinkedFile, Tables, build_croissant
from apps.packaging.small_files import render_json, render_readme
from apps.packaging.statements import build_page_url
from apps.releases.models import Release
from apps.releases.versioning import build_repo
from datasets_catalog.cards import build_card_metadata, render_card_body

KEPT_SECONDS = 24 * 3600


def render_release_documents(release: Release) -> dict[str, bytes]:
    """Write README.md and croissant.json; the same release always gives the same bytes."""
    content = load_content(release)
    return {
        "README.md": render_readme(
            build_card_metadata(content.card), render_card_body(content.card)
        ),
        "croissant.json": render_json(_describe_release(release, content, with_files=True)),
    }


def build_release_croissant(release: Release, *, with_files: bool) -> Json:
    """Describe the release for our own doors; `with_files` for readers who may have the files."""
    return _describe_release(release, load_content(release), with_files=with_files)


def load_croissant_text(release: Release, *, with_files: bool) -> str:
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
        kept = render_json(build_release_croissant(release, with_files=with_files)).decode()
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _describe_release(release: Release, content: ReleaseContent, *, with_files: bool) -> Json:
    tables = Tables(
        clips=_link_table(release, content.clips_table),
        events=_link_table(release, content.events_table),
    )
    return build_croissant(
        content, url=build_page_url(release), tables=tables if with_files else None
    )


def _link_table(release: Release, table: TableFile) -> LinkedFile:
    """Link to the DVC door, which serves every file of a release under its md5."""
    remote = build_repo(release).remote_url
    url = f"{remote}/files/md5/{table.md5[:2]}/{table.md5[2:]}"
    return LinkedFile(f"data/{table.name}", url, table.size, table.sha256)
