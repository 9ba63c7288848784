"""What this room holds of clips: other forms of their sound, and tars while they are sent."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from apps.deliveries.models import Choice, FlavourFile
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    declare_clip_free,
    list_blob_holdings,
    list_passing_files,
    list_row_holdings,
    list_rows_naming,
    register_holder,
)


def _find_flavours(trace: ClipTrace) -> Iterator[Holding]:
    rows = FlavourFile.objects.filter(Q(source__in=trace.blob_ids) | Q(blob__in=trace.blob_ids))
    yield from list_row_holdings(rows)
    yield from list_blob_holdings(rows.values_list("blob", flat=True))


def _find_flavour_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("flavour-*")


def _find_parts(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("part-*")


def _find_choices(trace: ClipTrace) -> Iterator[Holding]:
    rows = Choice.objects.filter(release__dataset__uid=trace.store)
    yield from list_rows_naming(rows, ["wanted"], (*trace.paths, str(trace.clip_uid)))


register_holder(
    Holder(
        name="flavours",
        what="the sound in another rate, layout or container",
        held=Held.DERIVED,
        departure=Departure.DESTROYED,
        way="`destroy_blob` for what `list_blobs_made_of` names; no door serves it once its source"
        " is destroyed",
        find=_find_flavours,
        columns=("deliveries.FlavourFile.source", "deliveries.FlavourFile.blob"),
        modules=("apps.deliveries.flavours",),
    )
)
register_holder(
    Holder(
        name="flavours under way",
        what="converted sound while it is written",
        held=Held.DERIVED,
        departure=Departure.EXPIRES,
        way="the folder goes when they are kept; what a killed process left stays in `work/`",
        find=_find_flavour_work,
        folders=("work/flavour-*/**",),
    )
)
register_holder(
    Holder(
        name="parts being sent",
        what="lists of the clips in a tar; their bytes are read from the store as they are sent",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="`Part.close` removes the folder; what a killed process left stays in `work/`",
        find=_find_parts,
        folders=("work/part-*/**",),
        modules=("apps.deliveries.parts",),
    )
)
register_holder(
    Holder(
        name="choices",
        what="selections that somebody asked for, which may name values of the clip's row",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="forgotten a while after they were last used",
        find=_find_choices,
        columns=("deliveries.Choice.wanted",),
    )
)
declare_clip_free(
    "it is of a selection or flavour as such",
    "deliveries.Choice.sha256",
    "deliveries.Flavour.tools",
    "deliveries.Flavour.key",
)
