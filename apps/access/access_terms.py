"""The terms under which a dataset is taken: their versions, and who accepted which."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet

from apps.access.grants import Reach, add_entitlement
from apps.access.models import Acceptance, AccessTerms, Entitlement, Notice
from apps.access.notices import notify_people
from apps.access.standing import list_memberships
from apps.accounts.access import require_permission
from apps.accounts.models import Membership, Organisation, User
from apps.audit import record
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission, Role

TEXT_CHARACTERS = 200_000


class TermsOutdatedError(ConflictError):
    """What was accepted is not the current version of the terms; `version` in the detail is."""

    code = "access.terms_outdated"


class AccessTakenBackError(DeniedError):
    """Access was taken back from this person: only somebody who may grant gives it again."""

    code = "access.taken_back"


def list_terms(dataset: Dataset) -> QuerySet[AccessTerms]:
    """Every version of the dataset's terms, newest first; for whoever may know of the dataset."""
    return AccessTerms.objects.filter(dataset=dataset).select_related("created_by")


def find_current_terms(dataset: Dataset) -> AccessTerms | None:
    return list_terms(dataset).filter(version=dataset.terms_version).first()


@transaction.atomic
def save_terms(*, actor: User, dataset: Dataset, text: str, asks_again: bool = True) -> AccessTerms:
    """A new version of the terms; the same text again changes nothing.

    With `asks_again` whoever accepted an earlier version is out until they accept this one.
    """
    row = Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    require_permission(actor, Permission.ACCESS_GRANT, row.organisation)
    text = text.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= TEXT_CHARACTERS:
        raise InvalidError(f"The terms are a text of at most {TEXT_CHARACTERS} characters.")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    before = find_current_terms(row)
    if before is not None and before.sha256 == sha256:
        return before
    terms = AccessTerms.objects.create(
        dataset=row,
        version=row.terms_version + 1,
        text=text,
        sha256=sha256,
        asks_again=asks_again,
        created_by=actor,
    )
    row.terms_version = terms.version
    if asks_again:
        row.terms_required = terms.version
    row.save(update_fields=["terms_version", "terms_required"])
    record.access_terms_saved(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        version=terms.version,
        sha256=sha256,
        asks_again=asks_again,
    )
    if asks_again:
        _tell_holders(row, terms)
    return terms


@transaction.atomic
def accept_terms(
    *,
    actor: User,
    dataset: Dataset,
    version: int,
    organisation: Organisation | None = None,
    purposes: Sequence[str] = (),
    country: str = "",
) -> Acceptance:
    """Accept the current terms, for oneself or, as its owner, in the name of an organisation.

    What the holder was granted and is in force is bound to them from now on. Where the dataset is
    given to those who accept its terms, the actor is let in, for the purposes and in the country
    that they say (as in `grant_access`, which names what is raised). Raises TermsOutdatedError
    unless `version` is the current one, AccessTakenBackError where access was taken back.
    """
    row = Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    fetch_dataset(actor, row.full_name)
    terms = require_current(row, version)
    if organisation is not None:
        require_permission(actor, Permission.ORGANISATION_MANAGE, organisation)
        held = Entitlement.objects.filter(dataset=row, organisation=organisation).valid()
        if not held.exists():
            raise NotFoundError(f"{organisation} was not granted {row}.")
    else:
        held = Entitlement.objects.filter(dataset=row, user=actor).valid()
        _let_holder_in(actor, row, terms, purposes, country)
    # In this order: the database lets a grant be bound to terms that its holder accepted.
    acceptance = Acceptance.objects.create(terms=terms, user=actor, organisation=organisation)
    held.filter(terms__lt=terms.version).update(terms=terms.version)
    record.access_terms_accepted(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        version=terms.version,
        holder=organisation.name if organisation else actor.username,
    )
    return acceptance


def require_current(dataset: Dataset, version: int) -> AccessTerms:
    """The current terms if `version` is theirs."""
    terms = find_current_terms(dataset)
    if terms is None:
        raise NotFoundError(f"{dataset} has no terms to accept.")
    if version != terms.version:
        raise TermsOutdatedError(
            f"The terms of {dataset} are at version {terms.version}: read and accept that one.",
            version=terms.version,
        )
    return terms


def find_accepted_version(holder: User | Organisation, dataset: Dataset) -> int:
    """The newest version of the terms that the holder accepted; 0: none."""
    rows = Acceptance.objects.filter(terms__dataset=dataset)
    if isinstance(holder, Organisation):
        rows = rows.filter(organisation=holder)
    else:
        rows = rows.filter(user=holder, organisation=None)
    return int(rows.aggregate(newest=Max("terms__version"))["newest"] or 0)


def was_taken_back(user: User, dataset: Dataset) -> bool:
    """Whether what the person was given last was taken back."""
    last = Entitlement.objects.filter(user=user, dataset=dataset).order_by("-granted_at", "-pk")
    row = last.first()
    return row is not None and row.revoked_at is not None


def _let_holder_in(
    actor: User, dataset: Dataset, terms: AccessTerms, purposes: Sequence[str], country: str
) -> None:
    if dataset.access != Dataset.Access.TERMS:
        return
    if list_memberships(actor).filter(organisation=dataset.organisation_id).exists():
        return
    if Entitlement.objects.filter(user=actor, dataset=dataset).valid().exists():
        return
    if was_taken_back(actor, dataset):
        raise AccessTakenBackError(
            f"Your access to {dataset} was taken back: ask {dataset.organisation} for it."
        )
    add_entitlement(
        actor=actor,
        dataset=dataset,
        holder=actor,
        reach=Reach(purposes, country),
        terms=terms.version,
        way=Entitlement.Way.ACCEPTED,
    )


def _tell_holders(dataset: Dataset, terms: AccessTerms) -> None:
    """Each person with access, and of organisations the owners, who accept for them."""
    held = Entitlement.objects.filter(dataset=dataset, terms__lt=terms.version).valid()
    managing = Membership.objects.filter(
        organisation__in=held.filter(organisation__isnull=False).values("organisation"),
        role=Role.OWNER,
    )
    people = User.objects.filter(is_active=True)
    concerned = people.filter(pk__in=held.filter(user__isnull=False).values("user"))
    concerned |= people.filter(pk__in=managing.values("user"))
    text = f"The terms of {dataset} changed: accept version {terms.version} to go on taking it."
    notify_people(concerned, Notice.Kind.TERMS, dataset, text)
