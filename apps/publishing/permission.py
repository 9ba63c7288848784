"""Whether a release may leave for a target at all."""

from apps.access.authorize import clearance_of
from apps.datasets.models import Dataset
from apps.publishing.errors import (
    NewerVersionThereError,
    PurposeMissingError,
    ReleaseNotSendableError,
    RepositoryTakenError,
)
from apps.publishing.models import Publication, Target
from apps.releases.lapses import require_covered
from apps.releases.models import Release
from apps.releases.stops import require_open
from datasets_catalog.giving import Action, Entrance
from datasets_catalog.release_states import ReleaseState


def require_sendable(release: Release, target: Target) -> None:
    """Raise unless the release is published, not stopped, and made for readers of such a target.

    A target is a door like ours, so the same rule says what may leave through it
    (`datasets_catalog/giving.py`); an open one needs an open dataset besides.
    """
    if release.state != ReleaseState.PUBLISHED:
        raise ReleaseNotSendableError(
            f"{release} is {release.state}; only a published release can be sent. Publish it here"
            " first.",
            state=release.state,
        )
    require_open(release)
    require_covered(release)
    if release.dataset.access == Dataset.Access.ORGANISATION:
        raise PurposeMissingError(
            f"{release.dataset} is for members of {release.dataset.organisation} only. Change the"
            " dataset's access before sending it anywhere.",
            access=release.dataset.access,
        )
    if target.is_gated:
        _require_cleared(release, target)
        return
    if release.dataset.access != Dataset.Access.OPEN:
        raise PurposeMissingError(
            f"{release.dataset} is given on request, but {target} is open to everyone. Choose a"
            " gated target, or open the dataset.",
            access=release.dataset.access,
        )
    _require_cleared(release, target)


def require_room(publication: Publication) -> None:
    """Raise unless the repository may become what this publication makes of it.

    A repository shows one dataset, its main branch the newest version, and its gate holds for every
    version in it: what was consented to for a gate must not come to stand open later.
    """
    release, target = publication.release, publication.target
    others = (
        Publication.objects.filter(endpoint=publication.endpoint, repository=publication.repository)
        .exclude(commit_oid="")
        .exclude(release=release)
        .select_related("release__dataset__organisation")
    )
    for other in others:
        if other.release.dataset_id != release.dataset_id:
            raise RepositoryTakenError(
                f"{publication.repository} holds {other.release.dataset}. Give the target a"
                " repository with {dataset} in its name.",
                repository=publication.repository,
            )
        if not target.is_gated:
            _require_cleared(other.release, target)


def require_newest(publication: Publication) -> None:
    """Raise if a newer version is in the repository: readers of its main branch would go back."""
    newer = Publication.objects.filter(
        endpoint=publication.endpoint,
        repository=publication.repository,
        release__order__gt=publication.release.order,
    ).exclude(commit_oid="")
    if found := newer.select_related("release").order_by("-release__order").first():
        raise NewerVersionThereError(
            f"{publication.repository} holds {found.release.version} already, which"
            f" {publication.release.version} would replace for its readers. Publish versions in"
            " their order, or send the old one to a repository of its own.",
            repository=publication.repository,
            version=found.release.version,
        )


def _require_cleared(release: Release, target: Target) -> None:
    entrance = Entrance.GATE if target.is_gated else Entrance.OPEN
    clearance = clearance_of(release)
    missing = clearance.lacks(Action.DOWNLOAD, entrance)
    if missing:
        names = " and ".join(sorted(purpose.value for purpose in missing))
        raise PurposeMissingError(
            f"{release} was not released for {names}, which {target} needs. Release a version"
            " with that purpose; the gates then check consent for it.",
            purposes=release.purposes,
            wanted=sorted(purpose.value for purpose in missing),
        )
    if clearance.territories:
        raise PurposeMissingError(
            f"{release} is for {', '.join(sorted(clearance.territories))} alone, and {target} lets"
            " people in without asking where they are. Release a version without territories; the"
            " gates then check consent for it.",
            territories=sorted(clearance.territories),
        )
