"""Telling those who answer for a release that it is closed to readers, and by what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from apps.access.models import Notice
from apps.access.notices import list_members_with, notify_people
from apps.releases.models import Lapse, Release
from datasets_catalog.roles import Permission

# Stewards make the next version, licensing managers speak with readers, reviewers may stop it.
CONCERNED_PERMISSIONS = (
    Permission.DATASET_EDIT,
    Permission.ACCESS_GRANT,
    Permission.FINDING_DECIDE,
)
MOST_NAMED = 5
_ANSWER = "Somebody in {release} no longer allows what it was released for ({clips})."
_KINDS = {
    Lapse.Cause.PEOPLE_CHANGED: (
        "Somebody was found in clips of {release} who does not allow what it was released for"
        " ({clips})."
    ),
    Lapse.Cause.TERMS_ENDED: "The terms of clips in {release} have ended ({clips}).",
    Lapse.Cause.EXCLUDED: "A reviewer decided to exclude what {release} holds ({clips}).",
    Lapse.Cause.REDACTED: "A reviewer had something taken out of what {release} holds ({clips}).",
    Lapse.Cause.PEOPLE_UNKNOWN: (
        "More people are heard in clips of {release} than are recorded ({clips})."
    ),
}


def tell_of_lapses(release: Release, lapses: Sequence[Lapse]) -> None:
    """A notice with the release and its clips; never who the person is."""
    organisation = release.dataset.organisation
    people = {
        user.pk: user
        for permission in CONCERNED_PERMISSIONS
        for user in list_members_with(permission, organisation)
    }
    by_kind: dict[str, list[Lapse]] = defaultdict(list)
    for row in lapses:
        by_kind[_KINDS.get(Lapse.Cause(row.cause), _ANSWER)].append(row)
    page = f"/datasets/{release.dataset}/releases/{release.version}/"
    for sentence, rows in by_kind.items():
        text = (
            f"{sentence.format(release=release, clips=_name_clips(rows))} It is given to members"
            " alone"
            " until that changes: release a version without these clips."
        )
        notify_people(people.values(), Notice.Kind.LAPSED, release.dataset, text, page=page)


def _name_clips(lapses: Sequence[Lapse]) -> str:
    paths = sorted({row.path for row in lapses})
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return f"{', '.join(paths[:MOST_NAMED])}{more}"
