"""Forms of consent: what people were asked, in which words, and about which recordings."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Principal, has_permission, require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.consent.answer_changes import spread_answers
from apps.consent.entries import UNSAID_LANGUAGE
from apps.consent.errors import FormTakenError, FormUnknownError, OwnFormError
from apps.consent.models import Consent, ConsentForm, FormReach
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.implications import parse_implications
from datasets_catalog.purposes import Answer
from datasets_catalog.roles import Permission

# Whoever answers for people or for rights may say that a form that was answered asks about more,
# or that it does not after all where its answers hold something back.
WIDENERS = (Permission.FINDING_DECIDE, Permission.RIGHTS_REVIEW)


def list_organisation_forms(organisation: Organisation) -> QuerySet[ConsentForm]:
    """The organisation's forms with what they ask about, by name, version and language."""
    rows = ConsentForm.objects.filter(organisation=organisation)
    return rows.order_by("name", "version", "language").prefetch_related(
        "reaches__dataset__organisation", "reaches__added_by"
    )


def find_form(
    user: Principal, organisation: Organisation, name: str, version: str, language: str = ""
) -> ConsentForm:
    """The form of that name and version; its language is needed where there are several."""
    require_permission(user, Permission.CONSENT_VIEW, organisation)
    rows = [
        row
        for row in list_organisation_forms(organisation)
        if (row.name, row.version) == (name, version)
    ]
    found = [row for row in rows if language in {"", row.language}]
    if len(found) > 1:
        languages = ", ".join(row.language for row in found)
        raise InvalidError(f"{name} {version} is in several languages: say which of {languages}.")
    if not found:
        raise FormUnknownError(f"{organisation} has no form {name} {version} {language}".rstrip())
    return found[0]


def fetch_form(user: Principal, organisation: Organisation, uid: UUID) -> ConsentForm:
    """The form with that id, for those who may see consents."""
    require_permission(user, Permission.CONSENT_VIEW, organisation)
    row = list_organisation_forms(organisation).filter(uid=uid).first()
    if row is None:
        raise FormUnknownError(f"{organisation} has no form {uid}.")
    return row


def find_reach(form: ConsentForm, dataset: Dataset, recording: str = "") -> FormReach:
    """The part of what the form asks about now that is this dataset, or this recording of it."""
    for each in list_current_reaches(form):
        if (each.dataset_id, each.recording) == (dataset.pk, recording):
            return each
    raise FormUnknownError(f"{form} does not ask about {dataset} {recording}".rstrip())


def list_current_reaches(form: ConsentForm) -> list[FormReach]:
    """What the form asks about now."""
    return [each for each in form.reaches.all() if each.ended_at is None]


@transaction.atomic
def register_form(
    *,
    actor: User,
    organisation: Organisation,
    name: str,
    version: str,
    datasets: Sequence[Dataset],
    language: str = UNSAID_LANGUAGE,
    **about: Any,
) -> ConsentForm:
    """Put a form on record before it is answered; the same again changes nothing.

    `about` may hold `text` (its words), `study`, and `implications`: what its purposes contain,
    where that is not what the platform says (`implications.parse_implications`). Of a form that was
    answered the datasets are those that it asks about already: `bind_form` says that it asks about
    more. Raises `FormTakenError` where the form stands on record otherwise.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    parse_implications(about.get("implications"))
    if not name.strip() or not version.strip():
        raise InvalidError("A form has a name and a version.")
    words = _collect_words(**about)
    form, created = ConsentForm.objects.get_or_create(
        organisation=organisation, name=name, version=version, language=language, defaults=words
    )
    if not created:
        _fill_in(form, words)
    if created:
        record.form_registered(
            actor=actor.username,
            organisation=organisation.name,
            form=str(form),
            language=language,
            text_sha256=form.text_sha256,
        )
    known = {each.dataset_id for each in list_current_reaches(form) if not each.recording}
    for dataset in _require_own(organisation, datasets):
        if dataset.pk not in known:
            # As strict as anybody else who says so: registering it again is no way round.
            bind_form(actor=actor, form=form, dataset=dataset)
    return form


def _collect_words(
    *, text: str = "", study: str = "", implications: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The columns that are said of a form; what was not said is left out."""
    sha256 = hashlib.sha256(text.encode()).hexdigest() if text else ""
    words = {"text": text, "text_sha256": sha256, "study": study}
    found: dict[str, Any] = {column: value for column, value in words.items() if value}
    return found if implications is None else {**found, "implications": implications}


def _fill_in(form: ConsentForm, words: Mapping[str, Any]) -> None:
    """Take the text of a form that had none; anything else that differs is another form."""
    new = {column: value for column, value in words.items() if getattr(form, column) != value}
    if any(getattr(form, column) or not column.startswith("text") for column in new):
        raise FormTakenError(
            f"{form} is on record with other words, another study or another table of what its"
            " purposes contain: register it as a new version."
        )
    if new:
        ConsentForm.objects.filter(pk=form.pk).update(**new)
        form.refresh_from_db(fields=list(new))


def bind_form(
    *, actor: User, form: ConsentForm, dataset: Dataset, recording: str = "", reason: str = ""
) -> FormReach:
    """Say that a form asks about a dataset, or about one recording of it, too.

    Once it was answered this takes a reason, and a privacy or rights reviewer who recorded none of
    the answers. Raises `OwnFormError`.
    """
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=form.organisation_id)
        answered = Consent.objects.filter(form=form)
        if answered.exists():
            _require_widener(actor, form, answered, "asks about more")
            if not reason.strip():
                raise InvalidError(
                    f"{form} was answered: say with bind_form how you know that people were asked"
                    f" about {dataset}, too."
                )
        else:
            require_permission(actor, Permission.CONSENT_RECORD, form.organisation)
        _require_own(form.organisation, [dataset])
        row = add_reach(
            actor=actor, form=form, dataset=dataset, recording=recording, reason=reason.strip()
        )
        spread_answers(form.organisation, _find_people(form))
    return row


def release_form(*, actor: User, reach: FormReach, reason: str) -> FormReach:
    """Say that a form does not ask about something after all: its answers end counting there.

    Where that takes back a no, or lets other answers of the same people decide, it may permit more
    than before: it then takes a privacy or rights reviewer who recorded none of the answers, as
    `bind_form` does. Raises `OwnFormError`.
    """
    with transaction.atomic():
        row = (
            FormReach.objects.select_for_update(of=("self",))
            .select_related("form__organisation", "dataset__organisation")
            .get(pk=reach.pk)
        )
        if _may_permit_more_without(row):
            answered = Consent.objects.filter(form=row.form)
            _require_widener(actor, row.form, answered, "does not ask about this")
        else:
            require_permission(actor, Permission.CONSENT_RECORD, row.form.organisation)
        if not reason.strip():
            raise InvalidError("Say why the form does not ask about this.")
        if row.ended_at is None:
            row.ended_at, row.ended_by = timezone.now(), actor
            row.end_reason = reason.strip()
            row.save(update_fields=["ended_at", "ended_by", "end_reason"])
            record.form_reach_ended(
                actor=actor.username,
                organisation=row.form.organisation.name,
                form=str(row.form),
                reach=str(row),
                reason=row.end_reason,
            )
            spread_answers(row.form.organisation, _find_people(row.form))
    return row


def add_reach(
    *, actor: User, form: ConsentForm, dataset: Dataset, recording: str = "", reason: str = ""
) -> FormReach:
    """Note what a form asks about; part of an action, which has checked that it may be said."""
    row, created = FormReach.objects.get_or_create(
        form=form,
        dataset=dataset,
        recording=recording.strip(),
        ended_at=None,
        defaults={"added_by": actor, "reason": reason},
    )
    if created:
        record.form_bound(
            actor=actor.username,
            organisation=form.organisation.name,
            form=str(form),
            reach=str(row),
            reason=reason,
        )
    return row


def _may_permit_more_without(reach: FormReach) -> bool:
    """Whether an answer to the form holds back what others, now or later, would permit there."""
    answers = Consent.objects.filter(superseded_by=None)
    counting = answers.filter(form=reach.form_id)
    if counting.filter(answers__answer=Answer.DENIED).exists():
        return True
    others = answers.exclude(form=reach.form_id).filter(
        form__reaches__dataset=reach.dataset_id, form__reaches__ended_at=None
    )
    return others.filter(contributor__in=counting.values("contributor")).exists()


def _require_widener(
    actor: User, form: ConsentForm, answered: QuerySet[Consent], claim: str
) -> None:
    if not any(has_permission(actor, permission, form.organisation) for permission in WIDENERS):
        raise DeniedError(
            f"{form} was answered: a privacy or rights reviewer says that it {claim}."
        )
    if answered.filter(recorded_by=actor).exists():
        raise OwnFormError(f"You recorded answers to {form}: somebody else says that it {claim}.")


def _find_people(form: ConsentForm) -> set[int]:
    return set(Consent.objects.filter(form=form).values_list("contributor_id", flat=True))


def _require_own(organisation: Organisation, datasets: Iterable[Dataset]) -> list[Dataset]:
    found = list(datasets)
    for dataset in found:
        if dataset.organisation_id != organisation.pk:
            raise NotFoundError(f"{organisation} has no dataset {dataset}.")
    return found
