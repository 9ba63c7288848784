"""The ledger's rows as the values that the rules compute with."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.accounts.access import Principal, require_permission
from apps.accounts.models import Organisation
from apps.consent.errors import ConsentUnknownError
from apps.consent.models import Consent as ConsentRow
from apps.consent.models import ConsentForm, Contributor, FormReach, Participation
from apps.datasets.models import Dataset
from datasets_catalog.clip_people import ClipPeople, fold_code
from datasets_catalog.consent import find_coverage_end
from datasets_catalog.implications import Implications, parse_implications
from datasets_catalog.ledger import Consent, Reach
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.roles import Permission


def list_visible_contributors(user: Principal, organisation: Organisation) -> QuerySet[Contributor]:
    """The organisation's contributors with how many clips and consents each has."""
    require_permission(user, Permission.CONSENT_VIEW, organisation)
    return Contributor.objects.filter(organisation=organisation).annotate(
        clips=Count("participations", distinct=True), given=Count("consents", distinct=True)
    )


def fetch_consent_row(user: Principal, organisation: Organisation, uid: str) -> ConsentRow:
    """The consent on record with that id, corrected since or not."""
    require_permission(user, Permission.CONSENT_VIEW, organisation)
    rows = ConsentRow.objects.filter(contributor__organisation=organisation)
    try:
        wanted = UUID(str(uid))
    except ValueError as problem:
        raise ConsentUnknownError(f"{uid!r} is no id of a consent.") from problem
    row = rows.select_related("contributor__organisation", "form").filter(uid=wanted).first()
    if row is None:
        raise ConsentUnknownError(f"{organisation} has no consent {uid}.")
    return row


def list_consents_given(contributor: Contributor) -> QuerySet[ConsentRow]:
    """Every record of the contributor's answers, newest first, corrected ones too."""
    rows = ConsentRow.objects.filter(contributor=contributor).order_by("-given_at", "-id")
    return rows.select_related("form", "superseded_by", "supersedes").prefetch_related(
        "answers", "form__reaches__dataset__organisation"
    )


def list_datasets_about(contributor: Contributor) -> list[Dataset]:
    """The datasets that the contributor is in, or was asked about, by name."""
    reaches = FormReach.objects.filter(form__consents__contributor=contributor, ended_at=None)
    parts = Participation.objects.filter(contributor=contributor)
    concerned = Q(pk__in=reaches.values("dataset")) | Q(pk__in=parts.values("clip__dataset"))
    rows = Dataset.objects.filter(concerned, organisation=contributor.organisation_id)
    return list(rows.select_related("organisation").order_by("name"))


def load_consents(
    dataset: Dataset, codes: Iterable[str] | None = None, *, known_at: datetime | None = None
) -> list[Consent]:
    """Every consent on record that counts, with the dataset's period of notice, oldest first.

    Also those whose forms asked about other datasets: `Consent.speaks_for` tells them apart. Of the
    named contributors alone if given. With `known_at` as the ledger stood at that moment, what was
    recorded or corrected later left out; forms, ages and notice are those of today.
    """
    notice = timedelta(days=dataset.guardian_notice_days)
    return list(_read_consents(dataset.organisation, codes, notice, known_at))


def load_organisation_consents(
    organisation: Organisation, codes: Iterable[str] | None = None
) -> list[Consent]:
    """The same of an organisation as a whole, without notice."""
    return list(_read_consents(organisation, codes, timedelta(0), None))


def build_consent(row: ConsentRow) -> Consent:
    """One consent on record as a value, whether or not it was corrected since."""
    organisation = row.contributor.organisation
    return _build_value(row, _load_forms(organisation), _load_minors(organisation), timedelta(0))


def find_ledger_coverage_end(
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
    return find_coverage_end(
        clip_people,
        load_consents(dataset, codes),
        tuple(purposes),
        at,
        territories=territories,
        dataset=dataset.full_name,
    )


def load_people(dataset: Dataset) -> dict[int, tuple[str, ...]]:
    """Who is in each clip of the draft, by clip id; clips with nobody are left out."""
    found: dict[int, list[str]] = {}
    rows = Participation.objects.filter(clip__dataset=dataset).order_by("contributor__code")
    for clip_id, code in rows.values_list("clip_id", "contributor__code"):
        found.setdefault(clip_id, []).append(code)
    return {clip_id: tuple(codes) for clip_id, codes in found.items()}


def load_recording_names(dataset: Dataset) -> dict[int, str]:
    """The recording of each clip with people in it, by clip id; clips of none are left out."""
    parts = Participation.objects.filter(clip__dataset=dataset, clip__recording__isnull=False)
    return dict(parts.values_list("clip_id", "clip__recording__name").distinct())


@dataclass(frozen=True, slots=True)
class _Form:
    name: str
    version: str
    implied: Implications
    reach: frozenset[Reach]


def _read_consents(
    organisation: Organisation,
    codes: Iterable[str] | None,
    notice: timedelta,
    known_at: datetime | None,
) -> Iterator[Consent]:
    rows = ConsentRow.objects.filter(contributor__organisation=organisation)
    corrected = Q(superseded_by__isnull=False)
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
        corrected &= Q(superseded_by__recorded_at__lte=known_at)
    if codes is not None:
        rows = rows.filter(contributor__code__in=set(codes))
    rows = rows.exclude(corrected).select_related("contributor").prefetch_related("answers")
    forms, minors = _load_forms(organisation), _load_minors(organisation)
    for row in rows.order_by("given_at", "id"):
        yield _build_value(row, forms, minors, notice)


def _build_value(
    row: ConsentRow, forms: dict[int, _Form], minors: dict[str, date | None], notice: timedelta
) -> Consent:
    form, person = forms[row.form_id], row.contributor
    of_age = _find_start_of_day(person.of_age_on)
    return Consent(
        contributor=person.code,
        form=form.name,
        form_version=form.version,
        given_at=row.given_at,
        answers={Purpose(a.purpose): Answer(a.answer) for a in row.answers.all()},
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        territories=frozenset(row.territories),
        minor=person.is_minor,
        guardian=bool(row.guardian) and not _is_minors(row, minors),
        of_age_at=of_age,
        guardian_until=None if of_age is None else of_age + notice,
        reach=form.reach,
        implied=form.implied,
        has_evidence=bool(row.evidence_sha256),
        answered_by=fold_code(row.guardian),
    )


def _load_forms(organisation: Organisation) -> dict[int, _Form]:
    reaches: dict[int, set[Reach]] = {}
    rows = FormReach.objects.filter(form__organisation=organisation, ended_at=None)
    for form_id, name, recording in rows.values_list("form_id", "dataset__name", "recording"):
        reaches.setdefault(form_id, set()).add(Reach(f"{organisation.name}/{name}", recording))
    return {
        form.pk: _Form(
            form.name,
            form.version,
            parse_implications(form.implications),
            frozenset(reaches.get(form.pk, ())),
        )
        for form in ConsentForm.objects.filter(organisation=organisation)
    }


def _load_minors(organisation: Organisation) -> dict[str, date | None]:
    """Until when each minor is one (None: not known), by the key of the code."""
    rows = Contributor.objects.filter(organisation=organisation, is_minor=True)
    return {fold_code(code): day for code, day in rows.values_list("code", "of_age_on")}


def _is_minors(row: ConsentRow, minors: dict[str, date | None]) -> bool:
    """Whether the guardian's code is that of somebody who was a minor when answering."""
    code = fold_code(row.guardian)
    day = minors.get(code)
    return code in minors and (day is None or row.given_at.astimezone(UTC).date() < day)


def _find_start_of_day(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
