"""Minors: who is one, until when, and who answers for themselves."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.changes import spread_answers
from apps.consent.errors import AgeConflictError, EvidenceMissingError
from apps.consent.models import Contributor
from apps.consent.participations import find_other_spellings
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.roles import Permission


@transaction.atomic
def record_minor(
    *,
    actor: User,
    organisation: Organisation,
    code: str,
    reason: str,
    of_age_on: date | None = None,
    evidence_sha256: str = "",
) -> Contributor:
    """Note that a contributor is, or was, under age, and from which day on they are not.

    What they answered as a minor permits nothing, and a guardian's answers count up to that day
    (and a period of notice). A contributor who was not known becomes one, so that a
    minor stands on record before any guardian has answered. Another day than the one on record, or
    a day that has passed for somebody on record as a minor, may let more count than before: it
    needs the SHA-256 of its evidence. Raises `EvidenceMissingError`.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require(actor, Permission.CONSENT_RECORD, organisation)
    _refuse_other_spelling(organisation, code)
    said = _reason(reason)
    row, created = Contributor.objects.get_or_create(organisation=organisation, code=code)
    before = row.of_age_on
    if (row.is_minor, before) == (True, of_age_on or before):
        return row
    _require_evidence(row, of_age_on, evidence_sha256, created=created)
    row.is_minor, row.of_age_on = True, of_age_on or before
    row.save(update_fields=["is_minor", "of_age_on"])
    spread_answers(organisation, {row.pk})
    record.contributor_minor(
        actor=actor.username,
        organisation=organisation.name,
        contributor=code,
        of_age_on=[_text(before), _text(row.of_age_on)],
        reason=said,
        evidence_sha256=evidence_sha256,
    )
    return row


@transaction.atomic
def mark_of_age(*, actor: User, organisation: Organisation, code: str, reason: str) -> Contributor:
    """Note that a minor is of age from today on; every answer stays on record.

    It only narrows: a guardian's answers stop counting after the period of notice, and what the
    contributor answers from now on counts; what they answered before does not. A later day that is
    on record is not moved so: that takes evidence (`record_minor`). Raises `NotFoundError` for a
    code that is not in the ledger, and `AgeConflictError` for one that is on record as no minor, or
    with a later day.
    """
    require(actor, Permission.CONSENT_RECORD, organisation)
    said = _reason(reason)
    rows = Contributor.objects.select_for_update().filter(organisation=organisation, code=code)
    row = rows.first()
    if row is None:
        raise NotFoundError(f"{organisation} has no contributor {code}.")
    if not row.is_minor:
        raise AgeConflictError(f"{code} is not on record as a minor, and answers for themselves.")
    today = timezone.now().date()
    if row.of_age_on is not None and row.of_age_on > today:
        raise AgeConflictError(
            f"{code} is of age on {row.of_age_on}, which is on record: record_minor moves the day,"
            " with its evidence."
        )
    if row.of_age_on is None:
        row.of_age_on = today
        row.save(update_fields=["of_age_on"])
        spread_answers(organisation, {row.pk})
        record.contributor_of_age(
            actor=actor.username, organisation=organisation.name, contributor=code, reason=said
        )
    return row


def _require_evidence(
    row: Contributor, of_age_on: date | None, evidence_sha256: str, *, created: bool
) -> None:
    if created or of_age_on is None or evidence_sha256:
        return
    moved = row.of_age_on is not None
    if moved or (row.is_minor and of_age_on <= timezone.now().date()):
        what = f"{row.of_age_on} is on record" if moved else f"{of_age_on} has passed"
        raise EvidenceMissingError(
            f"{what}, so answers may count that did not: give the SHA-256 of what shows the day."
        )


def _refuse_other_spelling(organisation: Organisation, code: str) -> None:
    if other := find_other_spellings(organisation, [code]).get(code):
        raise AgeConflictError(
            f"{code} would be somebody else than {other}, who is on record: write that, or a code"
            " that differs from it in more than case."
        )


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidError("Say how you know: it is what the record of this consists of.")
    return reason.strip()


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()
