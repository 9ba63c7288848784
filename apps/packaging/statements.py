"""The one set of facts of a release: counted once, kept at publication, and only read from then on.

Card, YAML of the Hub, Croissant, report, REST and pages say what stands here and count nothing of
their own. Before publication, and of releases that came out before statements were kept, the facts
are worked out from the same rows at each call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.utils import timezone

from apps.datasets.label_verification import SECOND_PERSON
from apps.datasets.models import Event
from apps.detection.detectors.base import LISTENER, build_version
from apps.detection.detectors.registry import list_detectors
from apps.detection.models import Scan
from apps.licensing.licences import load_licences
from apps.packaging.errors import ReleaseNotSendableError
from apps.packaging.models import ReleaseStatement
from apps.packaging.release_figures import count_figures
from apps.packaging.released_contents import build_released_contents
from apps.packaging.review_counts import count_redactions, count_review
from apps.releases.about import describe_dataset_now, load_release_about
from apps.releases.models import GateResult, Release
from apps.releases.release_usage import compute_usage, find_licence_of_adaptation
from apps.releases.versioning import find_approval_time
from apps.review.alterations import load_alterations
from apps.storage.blobs import open_local_copy
from apps.storage.models import Blob
from apps.storage.parquet_tables import read_batches
from datasets_catalog.card_facts import CardFacts, ConsentCount, VersionNote, VocabularyName
from datasets_catalog.facts import Detector, SampleFacts
from datasets_catalog.licences import Use
from datasets_catalog.outbound import find_outbound_licence
from datasets_catalog.plain_json import from_plain, to_plain
from datasets_catalog.release_states import PUBLIC_STATES
from datasets_catalog.verticals import Vertical

SCHEMA = "earmark.statement/1"
BATCH_ROWS = 4096


def load_statement(release: Release) -> CardFacts:
    """What the release says of itself: as kept, else worked out as of publication or now.

    Raises ReleaseNotSendableError for a release that nobody has approved.
    """
    kept = _find_kept_statement(release)
    facts = compute_statement(release) if kept is None else from_plain(CardFacts, kept.facts)
    # Where it is served is not a fact of the release.
    return replace(facts, url=build_page_url(release))


def is_kept(release: Release) -> bool:
    """Whether the facts were kept when the release came out."""
    return _find_kept_statement(release) is not None


def keep_statement(release: Release, *, review: Blob) -> None:
    """Keep the facts of an approved release that has none, with the record of its review.

    Kept before the version is written: a publication that was killed is repeated with the same
    words, whatever was decided or asked meanwhile.
    """
    ReleaseStatement.objects.create(
        release=release,
        root=release.root,
        approved_at=find_approval_time(release),
        schema=SCHEMA,
        facts=to_plain(compute_statement(release)),
        review=review,
    )


def load_kept_review(release: Release) -> dict[str, Any] | None:
    """The record of the review as it was kept with the facts; None where it was not."""
    kept = _find_kept_statement(release)
    if kept is None or kept.review is None:
        return None
    with open_local_copy(kept.review) as path:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def compute_statement(release: Release) -> CardFacts:
    """Count everything from the release's tables and the rows of its review; one pass over each."""
    _require_approved(release)
    dataset, organisation = release.dataset, release.dataset.organisation
    about = load_release_about(release) or describe_dataset_now(dataset)
    until = release.published_at
    alterations = load_alterations(dataset, until=until)
    figures = count_figures(
        read_table_batches(require_table(release.clips_table)),
        read_table_batches(require_table(release.events_table)),
        confirmed=_find_confirmed_events(release, until),
        alterations=alterations,
    )
    counted = figures.statistics
    usage = compute_usage(release, on=find_approval_time(release).date())
    before = _list_earlier_releases(release)
    return CardFacts(
        full_name=dataset.full_name,
        title=about.title,
        description=about.description,
        organisation=about.publisher,
        version=release.version,
        published=find_approval_time(release).date(),
        root=release.root,
        url=build_page_url(release),
        vertical=Vertical(dataset.vertical),
        clips=counted.clips,
        seconds=counted.seconds,
        outbound=find_outbound_licence(
            figures.licensed,
            Use(release.use),
            find_licence_of_adaptation(release),
            licences=load_licences(organisation),
        ),
        consent=_load_consent_count(release),
        purposes=usage.permitted,
        taken_away=usage.taken,
        provenance=about.provenance,
        limitations=about.limitations,
        funding=about.funding,
        languages=about.languages,
        creators=about.creators,
        recordings=len(counted.recordings),
        synthetic=counted.synthetic,
        redactions=count_redactions(figures.redacted, alterations),
        sources=figures.sources,
        verified=figures.verified_count,
        classes=figures.classes,
        weak=figures.weak,
        found_empty=counted.found_empty,
        vocabulary=_name_vocabulary(release),
        splits=figures.splits,
        detectors=_list_seeing_detectors(release),
        scanned_whole=release.state not in PUBLIC_STATES,
        reviewed=count_review(
            release,
            build_released_contents(release, figures.contents),
            since=find_publication_before(release),
            until=until,
        ),
        sample=_load_sample(release),
        versions=_list_versions(release, before),
        before=before[0].version if before else "",
    )


def build_page_url(release: Release) -> str:
    """Return the address of the release's page on our web door."""
    return f"{settings.BASE_URL.rstrip('/')}/datasets/{release.dataset.full_name}"


def require_table(blob: Blob | None) -> Blob:
    assert blob is not None, "a release with a root has its tables"
    return blob


def read_table_batches(blob: Blob) -> Iterator[pa.RecordBatch]:
    with open_local_copy(blob) as path:
        yield from read_batches(path, rows=BATCH_ROWS)


def _find_kept_statement(release: Release) -> ReleaseStatement | None:
    if not release.root:
        return None
    rows = ReleaseStatement.objects.filter(release=release, root=release.root)
    if release.state not in PUBLIC_STATES:
        if not _is_approved(release):
            return None
        rows = rows.filter(approved_at=find_approval_time(release))
    return rows.order_by("-approved_at").first()


def _is_approved(release: Release) -> bool:
    return bool(release.root) and release.sign_offs.filter(root=release.root).exists()


def _require_approved(release: Release) -> None:
    if not _is_approved(release):
        raise ReleaseNotSendableError(
            f"{release} is {release.state}: only what was approved can be described and sent."
        )


def _find_confirmed_events(release: Release, until: datetime | None) -> frozenset[str]:
    """Ids of events that a second person verified here; the table says which are released."""
    rows = Event.objects.filter(SECOND_PERSON, clip__dataset=release.dataset_id)
    if until is not None:
        rows = rows.filter(verified_at__lte=until)
    return frozenset(map(str, rows.values_list("uid", flat=True)))


def _name_vocabulary(release: Release) -> VocabularyName | None:
    row = release.vocabulary
    return None if row is None else VocabularyName(row.name, row.version, row.sha256)


def _load_gate_numbers(release: Release, code: str) -> tuple[GateResult | None, dict[str, float]]:
    row = GateResult.objects.filter(release=release, root=release.root, code=code).first()
    return row, dict(row.numbers) if row is not None else {}


def _load_consent_count(release: Release) -> ConsentCount:
    """What the gate measured when it let the release through."""
    row, numbers = _load_gate_numbers(release, "consent.coverage")
    if row is None or "clips_needing" not in numbers:
        return ConsentCount(0, 0, 0.0)
    return ConsentCount(
        needing=int(numbers["clips_needing"]),
        covered=int(numbers["clips_covered"]),
        seconds=numbers["seconds_needing"],
        on=row.checked_at.date(),
    )


def _load_sample(release: Release) -> SampleFacts | None:
    """The sample as the gate counted it; None where nobody had heard one."""
    _, numbers = _load_gate_numbers(release, "privacy.sampled")
    if "heard" not in numbers:
        return None
    population = int(numbers["population"])
    return SampleFacts(
        population=population,
        heard=int(numbers["heard"]),
        missed=int(numbers["missed"]),
        number=int(numbers.get("draw", 1)),
        frame=int(numbers.get("frame", population)),
        # What was asked before these were measured said nothing of them.
        due=int(numbers.get("due", 0)),
        gone=int(numbers.get("gone", 0)),
        outside=int(numbers.get("outside", 0)),
    )


def _list_seeing_detectors(release: Release) -> tuple[Detector, ...]:
    """The detectors that have seen every clip: those in force, as the gate asked.

    Of what is out already, the last version of each that ran before the approval.
    """
    if release.state not in PUBLIC_STATES:
        versions = map(build_version, list_detectors(release.dataset.privacy_profile))
        return tuple(
            sorted(
                (Detector(each.name, each.version) for each in versions),
                key=lambda each: each.title,
            )
        )
    scans = Scan.objects.filter(
        dataset=release.dataset, failed=False, finished_at__lte=find_approval_time(release)
    ).exclude(detector=LISTENER)
    rows = scans.order_by("finished_at", "pk").values_list("detector", "detector_version")
    return tuple(Detector(name, version) for name, version in sorted(dict(rows).items()))


def find_publication_before(release: Release) -> datetime | None:
    """When the version before it came out; None for the first one."""
    before = _list_earlier_releases(release)
    return before[0].published_at if before else None


def _list_earlier_releases(release: Release) -> list[Release]:
    """The releases that were out before it with lower numbers, newest first."""
    rows = Release.objects.filter(
        dataset=release.dataset, state__in=PUBLIC_STATES, order__lt=release.order
    ).order_by("-order")
    moment = release.published_at or timezone.now()
    return list(rows.filter(published_at__lt=moment).select_related("dataset__organisation"))


def _list_versions(release: Release, before: list[Release]) -> tuple[VersionNote, ...]:
    """List the release and those published before it, newest first."""
    return tuple(
        VersionNote(row.version, find_approval_time(row).date(), row.notes)
        for row in (release, *before)
    )
