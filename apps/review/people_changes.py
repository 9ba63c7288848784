"""What follows where a row names other people than before: old words are void, a reviewer looks."""

from collections.abc import Sequence

from django.db.models import Q

from apps.accounts.models import User
from apps.audit import record
from apps.consent.participations import PeopleChange
from apps.datasets.models import Clip, Dataset
from apps.detection.kinds import list_kinds_at
from apps.detection.models import Finding
from apps.review.access import filter_current_content
from apps.review.decisions import split_ids
from apps.review.models import Decision, Revocation
from apps.review.undo import revoke_decisions
from datasets_catalog.finding_kinds import FindingPlace

MOST_NAMED = 100
WHY = "Other people are recorded for the clip than when this was decided."


def follow_people(*, actor: User, dataset: Dataset, changes: Sequence[PeopleChange]) -> None:
    """Void what was decided on the voices in these clips while others were recorded for them.

    Belongs into the transaction of the change, with the dataset locked. Clearances become
    revocations, so that their findings stand open again; a confirmed change of people does only
    where somebody was added. What was redacted or excluded stays as it is.
    """
    if not changes:
        return
    added = [change.clip for change in changes if set(change.after) - set(change.before)]
    for start in range(0, len(changes), MOST_NAMED):
        some = changes[start : start + MOST_NAMED]
        paths = dict(
            Clip.objects.filter(pk__in=[change.clip for change in some]).values_list("pk", "path")
        )
        record.people_changed(
            actor=actor.username,
            organisation=dataset.organisation.name,
            dataset=dataset.full_name,
            changes=[
                {
                    "clip": paths[change.clip],
                    "before": list(change.before),
                    "after": list(change.after),
                }
                for change in some
            ],
        )
    # Of tags and texts it does not matter who is recorded.
    showing = list_kinds_at(FindingPlace.WHOLE_SOUND, FindingPlace.PICTURE)
    relied = Q(onset__isnull=False) | Q(kind__in=showing)
    rows = _load_clearances([change.clip for change in changes], relied)
    rows += _load_clearances(added, Q(kind__in=list_kinds_at(FindingPlace.PEOPLE)))
    if rows:
        revoke_decisions(actor, dataset, rows, Revocation.Cause.PEOPLE_CHANGED, WHY)


def _load_clearances(clips: Sequence[int], which: Q) -> list[Decision]:
    """Decisions in force that let something in these clips stay, as their bytes are now."""
    found: list[Decision] = []
    for some in split_ids(clips):
        findings = filter_current_content(Finding.objects.filter(which, clip__in=some))
        rows = Decision.objects.filter(finding__in=findings, verdict=Decision.Verdict.CLEAR)
        found += rows.select_related(
            "finding__clip__dataset", "decided_by", "uploaded_by"
        ).order_by("pk")
    return found
