"""Whether a release may leave for a target at all."""

from django.db.models import QuerySet

from apps.access.authorize import build_clearance
from apps.access.embargoes import find_embargo
from apps.datasets.models import Dataset
from apps.packaging.errors import ReleaseNotSendableError
from apps.publishing.errors import NewerVersionThereError, PurposeMissingError, RepositoryTakenError
from apps.publishing.models import Publication, Target
from apps.publishing.targets.huggingface import RepoStatus
from apps.releases.lapses import require_covered
from apps.releases.models import Release
from apps.releases.stops import require_open
from datasets_catalog.door_purposes import Action, Entrance
from datasets_catalog.errors import EarmarkError
from datasets_catalog.release_states import ReleaseState

# What of a dataset says who may take it, and when.
_SETTINGS = ("access", "auto_grant", "embargo_until", "embargoes")
# How freely a gate lets people in; none at all lets in everyone.
_WIDTHS = {"manual": 0, "auto": 1}
_EVERYONE = 2


def require_sendable(release: Release, target: Target) -> None:
    """Raise unless the release is published, not stopped, and made for readers of such a target.

    A target is a door like ours, so the same rule says what may leave through it
    (`datasets_catalog/door_purposes.py`), and none lets people in earlier, or with fewer questions,
    than the dataset does here: its settings are read anew, since a sending takes hours.
    """
    release.dataset.refresh_from_db(fields=_SETTINGS)
    if release.state != ReleaseState.PUBLISHED:
        raise ReleaseNotSendableError(
            f"{release} is {release.state}; only a published release can be sent. Publish it here"
            " first.",
            state=release.state,
        )
    require_open(release)
    require_covered(release)
    if (end := find_embargo(release)) is not None:
        raise ReleaseNotSendableError(
            f"{release} can be taken from {end:%Y-%m-%d %H:%M} UTC on, and a hub knows no such"
            " date: send it then.",
            state=release.state,
            until=end.isoformat(),
        )
    if release.dataset.access == Dataset.Access.ORGANISATION:
        raise PurposeMissingError(
            f"{release.dataset} is for members of {release.dataset.organisation} only. Change the"
            " dataset's access before sending it anywhere.",
            access=release.dataset.access,
        )
    if target.is_gated:
        _require_asking(release, target)
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
    for other in _list_others_there(publication):
        if other.release.dataset_id != release.dataset_id:
            raise RepositoryTakenError(
                f"{publication.repository} holds {other.release.dataset}. Give the target a"
                " repository with {dataset} in its name.",
                repository=publication.repository,
            )
        if not target.is_gated:
            _require_cleared(other.release, target)


def require_old_door(publication: Publication, found: RepoStatus | None) -> None:
    """Raise if more people would get in to a version there that may be given to nobody new.

    `found` is the repository as its hub describes it, before its gate is set.
    """
    if found is None or not _lets_in_more(publication.target, found):
        return
    for other in _list_others_there(publication):
        try:
            require_open(other.release)
            require_covered(other.release)
        except EarmarkError as problem:
            raise RepositoryTakenError(
                f"{publication.repository} holds {other.release}, which may be given to nobody new:"
                f" {problem.message} Leave its gate as it is, or give the target a repository of"
                " its own.",
                repository=publication.repository,
            ) from problem


def require_newest(publication: Publication) -> None:
    """Raise if a newer version is in the repository: readers of its main branch would go back."""
    newer = Publication.objects.filter(
        endpoint__iexact=publication.endpoint,
        repository__iexact=publication.repository,
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


def _list_others_there(publication: Publication) -> QuerySet[Publication]:
    """What else was sent to the repository, or may have been: it is prepared before it is made.

    A hub takes addresses and names in upper and lower case for the same.
    """
    rows = Publication.objects.filter(
        endpoint__iexact=publication.endpoint, repository__iexact=publication.repository
    ).exclude(commit_oid="", base_oid="")
    rows = rows.exclude(release=publication.release)
    return rows.select_related("release__dataset__organisation")


def _lets_in_more(target: Target, found: RepoStatus) -> bool:
    before, after = (_WIDTHS.get(str(gate), _EVERYONE) for gate in (found.gated, target.gate))
    return after > before or (found.private and not target.private)


def _require_asking(release: Release, target: Target) -> None:
    """Raise where a hub's gate would open by itself for people whom somebody answers here."""
    dataset = release.dataset
    by_rule = dataset.access == Dataset.Access.REQUEST and dataset.auto_grant
    if target.gate == Target.Gate.MANUAL or by_rule or dataset.access == Dataset.Access.OPEN:
        return
    how = (
        "is given to those who accept its terms, which a hub does not show"
        if dataset.access == Dataset.Access.TERMS
        else "is given on request, which a person answers"
    )
    raise PurposeMissingError(
        f"{dataset} {how}, and {target} lets in everybody who asks. Choose a target with the gate"
        " manual, or have the dataset grant by rule.",
        access=dataset.access,
    )


def _require_cleared(release: Release, target: Target) -> None:
    entrance = Entrance.GATE if target.is_gated else Entrance.OPEN
    clearance = build_clearance(release)
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
