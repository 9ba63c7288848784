"""Minors: who is one, until when, and who answers for themselves."""

import re
from datetime import date

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.answer_changes import spread_answers
from apps.consent.errors import AgeConflictError, EvidenceMissingError
from apps.consent.models import Contributor
from apps.consent.participations import find_other_spellings
from datasets_catalog.consent import needs_evidence_of_age
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.evidence import OF_NOTHING
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
    minor stands on record before any guardian has answered. Of somebody on record as a minor
    another day than the one on record, or a day where none is, may let more count than before: it
    needs the SHA-256 of its evidence. Raises `EvidenceMissingError`.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    _refuse_other_spelling(organisation, code)
    said = _check_reason(reason)
    row, _ = Contributor.objects.get_or_create(organisation=organisation, code=code)
    before = row.of_age_on
    if (row.is_minor, before) == (True, of_age_on or before):
        return row
    _require_evidence(row, of_age_on, evidence_sha256)
    row.is_minor, row.of_age_on = True, of_age_on or before
    row.save(update_fields=["is_minor", "of_age_on"])
    spread_answers(organisation, {row.pk})
    record.contributor_minor(
        actor=actor.username,
        organisation=organisation.name,
        contributor=code,
        of_age_on=[_format_day(before), _format_day(row.of_age_on)],
        reason=said,
        evidence_sha256=evidence_sha256,
    )
    return row


@transaction.atomic
def mark_of_age(
    *, actor: User, organisation: Organisation, code: str, reason: str, evidence_sha256: str = ""
) -> Contributor:
    """Note that a minor is of age from today on; every answer stays on record.

    A guardian's answers stop counting after the period of notice, and what the contributor answers
    from now on counts, so it needs the SHA-256 of its evidence as any other day does
    (`record_minor`); what they answered before does not begin to count. A later day that is on
    record is not moved so. Raises `EvidenceMissingError`, `NotFoundError` for a code that is not in
    the ledger, and `AgeConflictError` for one that is on record as no minor, or with a later day.
    """
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    said = _check_reason(reason)
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
        _require_evidence(row, today, evidence_sha256)
        row.of_age_on = today
        row.save(update_fields=["of_age_on"])
        spread_answers(organisation, {row.pk})
        record.contributor_of_age(
            actor=actor.username,
            organisation=organisation.name,
            contributor=code,
            reason=said,
            evidence_sha256=evidence_sha256,
        )
    return row


def _require_evidence(row: Contributor, said: date | None, evidence_sha256: str) -> None:
    if not needs_evidence_of_age(is_minor=row.is_minor, on_record=row.of_age_on, said=said):
        return
    if evidence_sha256 in {"", OF_NOTHING}:
        what = f"{row.of_age_on} is" if row.of_age_on else "No day of majority is"
        raise EvidenceMissingError(
            f"{what} on record, and with {said} answers may count that did not: give the SHA-256 of"
            " what shows the day."
        )
    if not re.fullmatch(r"[0-9a-f]{64}", evidence_sha256.lower()):
        raise InvalidError("Evidence is the SHA-256 of a paper or file: 64 hexadecimal digits.")


def _refuse_other_spelling(organisation: Organisation, code: str) -> None:
    if other := find_other_spellings(organisation, [code]).get(code):
        raise AgeConflictError(
            f"{code} would be somebody else than {other}, who is on record: write that, or a code"
            " that differs from it in more than case."
        )


def _check_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidError("Say how you know: it is what the record of this consists of.")
    return reason.strip()


def _format_day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
