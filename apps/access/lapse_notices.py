"""Telling those who answer for a release that somebody in it no longer allows it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.access.models import Notice
from apps.access.notices import tell, those_who
from apps.releases.models import Lapse, Release
from datasets_catalog.roles import Permission

# Stewards make the next version, licensing managers speak with readers, reviewers may stop it.
CONCERNED = (Permission.DATASET_EDIT, Permission.ACCESS_GRANT, Permission.FINDING_DECIDE)
NAMED = 5


def tell_of_lapses(release: Release, lapses: Sequence[Lapse]) -> None:
    """A notice with the release and its clips; never who the person is."""
    organisation = release.dataset.organisation
    people = {
        user.pk: user for permission in CONCERNED for user in those_who(permission, organisation)
    }
    excluded = [row for row in lapses if row.cause == Lapse.Cause.EXCLUDED]
    ended = [row for row in lapses if row.cause == Lapse.Cause.TERMS_ENDED]
    apart = {Lapse.Cause.EXCLUDED, Lapse.Cause.TERMS_ENDED}
    others = [row for row in lapses if row.cause not in apart]
    page = f"/datasets/{release.dataset}/releases/{release.version}/"
    if others:
        text = (
            f"Somebody in {release} no longer allows what it was released for ({_clips(others)})."
            " It is given to members alone from now on: release a version without these clips."
        )
        tell(people.values(), Notice.Kind.LAPSED, release.dataset, text, page=page)
    if ended:
        text = (
            f"The terms of clips in {release} have ended ({_clips(ended)}). It is given to members"
            " alone from now on: release a version without these clips, or under new terms."
        )
        tell(people.values(), Notice.Kind.LAPSED, release.dataset, text, page=page)
    if excluded:
        text = (
            f"A reviewer decided to exclude what {release} holds ({_clips(excluded)}). Nobody new"
            " is let in and it is sent nowhere; whoever has access keeps it until a privacy"
            " officer stops the release."
        )
        tell(people.values(), Notice.Kind.LAPSED, release.dataset, text, page=page)


def _clips(lapses: Sequence[Lapse]) -> str:
    paths = sorted({row.path for row in lapses})
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{', '.join(paths[:NAMED])}{more}"
