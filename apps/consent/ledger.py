"""The ledger's rows as the values that the rules compute with."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Count, QuerySet

from apps.accounts.access import Principal, require
from apps.accounts.models import Organisation
from apps.consent.models import Consent as ConsentRow
from apps.consent.models import Contributor, Participation
from apps.datasets.models import Dataset
from datasets_catalog.consent import coverage_end as end_of
from datasets_catalog.ledger import Consent
from datasets_catalog.people import ClipPeople
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.roles import Permission


def contributors_for(user: Principal, organisation: Organisation) -> QuerySet[Contributor]:
    """The organisation's contributors with how many clips and consents each has."""
    require(user, Permission.CONSENT_VIEW, organisation)
    return Contributor.objects.filter(organisation=organisation).annotate(
        clips=Count("participations", distinct=True), given=Count("consents", distinct=True)
    )


def consents_of(organisation: Organisation, codes: Iterable[str] | None = None) -> list[Consent]:
    """Every consent on record, oldest first; of the named contributors alone if given."""
    rows = ConsentRow.objects.filter(contributor__organisation=organisation)
    if codes is not None:
        rows = rows.filter(contributor__code__in=set(codes))
    rows = rows.select_related("contributor", "form").prefetch_related("answers")
    return [
        Consent(
            contributor=row.contributor.code,
            form=row.form.name,
            form_version=row.form.version,
            given_at=row.given_at,
            answers={Purpose(a.purpose): Answer(a.answer) for a in row.answers.all()},
            valid_until=row.valid_until,
            territories=frozenset(row.territories),
            minor=row.contributor.is_minor,
            guardian=bool(row.guardian),
        )
        for row in rows.order_by("given_at", "id")
    ]


def coverage_end(
    *,
    dataset: Dataset,
    clip_people: Collection[ClipPeople],
    purposes: Iterable[Purpose],
    territories: frozenset[str],
    at: datetime,
) -> datetime | None:
    """When, from `at` on, some clip is no longer covered by what the ledger holds now.

    A consent runs out, or a guardian's answer stops counting. `at` itself if something is not
    covered already, None if everything stays covered for good.
    """
    codes = {code for clip in clip_people for code in clip.contributors}
    return end_of(
        clip_people,
        consents_of(dataset.organisation, codes),
        tuple(purposes),
        at,
        territories=territories,
        dataset=dataset.full_name,
    )


def people_in(dataset: Dataset) -> dict[int, tuple[str, ...]]:
    """Who is in each clip of the draft, by clip id; clips with nobody are left out."""
    found: dict[int, list[str]] = {}
    rows = Participation.objects.filter(clip__dataset=dataset).order_by("contributor__code")
    for clip_id, code in rows.values_list("clip_id", "contributor__code"):
        found.setdefault(clip_id, []).append(code)
    return {clip_id: tuple(codes) for clip_id, codes in found.items()}
