"""What this room holds of clips: what detectors saw, fingerprints of sounds among it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from apps.detection.models import Finding, Scan
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    declare_clip_free,
    list_row_holdings,
    register_holder,
)


def _find_scans(trace: ClipTrace) -> Iterator[Holding]:
    """Scans of the bytes, and those of its texts that found something."""
    of_clip = Q(content_sha256__in=trace.sha256s) | Q(findings__clip__uid=trace.clip_uid)
    yield from list_row_holdings(Scan.objects.filter(of_clip, dataset__uid=trace.store))


def _find_findings(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_row_holdings(Finding.objects.filter(clip__uid=trace.clip_uid))


register_holder(
    Holder(
        name="scans",
        what="what a detector saw in a content, with the acoustic fingerprint of its sound",
        held=Held.DERIVED,
        departure=Departure.STAYS,
        way="append-only: by it a sound that left is known when it comes back",
        find=_find_scans,
        columns=("detection.Scan.content_sha256", "detection.Scan.seen", "detection.Scan.evidence"),
    )
)
register_holder(
    Holder(
        name="findings",
        what="what was found in a clip, with words that were heard or read",
        held=Held.DERIVED,
        departure=Departure.STAYS,
        way="append-only: decisions rest on it",
        find=_find_findings,
        columns=("detection.Finding.content_sha256", "detection.Finding.evidence"),
    )
)
declare_clip_free(
    "it is of the detector",
    "detection.Scan.parameters_sha256",
    "detection.Scan.model_sha256",
)
