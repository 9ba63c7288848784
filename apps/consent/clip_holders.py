"""What this room holds of clips: who was said to be in which bytes."""

from __future__ import annotations

from collections.abc import Iterator

from apps.consent.models import PeopleStatement
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    declare_clip_free,
    list_row_holdings,
    register_holder,
)


def _find_statements(trace: ClipTrace) -> Iterator[Holding]:
    rows = PeopleStatement.objects.filter(clip__uid=trace.clip_uid)
    yield from list_row_holdings(rows)


register_holder(
    Holder(
        name="people statements",
        what="who was said to be in a clip, bound to its bytes",
        held=Held.HASH,
        departure=Departure.STAYS,
        way="append-only: what was said is not unsaid",
        find=_find_statements,
        columns=(
            "consent.PeopleStatement.content_sha256",
            "consent.PeopleStatement.before",
            "consent.PeopleStatement.after",
        ),
    )
)
declare_clip_free(
    "it is of a form or of what a person answered",
    "consent.ConsentForm.text_sha256",
    "consent.ConsentForm.implications",
    "consent.Consent.evidence_sha256",
    "consent.Consent.territories",
)
