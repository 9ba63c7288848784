"""Asking the gates, and keeping what they said of a root."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from apps.datasets.models import Dataset
from apps.detection.detectors.base import build_version
from apps.detection.detectors.registry import list_detectors
from apps.releases.errors import DraftMovedError, GatesClosedError, NotFrozenError
from apps.releases.facts import load_facts
from apps.releases.models import DetectorInForce, GateResult, Release
from datasets_catalog.gates.base import Verdict
from datasets_catalog.gates.registry import check_all_gates
from datasets_catalog.release_states import PUBLIC_STATES, UNPUBLISHED_STATES, ReleaseState

# A gate's failing rows are all counted; so many are kept to show.
KEPT_ROWS = 1000


def judge_draft(release: Release) -> tuple[Verdict, ...]:
    """What every gate says of the draft at this moment, without keeping it."""
    return check_all_gates(load_facts(release, at=timezone.now()))


def check_gates(release: Release) -> Sequence[GateResult]:
    """Ask every gate and keep the answers for the release's root; returns them in gate order.

    Raises NotFrozenError for a draft, GatesClosedError for what is out, DraftMovedError where the
    draft, which they read, is not the one that was frozen any more.
    """
    _refuse_closed(release)
    verdicts = judge_draft(release)
    rows = [
        GateResult(
            release=release,
            root=release.root,
            code=verdict.code,
            title=verdict.title,
            blocking=verdict.severity == "blocking",
            passed=verdict.passed,
            summary=verdict.summary,
            failing=[asdict(row) for row in verdict.rows[:KEPT_ROWS]],
            failing_count=len(verdict.rows),
            numbers=dict(verdict.measured),
        )
        for verdict in verdicts
    ]
    with transaction.atomic():
        note_detectors(release.dataset.privacy_profile)
        row = Release.objects.select_for_update().get(pk=release.pk)
        _refuse_closed(row)
        # The count only grows: where it is still that of the freeze, the gates judged that draft.
        if row.root != release.root or is_stale(row):
            raise DraftMovedError("The draft changed a moment ago: freeze the release again.")
        GateResult.objects.filter(release=release).delete()
        GateResult.objects.bulk_create(rows)
    return rows


def is_stale(release: Release) -> bool:
    """Whether the draft changed since the release was frozen from it."""
    serial = Dataset.objects.values_list("draft_serial", flat=True).get(pk=release.dataset_id)
    return release.state in UNPUBLISHED_STATES and serial != release.draft_serial


def note_detectors(profile: str) -> None:
    """Write down which detectors the gates ask for now, so that the database asks for them too."""
    asked = {
        (detector.looks_at.value, version.name, version.version, version.parameters_sha256)
        for detector in list_detectors(profile)
        for version in [build_version(detector)]
    }
    rows = DetectorInForce.objects.filter(profile=profile)
    if set(rows.values_list(*_ASKED_COLUMNS)) == asked:
        return
    # Two that note the same at once write the same.
    rows.delete()
    DetectorInForce.objects.bulk_create(
        [
            DetectorInForce(profile=profile, **dict(zip(_ASKED_COLUMNS, one, strict=True)))
            for one in sorted(asked)
        ],
        update_conflicts=True,
        unique_fields=["profile", "detector"],
        update_fields=["looks_at", "detector_version", "parameters_sha256"],
    )


_ASKED_COLUMNS = ("looks_at", "detector", "detector_version", "parameters_sha256")


def _refuse_closed(release: Release) -> None:
    if release.state == ReleaseState.DRAFT:
        raise NotFrozenError("The gates judge frozen releases: freeze the draft first.")
    if release.state in PUBLIC_STATES:
        raise GatesClosedError(
            f"{release} is out: what the gates said of it stays as it was. They judge releases"
            " that are frozen and not out yet."
        )


def load_blocking_failures(release: Release) -> list[GateResult]:
    """Blocking gates that fail on the release's present root."""
    return list(
        GateResult.objects.filter(release=release, root=release.root, blocking=True, passed=False)
    )
