"""From the rows of a release to what publishing reads."""

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from django.conf import settings
from django.db.models import Count

from apps.licensing.licences import attribution_csv, licence_files, licences_of
from apps.privacy.alterations import stripped_contents
from apps.privacy.models import Decision, Scan
from apps.publishing.content import LicenceText, ReleaseContent, TableFile
from apps.publishing.errors import ReleaseNotSendableError
from apps.publishing.figures import Figures, figures_of
from apps.releases.models import Release
from apps.releases.usage import usage_of
from apps.releases.versioning import approved_at, credits_of
from apps.storage.blobs import get_blob, local_copy, open_blob
from apps.storage.models import Blob
from apps.storage.tables import columns_of, read_batches
from datasets_catalog.card_facts import CardFacts, ReviewCount, VersionNote
from datasets_catalog.facts import Detector
from datasets_catalog.licences import Use
from datasets_catalog.outbound import outbound
from datasets_catalog.release_states import PUBLIC
from datasets_catalog.verticals import Vertical

BATCH_ROWS = 4096


def content_of(release: Release) -> ReleaseContent:
    """Read an approved or published release; one pass over its tables, none over its audio.

    What it says follows from the release alone, so that every door and every repetition says the
    same. Raises `ReleaseNotSendableError` for a release that nobody has approved.
    """
    if not release.root or not release.sign_offs.filter(root=release.root).exists():
        raise ReleaseNotSendableError(
            f"{release} is {release.state}: only what was approved can be described and sent."
        )
    clips, events = _table(release.clips_table), _table(release.events_table)
    stripped = stripped_contents(release.dataset)
    figures = figures_of(_batches(clips), _batches(events), stripped=stripped)
    organisation = release.dataset.organisation
    store = release.dataset.uid
    return ReleaseContent(
        card=_card(release, figures),
        clips=lambda: _batches(clips),
        events=lambda: _batches(events),
        clips_table=_table_file("clips.parquet", clips),
        events_table=_table_file("events.parquet", events),
        # By name each time: a blob destroyed meanwhile must not leave.
        open_blob=lambda md5: open_blob(get_blob(store, md5)),
        licences=_licence_texts(release, figures),
        attribution=attribution_csv(credits_of(release), licences_of(organisation)),
    )


def page_url(release: Release) -> str:
    """Return the address of the release's page on our web door."""
    return f"{settings.BASE_URL.rstrip('/')}/datasets/{release.dataset.full_name}"


def _card(release: Release, figures: Figures) -> CardFacts:
    dataset = release.dataset
    organisation = dataset.organisation
    approved = approved_at(release)
    usage = usage_of(release, on=approved.date())
    return CardFacts(
        full_name=dataset.full_name,
        title=dataset.title or dataset.full_name,
        description=dataset.description,
        organisation=organisation.title or organisation.name,
        version=release.version,
        published=approved.date(),
        root=release.root,
        url=page_url(release),
        vertical=Vertical(dataset.vertical),
        clips=figures.clips,
        seconds=figures.seconds,
        outbound=outbound(figures.licensed, Use(release.use), licences=licences_of(organisation)),
        consent=figures.consent,
        purposes=usage.permitted,
        taken_away=usage.taken,
        recordings=len(figures.recordings),
        synthetic=figures.synthetic,
        redacted=figures.redacted,
        sources=dict(sorted(figures.sources.items())),
        verified=figures.verified,
        classes=figures.classes,
        splits=figures.splits,
        detectors=_detectors(release),
        reviewed=_reviewed(release),
        versions=_versions(release),
    )


def _detectors(release: Release) -> tuple[Detector, ...]:
    """Name the detectors as they were at approval: of each the last version that ran."""
    scans = Scan.objects.filter(
        dataset=release.dataset, failed=False, finished_at__lte=approved_at(release)
    )
    rows = scans.order_by("finished_at", "pk").values_list("detector", "detector_version")
    return tuple(Detector(name, version) for name, version in sorted(dict(rows).items()))


def _reviewed(release: Release) -> ReviewCount:
    decisions = Decision.objects.filter(
        finding__clip__dataset=release.dataset, decided_at__lte=approved_at(release)
    )
    counted = dict(decisions.values_list("verdict").annotate(Count("pk")).order_by())
    return ReviewCount(
        cleared=counted.get(Decision.Verdict.CLEAR, 0),
        redacted=counted.get(Decision.Verdict.REDACT, 0),
        excluded=counted.get(Decision.Verdict.EXCLUDE, 0),
    )


def _versions(release: Release) -> tuple[VersionNote, ...]:
    """List the release and those published before it, newest first."""
    before = Release.objects.filter(
        dataset=release.dataset, state__in=PUBLIC, order__lt=release.order
    ).order_by("-order")
    return tuple(
        VersionNote(row.version, approved_at(row).date(), row.notes)
        for row in (release, *before.select_related("dataset__organisation"))
    )


def _licence_texts(release: Release, figures: Figures) -> tuple[LicenceText, ...]:
    organisation = release.dataset.organisation
    expressions = {clip.expression for clip in figures.licensed}
    files = licence_files(expressions, organisation, licences_of(organisation))
    return tuple(LicenceText(file.id, file.title, file.url, file.text) for file in files)


def _table(blob: Blob | None) -> Blob:
    assert blob is not None, "a release with a root has its tables"
    return blob


def _table_file(name: str, blob: Blob) -> TableFile:
    def opened() -> IO[bytes]:
        return open_blob(blob)

    with local_copy(blob) as path:
        columns = columns_of(path)
    return TableFile(name, blob.oid, blob.sha256, blob.size, columns, opened)


def _batches(blob: Blob) -> Iterator[pa.RecordBatch]:
    with local_copy(blob) as path:
        yield from read_batches(path, rows=BATCH_ROWS)
