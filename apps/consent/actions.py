"""Recording consents, which are only ever added, and who is in a clip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.answer_changes import spread_answers
from apps.consent.entries import ConsentEntry, FormKey
from apps.consent.entry_problems import find_problems, load_live_contents
from apps.consent.errors import ConsentsRefusedError
from apps.consent.form_book import FormBook
from apps.consent.models import Consent, ConsentAnswer, ConsentForm, Contributor
from apps.consent.participations import register_contributors
from apps.datasets.models import Dataset
from datasets_catalog.roles import Permission

BATCH = 2000
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RecordedConsents:
    """What a table of consents brought; `forms` are those that nobody had answered before."""

    added: int
    known: int
    contributors_added: int
    forms: tuple[str, ...] = ()


@transaction.atomic
def record_consents(
    *,
    actor: User,
    organisation: Organisation,
    entries: Sequence[ConsentEntry],
    datasets: Sequence[Dataset] = (),
    table_sha256: str = "",
) -> RecordedConsents:
    """Add consents, all or none; one that is on record with the same content is kept as it is.

    Contributors and forms that were not known are registered. A new form asks about the `datasets`
    and those that its entries name; where nothing is named, about the organisation's only dataset.
    Every draft in which one of the contributors takes part changes with it: what was frozen from it
    becomes stale. Raises `ConsentsRefusedError` with every contradiction (`find_problems`).
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    problems = find_problems(organisation, entries, datasets)
    if problems:
        raise ConsentsRefusedError(
            " ".join(problem.sentence for problem in problems[:MOST_SHOWN]),
            problems=[problem.sentence for problem in problems],
        )
    book = FormBook(organisation, entries, datasets)
    forms = book.forms(actor)
    people, fresh = register_contributors(organisation, {entry.contributor for entry in entries})
    _note_ages(people, entries)
    known = load_live_contents(organisation, entries)
    seen = set(known)
    new: list[tuple[ConsentEntry, FormKey]] = []
    for entry in entries:
        key = (entry.contributor, book.find_key(entry), entry.given_at)
        if key not in seen:
            seen.add(key)
            new.append((entry, book.find_key(entry)))
    rows = [
        make_consent(actor, people[entry.contributor], forms[form], entry) for entry, form in new
    ]
    first = sorted({str(row.form) for row in rows if not row.form.consents.exists()})
    write_consents(rows, [entry for entry, _ in new])
    # Of all, since an entry that was known may have said something new of somebody's age.
    spread_answers(organisation, {person.pk for person in people.values()})
    record.consents_recorded(
        actor=actor.username,
        organisation=organisation.name,
        count=len(rows),
        sha256=table_sha256,
    )
    return RecordedConsents(len(rows), len(entries) - len(rows), fresh, tuple(first))


def make_consent(
    actor: User, person: Contributor, form: ConsentForm, entry: ConsentEntry
) -> Consent:
    """A row that is not written yet."""
    return Consent(
        contributor=person,
        form=form,
        given_at=entry.given_at,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        territories=sorted(entry.territories),
        evidence_sha256=entry.evidence_sha256,
        guardian=entry.guardian,
        answered=len(entry.asked_answers),
        recorded_by=actor,
    )


def write_consents(rows: Sequence[Consent], entries: Sequence[ConsentEntry]) -> None:
    """Write consents with the answers of their entries; part of an action that has checked them."""
    Consent.objects.bulk_create(rows, batch_size=BATCH)
    answers = [
        ConsentAnswer(consent=row, purpose=purpose, answer=answer)
        for row, entry in zip(rows, entries, strict=True)
        for purpose, answer in entry.asked_answers.items()
    ]
    ConsentAnswer.objects.bulk_create(answers, batch_size=BATCH)


def _note_ages(people: Mapping[str, Contributor], entries: Sequence[ConsentEntry]) -> None:
    """Whoever has a guardian, or is said to be one, is a minor; for good, or up to a day."""
    for entry in entries:
        person = people[entry.contributor]
        was = person.is_minor, person.of_age_on
        person.is_minor |= bool(entry.guardian or entry.minor or entry.of_age_on)
        person.of_age_on = person.of_age_on or entry.of_age_on
        if was != (person.is_minor, person.of_age_on):
            person.save(update_fields=["is_minor", "of_age_on"])
