"""Every write to the ledger. Nothing in it is ever changed: a new answer is a new consent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.accounts.access import require
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.changes import announce_answers
from apps.consent.models import Consent, ConsentAnswer, ConsentForm, Contributor
from apps.consent.participations import register_contributors
from apps.consent.recognition import end_recognition
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.roles import Permission

BATCH = 2000


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One contributor's answers as a table or form gives them; purposes left out: not asked."""

    contributor: str
    form: str
    form_version: str
    given_at: datetime
    answers: Mapping[Purpose, Answer]
    valid_until: datetime | None = None
    evidence_sha256: str = ""
    guardian: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a table of consents brought."""

    added: int
    known: int
    contributors_added: int


@transaction.atomic
def record_consents(
    *,
    actor: User,
    organisation: Organisation,
    entries: Sequence[ConsentEntry],
    table_sha256: str = "",
) -> Recorded:
    """Add consents; the same contributor, form and moment again is known already and kept as is.

    Contributors and forms that were not known are registered. Every draft in which one of the
    contributors takes part changes with it: what was frozen from it becomes stale.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require(actor, Permission.CONSENT_RECORD, organisation)
    people, fresh = register_contributors(organisation, {entry.contributor for entry in entries})
    forms = _forms(organisation, {(entry.form, entry.form_version) for entry in entries})
    known = set(
        Consent.objects.filter(contributor__organisation=organisation).values_list(
            "contributor_id", "form_id", "given_at"
        )
    )
    rows: list[tuple[Consent, ConsentEntry]] = []
    for entry in entries:
        person, form = people[entry.contributor], forms[entry.form, entry.form_version]
        if (person.pk, form.pk, entry.given_at) in known:
            continue
        known.add((person.pk, form.pk, entry.given_at))
        consent = Consent(
            contributor=person,
            form=form,
            given_at=entry.given_at,
            valid_until=entry.valid_until,
            evidence_sha256=entry.evidence_sha256,
            guardian=entry.guardian,
            recorded_by=actor,
        )
        rows.append((consent, entry))
    Consent.objects.bulk_create([consent for consent, _ in rows], batch_size=BATCH)
    ConsentAnswer.objects.bulk_create(
        [
            ConsentAnswer(consent=consent, purpose=purpose, answer=answer)
            for consent, entry in rows
            for purpose, answer in entry.answers.items()
            if answer != Answer.NOT_ASKED
        ],
        batch_size=BATCH,
    )
    # A guardian's answer says that the contributor is a minor, until somebody says otherwise.
    minors = {consent.contributor_id for consent, entry in rows if entry.guardian}
    Contributor.objects.filter(pk__in=minors).update(is_minor=True)
    answered = {consent.contributor_id for consent, _ in rows}
    end_recognition(organisation, answered)
    _touch_drafts_of(answered)
    announce_answers(answered)
    record.consents_recorded(
        actor=actor.username,
        organisation=organisation.name,
        count=len(rows),
        sha256=table_sha256,
    )
    return Recorded(len(rows), len(entries) - len(rows), fresh)


@transaction.atomic
def mark_of_age(*, actor: User, organisation: Organisation, code: str, reason: str) -> Contributor:
    """Note that a contributor answers for themselves now; their guardian's answers stay on record.

    Raises `NotFoundError` for a code that is not in the ledger.
    """
    require(actor, Permission.CONSENT_RECORD, organisation)
    if not reason.strip():
        raise InvalidError("Say how you know: it is what the record of this consists of.")
    rows = Contributor.objects.select_for_update().filter(organisation=organisation, code=code)
    row = rows.first()
    if row is None:
        raise NotFoundError(f"{organisation} has no contributor {code}.")
    if row.is_minor:
        row.is_minor = False
        row.save(update_fields=["is_minor"])
        _touch_drafts_of({row.pk})
        announce_answers({row.pk})
        record.contributor_of_age(
            actor=actor.username,
            organisation=organisation.name,
            contributor=code,
            reason=reason.strip(),
        )
    return row


def _forms(
    organisation: Organisation, names: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], ConsentForm]:
    found: dict[tuple[str, str], ConsentForm] = {}
    for name, version in sorted(names):
        forms = ConsentForm.objects.filter(organisation=organisation, name=name, version=version)
        found[name, version] = forms.order_by("pk").first() or ConsentForm.objects.create(
            organisation=organisation, name=name, version=version
        )
    return found


def _touch_drafts_of(contributor_ids: Iterable[int]) -> None:
    contributors = list(contributor_ids)
    drafts = Dataset.objects.filter(clips__participations__contributor_id__in=contributors)
    for dataset in drafts.distinct():
        clips = Clip.objects.filter(
            dataset=dataset, participations__contributor_id__in=contributors
        )
        touch_draft(dataset, clips=set(clips.values_list("pk", flat=True)))
