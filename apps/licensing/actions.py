"""Every write to an organisation's own terms."""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.licensing.models import Terms
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.licence_terms import CUSTOM_PREFIX, AiTerms
from datasets_catalog.licences import check_own_name, load_judged_licences
from datasets_catalog.purposes import TERMS as PURPOSE_TERMS
from datasets_catalog.purposes import Purpose, PurposeGroup
from datasets_catalog.roles import Permission
from datasets_catalog.spdx_list import load_spdx_licences
from datasets_catalog.territories import parse_territories

# What never changes under one name, besides the text.
ATTRIBUTES = (
    "title",
    "attribution",
    "share_alike",
    "noncommercial",
    "no_derivatives",
    "redistribution",
    "ai_terms",
    "field_of_use",
    "territories",
    "expires_on",
)


class TermsChangedError(ConflictError):
    """The name is on record with another text or with other answers."""

    code = "licensing.terms_changed"


class Allowances(TypedDict, total=False):
    """What terms allow. What is left out is read strictly, or as not limited."""

    attribution: bool
    share_alike: bool
    noncommercial: bool
    no_derivatives: bool
    redistribution: bool
    ai_terms: str
    field_of_use: Iterable[str]
    territories: Iterable[str]
    expires_on: date | None


@transaction.atomic
def record_terms(
    *,
    actor: User,
    organisation: Organisation,
    licence: str,
    title: str,
    text: str = "",
    **allowed: Unpack[Allowances],
) -> Terms:
    """Keep a text by a `LicenseRef-…` and what it allows; terms never change under one name.

    A licence of SPDX's list that nobody judged may be judged by a rights reviewer under its own
    identifier; its text is the list's. The same again is answered with the row on record. Raises
    `TermsChangedError`, LicenceExpressionError for a name that is not theirs to give,
    TerritoryUnknownError, InvalidError.
    """
    require_permission(actor, _choose_permission(licence), organisation)
    check_own_name(licence)
    listed = load_spdx_licences().get(licence)
    if listed is not None and text not in {"", listed.text}:
        raise InvalidError(f"{licence} has its text in SPDX's list: leave yours out.")
    row = Terms(
        organisation=organisation,
        licence=licence,
        title=title or (listed.name if listed else ""),
        text=(listed.text or "") if listed else text,
        **_check_allowed(allowed),
    )
    row.sha256 = hashlib.sha256(row.text.encode()).hexdigest()
    # One organisation's names are given one after the other.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    existing = Terms.objects.filter(organisation=organisation, licence=licence).first()
    if existing is not None:
        _require_same_terms(existing, row)
        return existing
    try:
        row.full_clean(exclude=["organisation"])
    except ValidationError as problem:
        field, messages = next(iter(problem.message_dict.items()))
        raise InvalidError(f"{field}: {messages[0]}") from problem
    row.save(force_insert=True)
    record.terms_recorded(
        actor=actor.username,
        organisation=organisation.name,
        licence=licence,
        sha256=row.sha256,
        allowed={name: _format_plain(getattr(row, name)) for name in ATTRIBUTES},
    )
    return row


def _choose_permission(licence: str) -> Permission:
    """Stewards write their own terms down; what others' licences mean a rights reviewer says."""
    own = licence.startswith(CUSTOM_PREFIX) and licence not in load_judged_licences()
    return Permission.DATASET_EDIT if own else Permission.RIGHTS_REVIEW


def _check_allowed(allowed: Allowances) -> dict[str, Any]:
    values: dict[str, Any] = dict(allowed)
    values["field_of_use"] = _check_field_of_use(allowed.get("field_of_use", ()))
    values["territories"] = sorted(parse_territories(allowed.get("territories", ())))
    ai_terms = allowed.get("ai_terms", AiTerms.UNSTATED)
    if ai_terms not in set(AiTerms):
        raise InvalidError(f"ai_terms is one of {', '.join(AiTerms)}, not {ai_terms!r}.")
    return values


def _check_field_of_use(names: Iterable[str]) -> list[str]:
    given = list(dict.fromkeys(names))
    known = {
        purpose.value
        for purpose in Purpose
        if PURPOSE_TERMS[purpose].group is not PurposeGroup.CONTACT
    }
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InvalidError(
            f"{unknown[0]!r} is no purpose that terms can name: expected some of"
            f" {', '.join(sorted(known))}."
        )
    return [purpose.value for purpose in Purpose if purpose.value in given]


def _require_same_terms(existing: Terms, row: Terms) -> None:
    differing = [name for name in ATTRIBUTES if getattr(existing, name) != getattr(row, name)]
    if existing.sha256 != row.sha256:
        raise TermsChangedError(
            f"{existing.licence} has another text already. Terms never change under one name:"
            " give the new text a new version in its name."
        )
    if differing:
        said = "; ".join(
            f"{name} is {_format_plain(getattr(existing, name))!r}, not"
            f" {_format_plain(getattr(row, name))!r}"
            for name in differing
        )
        raise TermsChangedError(
            f"{existing.licence} is on record with other answers: {said}. Terms never change under"
            " one name: give them a new version in its name."
        )


def _format_plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
