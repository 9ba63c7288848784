"""What this room holds of clips: prints of the voices in them."""

from __future__ import annotations

from collections.abc import Iterator

from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    list_row_holdings,
    register_holder,
)
from apps.voices.models import VoicePrint


def _find_prints(trace: ClipTrace) -> Iterator[Holding]:
    rows = VoicePrint.objects.filter(dataset__uid=trace.store, content_sha256__in=trace.sha256s)
    yield from list_row_holdings(rows)


register_holder(
    Holder(
        name="voice prints",
        what="what the speech of a content sounds like, as a vector",
        held=Held.DERIVED,
        departure=Departure.FORGOTTEN,
        way="`forget_prints` deletes the rows",
        find=_find_prints,
        columns=("voices.VoicePrint.content_sha256", "voices.VoicePrint.vector"),
    )
)
