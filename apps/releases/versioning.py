"""A release as a version in DVC's formats."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from django.db.models import Max

from apps.datasets.models import Dataset
from apps.licensing.licences import build_licence_texts, load_licences, render_attribution_csv
from apps.releases.models import Release, ReleaseBlob
from apps.releases.release_usage import find_licence_of_adaptation
from apps.review.alterations import load_alterations
from apps.storage.blobs import open_local_copy, put_blob
from apps.storage.git import Author, Stamp
from apps.storage.manifests import VersionFile
from apps.storage.models import Blob
from apps.storage.parquet_tables import read_columns
from apps.storage.version_writing import VersionRepo, write_version
from datasets_catalog.alterations import AlteredContent
from datasets_catalog.release_states import PUBLIC_STATES
from datasets_catalog.versions import Version, find_version_before, parse_version


class Credit(NamedTuple):
    """What an attribution names of one released clip."""

    path: str
    title: str | None
    author: str | None
    source_url: str | None
    licence: str
    changes: str


_CREDITED = ("clip_id", "md5", "redacted", *Credit._fields[:-1])


def build_repo(release: Release) -> VersionRepo:
    return VersionRepo(store=release.dataset.uid, address=release.dataset.full_name)


def list_versions_out(dataset: Dataset) -> frozenset[Version]:
    """Every version of the dataset that was given out, those taken back since too."""
    rows = Release.objects.filter(dataset=dataset, state__in=PUBLIC_STATES)
    return frozenset(map(parse_version, rows.values_list("version", flat=True)))


def _find_followed_tag(release: Release) -> str | None:
    """The tag that the patch of an older line follows; None for what follows the tip of main."""
    number, out = parse_version(release.version), list_versions_out(release.dataset)
    if all(each <= number for each in out):
        return None
    return f"v{find_version_before(number, out)}"


def find_approval_time(release: Release) -> datetime:
    """When the last sign-off was given: the moment the version is dated, whoever publishes it."""
    moment: datetime | None = release.sign_offs.filter(root=release.root).aggregate(
        last=Max("signed_at")
    )["last"]
    assert moment is not None
    return moment


def list_credits(release: Release) -> Iterator[Credit]:
    """The released clips in path order, as an attribution needs them."""
    with open_local_copy(_require_table(release.clips_table)) as table:
        yield from read_credits(table, release)


def read_credits(table: Path, release: Release) -> Iterator[Credit]:
    """The same of a table that holds some of the release's clips."""
    known = load_alterations(release.dataset, until=release.published_at)
    for clip_id, md5, redacted, *rest in read_columns(table, _CREDITED):
        changes = known.get((clip_id, md5), AlteredContent()).sentence if redacted else ""
        yield Credit._make((*rest, changes))


def write_release_version(release: Release, documents: Mapping[str, bytes]) -> str:
    """Write listings, commit and tag; returns the commit. The same release again answers the same.

    The date, author and content come from the release alone, so whoever repeats it gets the
    same commit.
    """
    organisation = release.dataset.organisation
    licences = load_licences(organisation)
    attribution = _keep_content(release, render_attribution_csv(list_credits(release), licences))
    expressions = {each["licence"] for each in release.statistics["licences"]}
    if whole := find_licence_of_adaptation(release):
        expressions.add(whole)
    texts = {
        name: _keep_content(release, text)
        for name, text in build_licence_texts(expressions, organisation, licences).items()
    }
    version = write_version(
        build_repo(release),
        _list_files(release, attribution, texts),
        documents=documents,
        stamp=Stamp(
            tag=release.tag,
            message=f"{release.dataset.full_name} {release.version}\n\nRoot: {release.root}\n",
            author=Author(organisation.title or organisation.name, "noreply@earmark.invalid"),
            at=find_approval_time(release),
            after=_find_followed_tag(release),
        ),
    )
    listings = Blob.objects.filter(
        store=release.dataset.uid, oid__in=[out.oid for out in version.outs]
    )
    _hold_blobs(release, [attribution, *texts.values(), *listings])
    _hold_blobs(
        release, [_require_table(release.clips_table), _require_table(release.events_table)]
    )
    return version.commit


def _list_files(
    release: Release, attribution: Blob, texts: Mapping[str, Blob]
) -> Iterator[VersionFile]:
    """Every file of the version in code-point order: capitals come before `audio`."""
    yield _build_file("ATTRIBUTION.csv", attribution)
    for name in sorted(texts):
        yield _build_file(f"LICENSES/{name}", texts[name])
    with open_local_copy(_require_table(release.clips_table)) as table:
        for path, *rest in read_columns(table, ["path", "md5", "size", "clip_id", "split"]):
            yield VersionFile(f"audio/{path}", *rest)
    yield _build_file("clips.parquet", _require_table(release.clips_table))
    yield _build_file("events.parquet", _require_table(release.events_table))


def _build_file(relpath: str, blob: Blob) -> VersionFile:
    return VersionFile(relpath, blob.oid, blob.size)


def _keep_content(release: Release, content: bytes) -> Blob:
    return put_blob(release.dataset.uid, BytesIO(content))


def _hold_blobs(release: Release, blobs: list[Blob]) -> None:
    ReleaseBlob.objects.bulk_create(
        [ReleaseBlob(release=release, blob=blob) for blob in blobs], ignore_conflicts=True
    )


def _require_table(blob: Blob | None) -> Blob:
    assert blob is not None, "a frozen release has its tables"
    return blob
