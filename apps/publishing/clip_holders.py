"""What this room holds of clips: what lies at others, and what is on its way there."""

from __future__ import annotations

from collections.abc import Iterator

from apps.publishing.models import Publication
from apps.releases.clip_holders import list_releases_holding
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    declare_clip_free,
    find_nothing,
    list_passing_files,
    register_holder,
)


def _find_sent(trace: ClipTrace) -> Iterator[Holding]:
    """Where releases that hold the bytes were sent; certain once the commit there was made."""
    rows = Publication.objects.filter(release__in=list_releases_holding(trace)).order_by("pk")
    for row in rows:
        if row.state != Publication.State.PLANNED:
            yield Holding(Medium.OUTSIDE, row.url, is_certain=bool(row.commit_oid))


def _find_sending_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("publication-*")


register_holder(
    Holder(
        name="repositories outside",
        what="shards and tables of a release at a target, in every commit of the repository there",
        held=Held.BYTES,
        departure=Departure.ASKED_FOR,
        way="by whoever runs the repository: a new commit leaves the old ones",
        find=_find_sent,
        columns=("publishing.Publication.files", "publishing.Publication.shards"),
        modules=("apps.publishing.targets.delivery", "apps.publishing.publications"),
    )
)
register_holder(
    Holder(
        name="sendings under way",
        what="shards while they are written and sent",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="the folder goes when the sending ends; what a killed process left stays in `work/`",
        find=_find_sending_work,
        folders=("work/publication-*/**", "work/huggingface/**"),
    )
)
register_holder(
    Holder(
        name="dry runs",
        what="a snapshot written into a folder that the operator names",
        held=Held.BYTES,
        departure=Departure.ASKED_FOR,
        way="by the operator, who chose the folder; no row says which",
        find=find_nothing,
        modules=("apps.publishing.dry_runs",),
    )
)
declare_clip_free(
    "it names a commit of a repository outside, or what went wrong there",
    "publishing.Publication.base_oid",
    "publishing.Publication.commit_oid",
    "publishing.Publication.error",
)
