"""What was recorded wrongly is corrected by a record that takes the wrong one's place."""

from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.actions import make_consent, write_consents
from apps.consent.answer_changes import spread_answers
from apps.consent.entries import (
    ConsentEntry,
    describe_content,
    find_differing_columns,
    read_content,
)
from apps.consent.entry_problems import find_problems
from apps.consent.errors import ConsentsRefusedError, EvidenceMissingError, SupersededError
from apps.consent.form_book import FormBook
from apps.consent.ledger import build_consent
from apps.consent.models import Consent
from datasets_catalog.corrections import is_narrower
from datasets_catalog.errors import InvalidError
from datasets_catalog.roles import Permission


@transaction.atomic
def correct_consent(*, actor: User, consent: Consent, entry: ConsentEntry, reason: str) -> Consent:
    """Put a record in the place of a wrong one, which stays in the history and counts no more.

    The entry is the whole of what is right, for the same contributor; without answers it says that
    there was no consent. What may permit more than the wrong record did needs the SHA-256 of its
    evidence. Raises `SupersededError`, `EvidenceMissingError` and `ConsentsRefusedError`.
    """
    organisation = Organisation.objects.select_for_update().get(
        pk=consent.contributor.organisation_id
    )
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    old = Consent.objects.select_related("contributor__organisation", "form").get(pk=consent.pk)
    _require_correction(old, entry, reason)
    problems = find_problems(organisation, [entry], corrected=old)
    if problems:
        raise ConsentsRefusedError(
            " ".join(problem.sentence for problem in problems),
            problems=[problem.sentence for problem in problems],
        )
    book = FormBook(organisation, [entry])
    row = make_consent(actor, old.contributor, book.forms(actor)[book.find_key(entry)], entry)
    row.supersedes, row.correction_reason = old, reason.strip()
    write_consents([row], [entry])
    if not entry.evidence_sha256 and not is_narrower(build_consent(row), build_consent(old)):
        raise EvidenceMissingError(
            "This may permit more than the record it corrects: give the SHA-256 of the paper or"
            " recording that shows what was answered."
        )
    spread_answers(organisation, {old.contributor_id})
    columns = find_differing_columns(read_content(old), entry.content())
    record.consent_corrected(
        actor=actor.username,
        organisation=organisation.name,
        contributor=old.contributor.code,
        consents=[str(old.uid), str(row.uid)],
        before=describe_content(read_content(old), columns),
        after=describe_content(entry.content(), columns),
        reason=row.correction_reason,
    )
    return row


def _require_correction(old: Consent, entry: ConsentEntry, reason: str) -> None:
    if not reason.strip():
        raise InvalidError("Say what was wrong: the record of a correction holds its reason.")
    if newer := Consent.objects.filter(supersedes=old).first():
        raise SupersededError(f"This record was corrected already: correct {newer.uid}.")
    if entry.contributor != old.contributor.code:
        raise InvalidError(
            f"The record is of {old.contributor}: correct it to hold no answers, and record those"
            f" of {entry.contributor} anew."
        )
    if entry.minor is not None or entry.of_age_on is not None:
        raise InvalidError("A correction says nothing of age: record_minor and mark_of_age do.")
    before = (old.form.name, old.form.version, old.given_at, read_content(old))
    if before == (entry.form, entry.form_version, entry.given_at, entry.content()):
        raise InvalidError("This says what is on record: there is nothing to correct.")
