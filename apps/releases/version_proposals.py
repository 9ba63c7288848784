"""Which number a release of the draft should have, by what changed since the version before it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.intake import Progress, ignore_progress
from apps.releases.about import describe_dataset_now
from apps.releases.diff import DiffSide, build_side, diff_releases, diff_sides
from apps.releases.freezing import FrozenDraft, freeze_rows
from apps.releases.models import Release
from apps.releases.versioning import list_versions_out
from datasets_catalog.licences import Use
from datasets_catalog.release_changes import VersionStep
from datasets_catalog.roles import Permission
from datasets_catalog.versions import FIRST, Step, find_version_before, parse_version


@dataclass(frozen=True, slots=True)
class Proposal:
    """The number that fits the draft; `since` is None for a dataset's first version."""

    version: str
    since: str | None
    step: Step | None
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


FIRST_OF_ALL = Proposal(str(FIRST), None, None, ())


def propose_version(
    *, actor: User, dataset: Dataset, progress: Progress = ignore_progress
) -> Proposal:
    """Compare the draft as it is now with the newest version that is out, and name the next.

    As if the release had the purposes and territories of the version before. Makes no release.
    Takes as long as a freeze: rows that did not change are taken over.
    """
    require_permission(actor, Permission.RELEASE_PREPARE, dataset.organisation)
    base = find_newest_out(dataset)
    if base is None:
        return FIRST_OF_ALL
    frozen = freeze_rows(dataset, use=Use(dataset.use), at=timezone.now(), progress=progress)
    planned = Release(
        dataset=dataset, purposes=base.purposes, territories=base.territories, use=dataset.use
    )
    return build_proposal(planned, frozen)


def build_proposal(planned: Release, frozen: FrozenDraft) -> Proposal:
    """The number that fits a planned release of what was frozen."""
    base = find_newest_out(planned.dataset)
    if base is None:
        return FIRST_OF_ALL
    found = diff_sides(build_side(base), _build_draft_side(planned, frozen)).proposal
    return Proposal(found.proposed, found.since, found.step, found.reasons)


def find_newest_out(dataset: Dataset) -> Release | None:
    """The release with the highest number of those that were given out."""
    highest = max(list_versions_out(dataset), default=None)
    return None if highest is None else Release.objects.get(dataset=dataset, version=str(highest))


def _build_draft_side(planned: Release, frozen: FrozenDraft) -> DiffSide:
    return DiffSide(
        version="draft",
        clips_table=frozen.clips_table,
        events_table=frozen.events_table,
        people_table=frozen.people_table,
        seconds=frozen.seconds,
        licence=frozen.licence,
        use=planned.use,
        purposes=frozenset(planned.purposes),
        territories=frozenset(planned.territories),
        vocabulary=str(planned.dataset.vocabulary or ""),
        about=describe_dataset_now(planned.dataset),
        statistics=frozen.statistics,
    )


def load_version_step(release: Release) -> VersionStep | None:
    """What changed since the version that the release follows; None where it follows none.

    Worked out once for each pair of tables and kept with what was counted at the freeze.
    """
    if not release.root:
        return None
    before = find_version_before(parse_version(release.version), list_versions_out(release.dataset))
    if before is None:
        return None
    base = Release.objects.get(dataset_id=release.dataset_id, version=str(before))
    kept = release.statistics.get("step")
    if kept and (kept["since"], kept["since_root"]) == (base.version, base.root):
        return VersionStep(
            kept["since"], Step(kept["step"]), kept["proposed"], tuple(kept["reasons"])
        )
    found = diff_releases(base, release).proposal
    release.statistics["step"] = {
        "since": found.since,
        "since_root": base.root,
        "step": found.step.value,
        "proposed": found.proposed,
        "reasons": list(found.reasons),
    }
    Release.objects.filter(pk=release.pk, root=release.root).update(statistics=release.statistics)
    return found
