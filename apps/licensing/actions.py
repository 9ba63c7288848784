"""Every write to an organisation's own terms."""

import hashlib

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.access import require
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.licensing.models import Terms
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.roles import Permission


@transaction.atomic
def record_terms(
    *, actor: User, organisation: Organisation, licence: str, title: str, text: str, **allows: bool
) -> Terms:
    """Keep the text of a `LicenseRef-…` and what it allows; terms never change under one name.

    `allows` may hold attribution, share_alike, noncommercial, no_derivatives, redistribution.
    """
    require(actor, Permission.DATASET_EDIT, organisation)
    existing = Terms.objects.filter(organisation=organisation, licence=licence).first()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if existing is not None:
        if existing.sha256 != sha256:
            raise ConflictError(
                f"{licence} has another text already. Terms never change under one name:"
                " give the new text a new version in its name."
            )
        return existing
    row = Terms(
        organisation=organisation,
        licence=licence,
        title=title,
        text=text,
        sha256=sha256,
        **allows,
    )
    try:
        row.full_clean(exclude=["organisation"])
    except ValidationError as problem:
        field, messages = next(iter(problem.message_dict.items()))
        raise InvalidError(f"{field}: {messages[0]}") from problem
    row.save(force_insert=True)
    record.terms_recorded(
        actor=actor.username, organisation=organisation.name, licence=licence, sha256=sha256
    )
    return row
